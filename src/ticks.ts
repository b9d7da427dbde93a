import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { toFault } from './model/errors.ts';

/** A tick that goes on failing for the same reason is told again only after this long, ms. */
const TELL_AGAIN_MS = 60_000;

/** Hears how each turn of a tick went. */
export interface TickListener {
  failed(error: unknown): void;
  succeeded(): void;
}

/**
 * Does something again and again, `pauseMs` after it ended the last time, until aborted. What it throws is told
 * to the listener and the next turn comes as usual: a tick is never the only chance.
 */
export async function repeatEvery(
  pauseMs: number,
  signal: AbortSignal,
  action: () => Promise<unknown>,
  listener: TickListener,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await action();
      listener.succeeded();
    } catch (error) {
      if (!signal.aborted) listener.failed(error);
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Tells a tick's failures to the log without flooding it: the first of a cause, then one a minute with the count, and
 * the end of the trouble. Only a defect comes with its stack. `now`: milliseconds of a clock that never jumps back.
 */
export function tellTick(
  log: Logger,
  tick: string,
  now: () => number = () => performance.now(),
): TickListener {
  let told: { readonly code: string; readonly at: number } | undefined;
  let failures = 0;
  return {
    failed(error) {
      const fault = toFault(error);
      failures += 1;
      if (told?.code === fault.code && now() - told.at < TELL_AGAIN_MS) return;
      told = { code: fault.code, at: now() };
      const fields = { tick, code: fault.code, failures };
      if (fault.kind === 'defect') log.error({ ...fields, err: error }, 'tick failed');
      else log.warn({ ...fields, detail: fault.detail }, 'tick failed');
    },
    succeeded() {
      if (told !== undefined) log.info({ tick, failures }, 'tick works again');
      told = undefined;
      failures = 0;
    },
  };
}
