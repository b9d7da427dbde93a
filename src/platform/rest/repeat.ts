import pRetry from 'p-retry';
import { Fault, toFault } from '../../model/errors.ts';
import { type CallEffect, CallFailure, isShortRepeatable } from './failure.ts';

/** Milliseconds before the first short repeat; the second waits three times that. */
export const SHORT_REPEAT_MS = 200;
const SHORT_REPEATS = 2;

/** Fields only, text static: what the driver tells of its inner life. */
export interface RestLog {
  debug(fields: Record<string, unknown>, text: string): void;
  warn(fields: Record<string, unknown>, text: string): void;
}

/**
 * Runs one attempt of a call with at most two short repeats, for reads and passing trouble only, and turns whatever
 * was thrown into the Fault that leaves the driver.
 * @throws Fault
 */
export async function withShortRepeats<T>(
  effect: CallEffect,
  run: () => Promise<T>,
  options: { readonly signal?: AbortSignal; readonly log?: RestLog; readonly firstDelayMs?: number } = {},
): Promise<T> {
  const { signal, log, firstDelayMs = SHORT_REPEAT_MS } = options;
  try {
    return await pRetry(run, {
      retries: SHORT_REPEATS,
      minTimeout: firstDelayMs,
      factor: 3,
      ...(signal !== undefined && { signal }),
      shouldRetry: ({ error, attemptNumber }) => {
        const again = error instanceof CallFailure && isShortRepeatable(effect, error);
        if (again)
          log?.debug({ code: error.fault.code, attempt: attemptNumber }, 'platform call is repeated');
        return again;
      },
    });
  } catch (error) {
    if (error instanceof CallFailure) throw error.fault;
    if (error instanceof Fault) throw error;
    if (signal?.aborted === true) throw new Fault('STOPPED', { cause: error });
    throw toFault(error);
  }
}
