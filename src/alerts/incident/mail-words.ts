import { createHash } from 'node:crypto';
import { DateTime } from 'luxon';
import { codeEntry } from '../../model/code-entry.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { NewMail } from '../mail/outbox.ts';
import { type MailBlock, renderBody } from '../mail/render.ts';
import type { AlertRules } from './mail-rules.ts';
import type { ScopeWorld } from './scope.ts';
import { scopeWords } from './scope-words.ts';

/** An incident as its mails show it. */
export interface MailedIncident {
  readonly id: string;
  readonly code: ErrorCode;
  readonly scope: string;
  readonly detail: string | null;
  readonly count: string;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
}

interface Words {
  world(): ScopeWorld;
  rules(): AlertRules;
  readonly publicUrl?: string;
}

/** Incidents that are told of one by one; more at once are one mail. */
export const MOST_APART = 5;
/** Lines of a mail about many. */
const MOST_LINES = 100;

/** The mail about one incident or many; its key names them, so that nobody stores it twice. */
export function mailOf(
  end: 'opened' | 'closed',
  incidents: readonly MailedIncident[],
  words: Words,
): Omit<NewMail, 'to'> {
  const [first] = incidents;
  if (first === undefined) throw new Error('a mail about nothing');
  return incidents.length === 1 ? one(end, first, words) : many(end, incidents, words);
}

function one(end: 'opened' | 'closed', incident: MailedIncident, words: Words): Omit<NewMail, 'to'> {
  const { title, remedy } = codeEntry(incident.code);
  const where = scopeWords(incident.scope, words.world());
  const opened = end === 'opened';
  const blocks: MailBlock[] = [
    { kind: 'paragraph', text: opened ? `${title}.` : `Причины больше нет: ${title} (${incident.code}).` },
    table(end, [incident], words),
    ...(opened && incident.detail !== null && incident.detail !== ''
      ? [{ kind: 'paragraph' as const, text: `Подробности: ${incident.detail}` }]
      : []),
    ...(opened ? [{ kind: 'paragraph' as const, text: `Что делать. ${remedy}` }] : []),
    ...link(words, `/errors/${incident.id}`, 'Открыть в консоли'),
    ...(opened ? [ONCE] : []),
  ];
  const heading = opened ? `${where}: ${title}` : `${where}: устранено`;
  return {
    key: `incident-${end}:${incident.id}`,
    subject: `Посредник: ${where}: ${opened ? title : `устранено — ${title}`} (${incident.code})`,
    ...renderBody(heading, blocks),
  };
}

function many(
  end: 'opened' | 'closed',
  incidents: readonly MailedIncident[],
  words: Words,
): Omit<NewMail, 'to'> {
  const opened = end === 'opened';
  const codes = [...new Set(incidents.map(({ code }) => code))];
  const count = incidents.length;
  const title = opened ? `Новых неполадок сразу: ${count}` : `Устранено неполадок: ${count}`;
  const shown = incidents.slice(0, MOST_LINES);
  const blocks: MailBlock[] = [
    table(end, shown, words),
    ...(shown.length < count
      ? [{ kind: 'paragraph' as const, text: `И ещё ${count - shown.length}: все видны в журнале ошибок.` }]
      : []),
    ...(opened
      ? codes.map((code) => {
          const { title, remedy } = codeEntry(code);
          return { kind: 'paragraph' as const, text: `${title} (${code}). Что делать. ${remedy}` };
        })
      : []),
    ...link(words, '/errors', 'Журнал ошибок'),
    ...(opened ? [ONCE] : []),
  ];
  const ids = incidents.map(({ id }) => id).join(',');
  return {
    key: `incidents-${end}:${createHash('sha256').update(ids).digest('hex').slice(0, 32)}`,
    subject: `Посредник: ${title.toLowerCase()} (${codes.slice(0, 3).join(', ')}${codes.length > 3 ? ', …' : ''})`,
    ...renderBody(title, blocks),
  };
}

const ONCE: MailBlock = {
  kind: 'paragraph',
  text: 'Пока причина не устранена, других писем о ней не будет; когда она пройдёт, придёт ещё одно. Число отказов покажет ежедневная сводка.',
};

function table(end: 'opened' | 'closed', incidents: readonly MailedIncident[], words: Words): MailBlock {
  const { timeZone } = words.rules();
  const at = (date: Date | null) =>
    date === null ? '' : DateTime.fromJSDate(date, { zone: timeZone }).toFormat('dd.MM.yyyy HH:mm');
  const opened = end === 'opened';
  return {
    kind: 'table',
    head: ['Где', 'Код', 'Отказов', `Началось (${timeZone})`, ...(opened ? [] : ['Кончилось'])],
    rows: incidents.map((incident) => [
      scopeWords(incident.scope, words.world()),
      incident.code,
      incident.count,
      at(incident.openedAt),
      ...(opened ? [] : [at(incident.closedAt)]),
    ]),
  };
}

function link({ publicUrl }: Words, path: string, text: string): MailBlock[] {
  return publicUrl === undefined ? [] : [{ kind: 'paragraph', text: `${text}: ${publicUrl}${path}` }];
}
