import { nextDelay } from '../endpoints/backoff.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { type Fault, toFault } from '../model/errors.ts';
import type { SedArchive } from '../sed/port.ts';
import type { RepliesDeps } from './deps.ts';
import {
  claimMarks,
  countRefused,
  markRefused,
  markWritten,
  type OwedMark,
  putMarkBack,
  renewLease,
} from './mark-rows.ts';
import { markTexts } from './mark-texts.ts';

/** What writing back into cards stands on. */
export interface WriteBackDeps
  extends Pick<
    RepliesDeps,
    'dataSource' | 'db' | 'breakers' | 'incidents' | 'log' | 'retry' | 'cabinet' | 'random' | 'rules'
  > {
  readonly archive: Pick<SedArchive, 'findCard' | 'writeRequisites'>;
  /** Milliseconds of a clock that never jumps back. */
  now(): number;
}

/** An archive as the settings name it, with the cabinets that name it. */
export interface MarkedArchive {
  readonly id: string;
  /** opaIds, read anew at each turn; dry cabinets left out. */
  opaIds(): readonly string[];
}

/** Cards claimed at once: what a death in the middle makes wait for the lease. */
const BATCH = 50;
const HOUR_MS = 3_600_000;
/** A card that the СЭД has just registered may not be found at once. */
const MOST_SEARCHES = 6;
/** The zone of a cabinet that is no longer in the settings. */
const DEFAULT_ZONE = 'Europe/Moscow';
/** What a single card is refused for; one incident each, with the number of cards. */
const REFUSALS: readonly ErrorCode[] = ['SED_ARCHIVE_REFUSED', 'SED_CARD_NOT_FOUND'];

/**
 * Makes the writer of an archive: «Статус ПОС» and «Ошибка ПОС» of cards whose deliveries were done or came into
 * attention, so that a clerk sees in the card what became of it on the platform. It stands apart from the deliveries and
 * holds none of them. `write` ends when nothing is due, at the first trouble with the archive, or when aborted, and
 * returns how many cards were written; it throws only when the database is gone. Several processes may do it at once: a
 * card written twice shows the same.
 */
export function createWriteBack(
  deps: WriteBackDeps,
  archive: MarkedArchive,
): { write(signal: AbortSignal): Promise<number> } {
  const endpoint = `archive:${archive.id}` as const;
  let pausedUntil = 0;
  // A process before this one may have left some.
  let mayHaveIncidents = true;

  async function write(signal: AbortSignal): Promise<number> {
    if (deps.now() < pausedUntil) return 0;
    let written = 0;
    let settled = false;
    while (!signal.aborted && deps.breakers.waitMs(endpoint) === 0) {
      const claimed = await claimMarks(deps.db, archive.opaIds(), BATCH);
      if (claimed.length === 0) break;
      settled = true;
      const count = await writeClaimed(claimed, signal);
      written += count.written;
      if (count.stopped) break;
    }
    if (settled) await tellRefused();
    return written;
  }

  /** Those that failed before go alone, so that one bad card does not hold the others for ever. */
  async function writeClaimed(claimed: readonly OwedMark[], signal: AbortSignal) {
    const fresh = claimed.filter(({ failures }) => failures === 0);
    const groups = [
      ...(fresh.length > 0 ? [fresh] : []),
      ...claimed.filter(({ failures }) => failures > 0).map((mark) => [mark]),
    ];
    let written = 0;
    for (const [index, group] of groups.entries()) {
      const outcome = await writeGroup(group, signal);
      if (typeof outcome === 'number') {
        written += outcome;
        continue;
      }
      await settleFault(group, outcome, signal);
      if (outcome.kind === 'defect' || outcome.code === 'SED_ARCHIVE_REFUSED') continue;
      for (const rest of groups.slice(index + 1).flat()) await putMarkBack(deps.db, rest, 0, false);
      return { written, stopped: true };
    }
    return { written, stopped: false };
  }

  async function writeGroup(group: readonly OwedMark[], signal: AbortSignal): Promise<number | Fault> {
    try {
      const looked: { readonly mark: OwedMark; readonly isn: string }[] = [];
      for (const mark of group) {
        const isn = mark.isn ?? (await deps.breakers.run(endpoint, () => findIsn(mark, signal)));
        if (isn === undefined) await settleNotFound(mark);
        else looked.push({ mark, isn });
      }
      const ours = await renewLease(
        deps.db,
        looked.map(({ mark }) => mark),
      );
      const found = looked.filter(({ mark }) => ours.has(mark.cardId));
      if (found.length === 0) return 0;
      const writes = found.map(({ mark, isn }) => ({ isn, values: { ...textsOf(mark) } }));
      const outcomes = await deps.breakers.run(endpoint, () => deps.archive.writeRequisites(writes, signal));
      let written = 0;
      for (const [index, { mark, isn }] of found.entries()) {
        const outcome = outcomes[index];
        if (outcome?.ok === true) {
          await markWritten(deps.db, mark, isn);
          written += 1;
        } else {
          await refuse(mark, 'SED_ARCHIVE_REFUSED', outcome?.message ?? '');
        }
      }
      await closeArchiveIncidents();
      return written;
    } catch (error) {
      return toFault(error);
    }
  }

  function textsOf(mark: OwedMark) {
    const zone = deps.cabinet(mark.opaId)?.config.timeZone ?? DEFAULT_ZONE;
    return markTexts(deps.rules().cardMarks, mark, zone);
  }

  async function findIsn(
    { posId, number, date }: OwedMark,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const card = await deps.archive.findCard(
      { posId, ...(number !== null && { regNumber: number }), ...(date !== null && { regDate: date }) },
      signal,
    );
    return card?.isn;
  }

  async function settleNotFound(mark: OwedMark): Promise<void> {
    if (mark.failures + 1 < MOST_SEARCHES) {
      await putMarkBack(deps.db, mark, nextDelay(mark.failures + 1, deps.retry, deps.random), true);
    } else {
      await refuse(mark, 'SED_CARD_NOT_FOUND', 'по номеру ПОС, номеру и дате карточки');
    }
  }

  async function refuse(mark: OwedMark, code: ErrorCode, detail: string): Promise<void> {
    deps.log.warn({ archive: archive.id, posId: mark.posId, code }, 'card mark refused');
    await markRefused(deps, mark, code, detail);
  }

  async function settleFault(group: readonly OwedMark[], fault: Fault, signal: AbortSignal): Promise<void> {
    const { code, detail, kind, retryAfterMs } = fault;
    if (signal.aborted || code === 'ENDPOINT_PAUSED' || code === 'STOPPED') {
      for (const mark of group) await putMarkBack(deps.db, mark, retryAfterMs ?? 0, false);
      return;
    }
    if (code === 'SED_ARCHIVE_REFUSED') {
      // Said of the whole call: each card alone tells which one is meant.
      const [only] = group;
      if (group.length === 1 && only !== undefined) return await refuse(only, code, detail ?? '');
      for (const mark of group) await putMarkBack(deps.db, mark, 0, true);
      return;
    }
    if (kind === 'credentials' || kind === 'rejected') {
      // Of the archive as a whole, not of one card: a person has to look.
      pausedUntil = deps.now() + HOUR_MS;
      mayHaveIncidents = true;
      await deps.incidents.open(deps.db, code, endpoint, detail);
      for (const mark of group) await putMarkBack(deps.db, mark, 0, false);
      return;
    }
    const err = kind === 'defect' ? { err: fault.cause ?? fault } : {};
    deps.log.warn(
      { archive: archive.id, cards: group.length, code, detail, ...err },
      'card marks will be repeated',
    );
    for (const mark of group) {
      const delayMs = nextDelay(mark.failures + 1, deps.retry, deps.random, retryAfterMs);
      await putMarkBack(deps.db, mark, kind === 'defect' ? deps.retry.cap : delayMs, true);
    }
  }

  /** The archive works: what was told of it as a whole is over. */
  async function closeArchiveIncidents(): Promise<void> {
    if (!mayHaveIncidents) return;
    mayHaveIncidents = false;
    for (const code of ARCHIVE_CODES) await deps.incidents.close(deps.db, code, endpoint);
  }

  async function tellRefused(): Promise<void> {
    const counts = await countRefused(deps.db, archive.opaIds());
    for (const code of REFUSALS) {
      const count = counts.get(code) ?? 0;
      if (count > 0) await deps.incidents.openCounted(deps.db, code, endpoint, count);
      else await deps.incidents.close(deps.db, code, endpoint);
    }
  }

  return { write };
}

/** What is told of an archive as a whole. */
const ARCHIVE_CODES: readonly ErrorCode[] = [
  'SED_ARCHIVE_CREDENTIALS_WRONG',
  'SED_ARCHIVE_SESSION_REFUSED',
  'SED_REQUISITE_MISSING',
  'SECRET_UNREADABLE',
];
