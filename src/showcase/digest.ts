import { DateTime } from 'luxon';
import type { Logger } from 'pino';
import { type DigestSection, renderDigest } from '../alerts/mail/digest.ts';
import { enqueueMail } from '../alerts/mail/outbox.ts';
import type { MailBlock } from '../alerts/mail/render.ts';
import { codeEntry } from '../model/code-entry.ts';
import type { Queryable } from '../store/data-source.ts';
import { countCauses, listNotUploaded, type NotUploaded } from './not-uploaded.ts';
import { csvHead, csvRows } from './not-uploaded-csv.ts';

const OLDEST = 10;
/** More than this does not help whoever opens the file, and some servers take no large mails. */
const MOST_CSV_ROWS = 20_000;
const MOST_CAUSES = 50;
const PAGE = 2000;
const STUCK = ['refused', 'unmapped'] as const;

export interface DigestDeps {
  readonly db: Queryable;
  readonly log: Logger;
  recipients(showcase: string): readonly string[];
  now(): number;
}

export interface DigestOf {
  readonly id: string;
  /** IANA zone of its cabinet: decides which day's digest it is. */
  readonly timeZone: string;
}

/**
 * Puts the day's digest of what is not in a showcase into the outbox; none when everything is. One a day, however often it
 * is asked for. Card numbers, codes and counts only. Returns whether there is one more mail.
 * @throws Fault DATABASE_UNREACHABLE when it cannot be stored; a section that fails only says so in the mail
 */
export async function sendDigest(deps: DigestDeps, showcase: DigestOf): Promise<boolean> {
  const to = deps.recipients(showcase.id);
  if (to.length === 0) return false;
  const title = `Витрина «${showcase.id}»: что не выгружено`;
  const digest = await renderDigest(deps.log, title, sectionsOf(deps, showcase));
  if (digest.filled + digest.failed === 0) return false;
  const day = DateTime.fromMillis(deps.now(), { zone: showcase.timeZone });
  return await enqueueMail(deps.db, {
    key: `digest:showcase:${showcase.id}:${day.toISODate() ?? ''}`,
    to,
    subject: `Посредник: витрина «${showcase.id}», что не выгружено на ${day.toFormat('dd.MM.yyyy')}`,
    text: digest.text,
    html: digest.html,
    attachments: digest.attachments,
  });
}

/** The parts of a showcase's digest; an administrators' digest may take them too. */
export function sectionsOf({ db }: Pick<DigestDeps, 'db'>, showcase: DigestOf): DigestSection[] {
  return [
    { title: 'По причинам', render: () => causesSection(db, showcase.id) },
    { title: 'Ждут дольше всех', render: () => oldestSection(db, showcase) },
    { title: 'Полный список', render: () => listSection(db, showcase) },
  ];
}

async function causesSection(db: Queryable, showcase: string) {
  const causes = await countCauses(db, showcase);
  if (causes.length === 0) return undefined;
  const shown = causes.slice(0, MOST_CAUSES);
  const rows = shown.map(({ code, field, platformCode, count }) => [
    String(count),
    codeEntry(code).title,
    [code, platformCode].filter((word) => word !== undefined).join(' / '),
    field ?? '',
    codeEntry(code).remedy,
  ]);
  const total = causes.reduce((sum, { count }) => sum + count, 0);
  const blocks: MailBlock[] = [
    { kind: 'paragraph', text: `Не выгружено вопросов: ${total}, причин: ${causes.length}.` },
    { kind: 'table', head: ['Вопросов', 'Причина', 'Код', 'Поле', 'Что делать'], rows },
  ];
  if (causes.length > MOST_CAUSES) {
    blocks.push({ kind: 'paragraph', text: `Показаны ${MOST_CAUSES} самых частых причин.` });
  }
  return { blocks };
}

async function oldestSection(db: Queryable, { id, timeZone }: DigestOf) {
  const oldest = await listNotUploaded(db, { showcase: id, states: STUCK, sort: 'oldest', limit: OLDEST });
  if (oldest.length === 0) return undefined;
  const rows = oldest.map((one) => [
    one.cardNumber === '' ? one.recordId : one.cardNumber,
    one.questionNo === 0 ? '' : String(one.questionNo),
    DateTime.fromJSDate(one.since, { zone: timeZone }).toFormat('dd.MM.yyyy'),
    one.code ?? '',
    one.field ?? '',
  ]);
  return { blocks: [{ kind: 'table' as const, head: ['Карточка', 'Вопрос', 'С', 'Код', 'Поле'], rows }] };
}

async function listSection(db: Queryable, { id, timeZone }: DigestOf) {
  const options = { timeZone, withDetails: false };
  const parts: string[] = [];
  let count = 0;
  let page: readonly NotUploaded[] = [];
  do {
    const last = page.at(-1)?.id;
    page = await listNotUploaded(db, {
      showcase: id,
      states: STUCK,
      limit: PAGE,
      ...(last === undefined ? {} : { afterId: last }),
    });
    parts.push(csvRows(page, options));
    count += page.length;
  } while (page.length === PAGE && count < MOST_CSV_ROWS);
  if (count === 0) return undefined;
  const words =
    page.length === PAGE
      ? `В приложенном файле первые ${count}; все показывает «showcase failed».`
      : `Все ${count} — в приложенном файле.`;
  return {
    blocks: [{ kind: 'paragraph' as const, text: words }],
    attachments: [
      {
        name: `showcase-${id}.csv`,
        type: 'text/csv; charset=utf-8',
        content: `${csvHead(options)}${parts.join('')}`,
      },
    ],
  };
}
