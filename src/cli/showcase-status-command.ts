import { DateTime } from 'luxon';
import { RECORD_STATES, UPLOAD_STATES } from '../showcase/records.ts';
import { readStatus, type ShowcaseStatus } from '../showcase/status.ts';
import { findShowcases } from './find-showcases.ts';
import { explain } from './journey.ts';
import { commandLog, type GlobalOptions, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import type { ShowcaseFlags } from './showcase-commands.ts';

const RECORD_WORDS = {
  accepted: 'принято платформой',
  ready: 'ждёт выгрузки',
  sent: 'отправлено, ждёт отчёта',
  refused: 'не принято (платформой или проверкой)',
  unmapped: 'без категории',
  gone: 'снято с витрины',
} as const satisfies Record<(typeof RECORD_STATES)[number], string>;

const UPLOAD_WORDS = {
  ready: 'ждёт отправки',
  sending: 'отправляется',
  polling: 'на разборе у платформы',
  settled: 'разобрано',
  split: 'разделено',
  failed: 'не принято',
} as const satisfies Record<(typeof UPLOAD_STATES)[number], string>;

/** `posrednik showcase status`. In JSON accepted + refused + unmapped + waiting = records. @throws Fault COMMAND_INVALID */
export async function statusCommand(options: GlobalOptions, flags: ShowcaseFlags): Promise<void> {
  const loaded = await loadForCommand(options);
  const showcases = findShowcases(loaded, flags.showcase);
  const zones = new Map(showcases.map(({ id, timeZone }) => [id, timeZone]));
  const statuses = await withTables(loaded, commandLog(), (db) => readStatus(db, [...zones.keys()]));
  printResult(
    flags.json,
    { showcases: statuses.map(jsonOf) },
    statuses.flatMap((status) => linesOf(status, zones.get(status.showcase) ?? 'UTC')),
  );
}

function jsonOf({ states, ...status }: ShowcaseStatus) {
  const { accepted, refused, unmapped, ready, sent, gone } = states;
  return { ...status, accepted, refused, unmapped, waiting: ready + sent, ready, sent, gone };
}

function linesOf(status: ShowcaseStatus, zone: string): string[] {
  const records = RECORD_STATES.filter((state) => status.states[state] > 0);
  const uploads = UPLOAD_STATES.filter((state) => status.uploads[state] > 0);
  return [
    `Витрина ${status.showcase}: вопросов ${status.records}.`,
    ...records.map((state) => `  ${RECORD_WORDS[state]}: ${status.states[state]}`),
    `  ${buildLine(status, zone)}`,
    ...(uploads.length === 0
      ? []
      : [`  файлы: ${uploads.map((state) => `${UPLOAD_WORDS[state]} ${status.uploads[state]}`).join(', ')}`]),
    ...(status.lastSettledAt === undefined
      ? []
      : [`  последний отчёт платформы: ${timeText(status.lastSettledAt, zone)}`]),
  ];
}

function buildLine({ lastBuild }: ShowcaseStatus, zone: string): string {
  if (lastBuild === undefined) return 'ещё не собиралась: «showcase build»';
  const begun = `последняя сборка начата ${timeText(lastBuild.startedAt, zone)}`;
  if (lastBuild.errorCode !== undefined) return `${begun}, прервана: ${explain(lastBuild.errorCode, null)}`;
  if (lastBuild.finishedAt === undefined) return `${begun}, ещё идёт или оборвана`;
  return `${begun}, карточек ${lastBuild.cards}, вопросов ${lastBuild.questions}`;
}

function timeText(time: Date, zone: string): string {
  return DateTime.fromJSDate(time, { zone }).toFormat('dd.MM.yyyy HH:mm');
}
