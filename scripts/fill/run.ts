import { setTimeout as pause } from 'node:timers/promises';
import { nextDelay } from '../../src/endpoints/backoff.ts';
import { Fault, toFault } from '../../src/model/errors.ts';
import type { DeloArchive } from '../../src/sed/delo/index.ts';
import type { ArchiveCard, ArchiveQuery, RequisiteWrite } from '../../src/sed/port.ts';
import type { Progress } from './progress.ts';

/** One query with what is to be written into the cards that it finds. */
export interface FillTask {
  /** Only cards in which the requisite was never filled, where it can be: a second run then reads only what is left. */
  readonly query: ArchiveQuery;
  /** Values for a card; undefined when it is to be left as it is, so also when it has them. */
  decide(card: ArchiveCard): RequisiteWrite['values'] | undefined;
}

export interface FillOptions {
  readonly archive: Pick<DeloArchive, 'cards' | 'countCards' | 'writeRequisites'>;
  readonly tasks: readonly FillTask[];
  /** Reads and counts; writes nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
  /** Settings of the pauses after passing trouble, ms; tests shorten them. */
  readonly retry?: { readonly base: number; readonly factor: number; readonly cap: number };
}

export interface FillResult extends Progress {
  /** How many cards got (or would get) each value. */
  readonly values: ReadonlyMap<string, number>;
  /** The first refusals, by ISN. */
  readonly refusals: readonly { readonly isn: string; readonly message: string }[];
}

const RETRY = { base: 2000, factor: 3, cap: 60_000 };
/** Passing faults in a row, with no card written between them, after which a run gives up. */
const MOST_FAULTS = 8;
const MOST_REFUSALS = 20;

/**
 * Fills a requisite in old cards. Passing trouble is waited out; what is filled already is not met again, so a run that
 * was killed goes on, and one that is done finds nothing to do.
 * @throws Fault that does not pass, or the last of too many; STOPPED when aborted
 */
export async function fillCards(options: FillOptions): Promise<FillResult> {
  const { archive, tasks, signal, onProgress, retry = RETRY } = options;
  const progress: Progress = { seen: 0, written: 0, refused: 0, skipped: 0 };
  const values = new Map<string, number>();
  const refusals: { isn: string; message: string }[] = [];
  // They may be met again after a fault.
  const done = new Set<string>();
  const total = await countAll(options);
  if (total !== undefined) progress.total = total;

  async function pass({ query, decide }: FillTask): Promise<void> {
    for await (const cards of archive.cards(query, signal)) {
      const writes: RequisiteWrite[] = [];
      for (const card of cards) {
        if (done.has(card.isn)) continue;
        const given = decide(card);
        if (given !== undefined) writes.push({ isn: card.isn, values: given });
        else {
          done.add(card.isn);
          progress.seen += 1;
          progress.skipped += 1;
        }
      }
      const outcomes =
        options.dryRun || writes.length === 0
          ? writes.map(() => ({ ok: true }) as const)
          : await archive.writeRequisites(writes, signal);
      for (const [index, write] of writes.entries()) {
        const outcome = outcomes[index];
        progress.seen += 1;
        done.add(write.isn);
        if (outcome?.ok === true) {
          progress.written += 1;
          for (const value of Object.values(write.values)) values.set(value, (values.get(value) ?? 0) + 1);
          continue;
        }
        progress.refused += 1;
        if (refusals.length < MOST_REFUSALS)
          refusals.push({ isn: write.isn, message: outcome?.message ?? '' });
      }
      onProgress(progress);
    }
  }

  for (const task of tasks) {
    for (let faults = 0; ; ) {
      const before = progress.written;
      try {
        await pass(task);
        break;
      } catch (error) {
        const fault = toFault(error);
        const passes = fault.kind === 'transient' || fault.kind === 'unknown';
        faults = progress.written > before ? 1 : faults + 1;
        if (signal.aborted) throw new Fault('STOPPED');
        if (!passes || faults >= MOST_FAULTS) throw fault;
        await pause(nextDelay(faults, retry, Math.random, fault.retryAfterMs), undefined, { signal }).catch(
          () => undefined,
        );
      }
    }
  }
  return { ...progress, values, refusals };
}

/** For the bar alone: a run without it is as good. */
async function countAll({ archive, tasks, signal }: FillOptions): Promise<number | undefined> {
  try {
    let sum = 0;
    for (const { query } of tasks) {
      const count = await archive.countCards(query, signal);
      if (count === undefined) return undefined;
      sum += count;
    }
    return sum;
  } catch (error) {
    const fault = toFault(error);
    if (fault.kind === 'transient') return undefined;
    throw fault;
  }
}
