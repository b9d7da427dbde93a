import { DateTime } from 'luxon';
import type { Cabinet, LoadedConfig } from '../config/index.ts';
import { ERROR_CODES } from '../model/error-codes.ts';
import { Fault } from '../model/errors.ts';
import { answerLimits, loadPlatformMapping } from '../platform/rest/index.ts';
import { type Explanation, explainEvents } from '../replies/explain.ts';
import { loadReplyRules } from '../replies/rules.ts';
import { readEventsOfFile } from '../sed/sev/events-of-file.ts';
import { findCabinet } from './find-cabinet.ts';
import { explain } from './journey.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { mappingFile, openPlatform } from './open-platform.ts';
import { wordOf } from './words.ts';

export interface ExplainFlags extends JsonFlag {
  readonly event: string;
  readonly cabinet?: string;
  readonly appeal?: string;
  readonly answerAt?: string;
  readonly earlierTerm?: string;
}

/** Zone of the СЭД's own times, as the reader of the channels takes them. */
const SED_ZONE = 'Europe/Moscow';
/** Stands in the path for a number that neither the file nor the caller tells. */
const NO_NUMBER = '0';

/**
 * `posrednik mapping explain`: which rule fires for each event of a Report.xml or DocInfo.xml and what would go to the
 * platform. Needs neither the database nor the platform; sends and stores nothing.
 * @throws Fault COMMAND_INVALID, CONFIG_INVALID, SED_MESSAGE_UNREADABLE
 */
export async function explainCommand(options: GlobalOptions, flags: ExplainFlags): Promise<void> {
  const loaded = await loadForCommand(options);
  const cabinet = chooseCabinet(loaded, flags.cabinet);
  const answerAt = readMoment(flags.answerAt, cabinet.timeZone);
  const earlierTerm = readTerm(flags.earlierTerm);
  const mapping = await loadPlatformMapping(mappingFile(loaded, 'platform.yaml'));
  const rules = await loadReplyRules(mappingFile(loaded, 'statuses.yaml'));
  const { maxMessageBytes } = loaded.config.sed;
  const told = await readEventsOfFile(flags.event, { zone: SED_ZONE, maxBytes: maxMessageBytes });
  const posId = flags.appeal ?? told.number ?? NO_NUMBER;
  const platform = openPlatform(loaded, mapping);
  const explained = explainEvents(
    { rules: () => rules, limits: answerLimits(mapping), platform },
    {
      ...told,
      opaId: cabinet.opaId,
      posId,
      timeZone: cabinet.timeZone,
      answerAt,
      ...(earlierTerm === undefined ? {} : { earlierTerm }),
      now: Date.now(),
    },
  );
  await platform.close();
  const lines = explained.flatMap((one) => linesOf(one, cabinet.timeZone, loaded.config.platform.baseUrl));
  lines.push(...caveats(explained, posId, answerAt));
  printResult(
    flags.json,
    { cabinet: cabinet.id, posId, events: explained },
    explained.length > 0 ? lines : ['Событий в файле нет.'],
  );
}

/** What the file could not tell, as far as it made a difference. */
function caveats(explained: readonly Explanation[], posId: string, answerAt: number | null): string[] {
  const isSent = explained.some(({ result }) => result === 'sent');
  const isTerm = explained.some(({ kind }) => kind === 'deadline');
  return [
    ...(isSent && posId === NO_NUMBER
      ? ['Номер обращения в файле не назван, в пути вместо него 0 (--appeal НОМЕР).']
      : []),
    ...(isTerm && answerAt === null
      ? ['Срок платформы не задан (--answer-at): перенос срока с ним не сравнивался.']
      : []),
  ];
}

function chooseCabinet(loaded: LoadedConfig, id: string | undefined): Cabinet {
  if (id !== undefined) return findCabinet(loaded, id);
  const [first] = loaded.cabinets;
  if (first !== undefined) return first;
  throw new Fault('COMMAND_INVALID', { detail: 'в настройках нет ни одного кабинета', field: '--cabinet' });
}

function readMoment(text: string | undefined, zone: string): number | null {
  if (text === undefined) return null;
  const moment = DateTime.fromISO(text, { zone });
  if (moment.isValid) return moment.toMillis();
  throw new Fault('COMMAND_INVALID', {
    detail: '--answer-at: напишите время как 2026-01-31T23:59:59+03:00',
    field: '--answer-at',
  });
}

function readTerm(text: string | undefined): string | undefined {
  if (text === undefined || (/^\d{4}-\d{2}-\d{2}$/.test(text) && DateTime.fromISO(text).isValid)) return text;
  throw new Fault('COMMAND_INVALID', {
    detail: '--earlier-term: напишите день как 2026-01-31',
    field: '--earlier-term',
  });
}

function linesOf(one: Explanation, zone: string, baseUrl: string): string[] {
  const at = DateTime.fromISO(one.at, { zone }).toFormat('dd.MM.yyyy HH:mm');
  const head = `${wordOf('event', one.kind)}, ${at}: правило «${one.rule}»`;
  if (one.result === 'nothing') return [head, '  на платформу ничего не уходит'];
  const files = (one.files ?? []).map(
    ({ name, size }, index) => `  сначала загружается файл ${index + 1}: ${name}, ${size} байт`,
  );
  if (one.error !== undefined) {
    const { code, detail } = one.error;
    return [head, `  требует внимания: ${explain(code, detail)}`, `  ${ERROR_CODES[code].remedy}`];
  }
  if (one.call === undefined) return [head];
  const { method, path, headers, body } = one.call;
  return [
    head,
    ...files,
    `  ${method} ${baseUrl.replace(/\/$/, '')}${path}`,
    ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
    ...JSON.stringify(body, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}
