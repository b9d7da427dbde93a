import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { toFault } from '../model/errors.ts';

interface Waiting<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

export interface GatherOptions {
  /** Inputs of one run at most. */
  readonly most?: number;
  /** Between the starts of two runs, ms: those who come in between go together. */
  readonly spacingMs?: number;
}

/** Runs that may be on at once: one that waits for a lock does not hold all the others. */
const LANES = 2;

/**
 * Makes one statement serve many callers: under load, calls that come within `spacingMs` go together in one run, so
 * that parsing and commit are paid once for many; a call that comes alone is run at once. `run` gets inputs of one or
 * more callers and gives an output for each, in their order; it must be one statement or one transaction: when it
 * fails, nothing of it is stored, and each input is tried alone, so that one which the database refuses never fails
 * its neighbours. When the database is away, all fail at once.
 */
export function createGatherer<I, O>(
  run: (inputs: readonly I[]) => Promise<readonly O[]>,
  { most = 64, spacingMs = 10 }: GatherOptions = {},
): (input: I) => Promise<O> {
  const queue: Waiting<I, O>[] = [];
  let lanes = 0;
  let lastStart = Number.NEGATIVE_INFINITY;

  async function drain(): Promise<void> {
    lanes += 1;
    while (queue.length > 0) {
      const early = lastStart + spacingMs - performance.now();
      // Those who were woken together come in the same turn.
      await (early > 0 ? pause(early) : nextTurn());
      const batch = queue.splice(0, most);
      if (batch.length === 0) break;
      lastStart = performance.now();
      await settle(batch);
    }
    lanes -= 1;
  }

  async function settle(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outputs = await run(batch.map(({ input }) => input));
      for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as O);
    } catch (error) {
      if (batch.length === 1 || toFault(error).code === 'DATABASE_UNREACHABLE') {
        for (const { reject } of batch) reject(error);
        return;
      }
      for (const alone of batch) await settle([alone]);
    }
  }

  return (input) =>
    new Promise<O>((resolve, reject) => {
      queue.push({ input, resolve, reject });
      if (lanes < LANES) void drain();
    });
}
