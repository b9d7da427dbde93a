import { categoryOf, pickCategory } from './classifier.ts';
import { attach } from './files.ts';
import {
  appealOf,
  type Cabinet,
  cabinetOf,
  clock,
  type PlatformState,
  rfc3339,
  type StoredAppeal,
} from './state.ts';
import type { AppealInput, ChangeKind, WireAppeal } from './types.ts';
import { statusText } from './words.ts';

const DAY_MS = 86_400_000;
const SURNAMES = ['Берёзкина', 'Ключевская', 'Ладогина', 'Морошкина', 'Озерцова', 'Полевая', 'Рябинина'];
const NAMES = ['Анна', 'Вера', 'Дарья', 'Елена', 'Ирина', 'Нина', 'Ольга'];

/** Puts an element at the end of the cabinet's feed, as it will go out. */
export function appendFeed(cabinet: Cabinet, json: string, changedAtMs: number): void {
  cabinet.feed.push({ json, changedAtMs });
}

/** The next changeId: a string that grows within the cabinet, as text and as a number. */
function nextChangeId(cabinet: Cabinet): string {
  cabinet.lastChangeId += 1;
  return String(cabinet.lastChangeId).padStart(12, '0');
}

function definedFields(input: AppealInput): Partial<WireAppeal> {
  const { files: _files, changedAtMs: _changedAtMs, ...rest } = input;
  return Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  ) as Partial<WireAppeal>;
}

function defaults(cabinet: Cabinet, posId: number, nowMs: number, input: AppealInput): WireAppeal {
  const n = posId % 1000;
  const category = (input.subsubjectId ? categoryOf(input.subsubjectId) : undefined) ?? pickCategory(n);
  return {
    posId,
    changeId: nextChangeId(cabinet),
    kind: 'MESSAGE',
    change: 'NEW',
    status: 'MODERATION_ACCEPT',
    statusText: statusText(input.status ?? 'MODERATION_ACCEPT'),
    createdAt: rfc3339(nowMs),
    receivedAt: rfc3339(nowMs),
    answerAt: rfc3339(nowMs + 30 * DAY_MS),
    coordinationAt: rfc3339(nowMs + 14 * DAY_MS),
    source: 'EPGU',
    fastTrack: false,
    ...category,
    description: `Прошу разобраться: ${category.subsubjectName.toLowerCase()}. Сообщение № ${posId}.`,
    location: { address: `ул. Садовая, д. ${(n % 90) + 1}`, oktmo: cabinet.oktmo },
    applicant: {
      kind: 'PERSON',
      epguId: String(1_000_000_000 + posId),
      surname: SURNAMES[n % SURNAMES.length] ?? 'Полевая',
      name: NAMES[Math.floor(n / 7) % NAMES.length] ?? 'Ольга',
      email: `citizen${posId}@example.test`,
    },
    organizationPersonalAreaId: cabinet.opaId,
    organizationInfo: {
      name: cabinet.name,
      address: cabinet.address,
      inn: cabinet.inn,
      kpp: cabinet.kpp,
      ogrn: cabinet.ogrn,
      oktmo: cabinet.oktmo,
    },
    customFieldValues: [],
    attachments: [],
  };
}

/** A citizen sends an appeal: it is stored, its files too, and it comes last in the feed. Gives its posId. */
export function addAppeal(state: PlatformState, opaId: string, input: AppealInput = {}): number {
  const cabinet = cabinetOf(state, opaId);
  const nowMs = clock(state);
  const posId = input.posId ?? state.nextPosId;
  if (cabinet.appeals.has(posId)) throw new Error(`posId ${posId} is taken`);
  state.nextPosId = Math.max(state.nextPosId, posId + 1);
  const base = defaults(cabinet, posId, nowMs, input);
  const files = (input.files ?? []).map((file) => attach(state, cabinet, file));
  const wire: WireAppeal = { ...base, attachments: files, ...definedFields(input), posId };
  const appeal: StoredAppeal = {
    wire,
    withdrawn: false,
    repetition: 0,
    byKey: new Map(),
    history: [
      { status: 'MODERATION_NEW', statusText: statusText('MODERATION_NEW'), createdAt: wire.createdAt },
    ],
  };
  if (wire.status !== 'MODERATION_NEW') {
    appeal.history.push({ status: wire.status, statusText: wire.statusText, createdAt: wire.receivedAt });
  }
  cabinet.appeals.set(posId, appeal);
  appendFeed(cabinet, JSON.stringify(wire), input.changedAtMs ?? nowMs);
  return posId;
}

function enter(appeal: StoredAppeal, status: string, at: string, comment?: string): void {
  appeal.wire.status = status;
  appeal.wire.statusText = statusText(status);
  appeal.history.push({
    status,
    statusText: statusText(status),
    createdAt: at,
    ...(comment === undefined ? {} : { comment }),
  });
}

/**
 * Something happens to an appeal: the whole item, changed, is put at the end of the feed once more.
 * REPEATED opens a new consideration (status MODERATION_ACCEPT, a new term); WITHDRAWN ends it.
 */
export function change(
  state: PlatformState,
  opaId: string,
  posId: number,
  kind: ChangeKind,
  fields: AppealInput = {},
): void {
  const cabinet = cabinetOf(state, opaId);
  const appeal = appealOf(state, opaId, posId);
  const nowMs = clock(state);
  const added = (fields.files ?? []).map((file) => attach(state, cabinet, file));
  const oldStatus = appeal.wire.status;
  const { status, ...given } = definedFields(fields);
  appeal.wire = {
    ...appeal.wire,
    attachments: [...appeal.wire.attachments, ...added],
    ...given,
    posId,
    change: kind,
    changeId: fields.changeId ?? nextChangeId(cabinet),
  };
  if (kind === 'REPEATED') {
    appeal.repetition += 1;
    if (fields.answerAt === undefined) appeal.wire.answerAt = rfc3339(nowMs + 30 * DAY_MS);
    enter(appeal, status ?? 'MODERATION_ACCEPT', rfc3339(nowMs), 'Направлено на повторное рассмотрение');
  } else if (status !== undefined && status !== oldStatus) {
    enter(appeal, status, rfc3339(nowMs));
  }
  if (kind === 'WITHDRAWN') appeal.withdrawn = true;
  appendFeed(cabinet, JSON.stringify(appeal.wire), fields.changedAtMs ?? nowMs);
}

/** The citizen's mark, 1..5: RATED; 1 and 2 also send the appeal back, REPEATED. */
export function rate(
  state: PlatformState,
  opaId: string,
  posId: number,
  mark: number,
  comment?: string,
): void {
  if (!Number.isInteger(mark) || mark < 1 || mark > 5) throw new Error('a mark is 1 to 5');
  if (appealOf(state, opaId, posId).wire.status !== 'SEND_RESPONSE')
    throw new Error('there is no answer to rate');
  const fields: AppealInput = { rating: mark, ...(comment === undefined ? {} : { ratingComment: comment }) };
  change(state, opaId, posId, 'RATED', fields);
  if (mark <= 2) change(state, opaId, posId, 'REPEATED', fields);
}

/** Puts any JSON text, fit or not, at the end of the feed. Throws when it is no JSON at all. */
export function addRawItem(state: PlatformState, opaId: string, item: unknown): void {
  const text = typeof item === 'string' ? item : JSON.stringify(item);
  JSON.parse(text);
  appendFeed(cabinetOf(state, opaId), text, clock(state));
}
