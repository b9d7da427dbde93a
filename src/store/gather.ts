import { setImmediate as nextTurn } from 'node:timers/promises';
import { toFault } from '../model/errors.ts';

interface Waiting<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements of a kind that may be on at once: one that waits for a lock does not hold all the others. */
const LANES = 2;

/**
 * Makes one statement serve many callers: calls that come in the same turn, or while runs of the same kind are on,
 * go together in the next one, so that under load a commit is paid once for many and an idle system waits for
 * nothing. `run` gets inputs of one or more callers and gives an output for each, in their order; it must be one
 * statement or one transaction: when it fails, nothing of it is stored, and each input is tried alone, so that one
 * that the database refuses (or a deadlock with one) never fails its neighbours. When the database is away, all
 * fail at once.
 */
export function createGatherer<I, O>(
  run: (inputs: readonly I[]) => Promise<readonly O[]>,
  most = 64,
): (input: I) => Promise<O> {
  const queue: Waiting<I, O>[] = [];
  let lanes = 0;

  async function drain(): Promise<void> {
    lanes += 1;
    // Callers that were woken together come together.
    await nextTurn();
    for (let batch = queue.splice(0, most); batch.length > 0; batch = queue.splice(0, most)) {
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
