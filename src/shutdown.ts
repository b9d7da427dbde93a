import type { Logger } from 'pino';
import { toFault } from './model/errors.ts';

/** What was opened, to be closed in the reverse order. */
export interface Shutdown {
  /** `step` names it in the log. A step that takes longer than `limitMs` is left behind: the next ones still run. */
  push(step: string, action: () => Promise<unknown>, limitMs?: number): void;
  /** Closes everything, newest first; never rejects. A second call waits for the first. */
  run(): Promise<void>;
}

/** Closing a connection or a listener takes no longer unless its other side is dead. */
const STEP_LIMIT_MS = 5000;

/** An empty list of things to close. */
export function createShutdown(log: Logger): Shutdown {
  const steps: {
    readonly step: string;
    readonly action: () => Promise<unknown>;
    readonly limitMs: number;
  }[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (let next = steps.pop(); next !== undefined; next = steps.pop()) {
      const { step, action, limitMs } = next;
      try {
        if (!(await endsWithin(limitMs, action))) log.warn({ step, limitMs }, 'stop step left behind');
      } catch (error) {
        log.error({ step, code: toFault(error).code, err: error }, 'stop step failed');
      }
    }
  }

  return {
    push(step, action, limitMs = STEP_LIMIT_MS) {
      steps.push({ step, action, limitMs });
    },
    run: () => (running ??= run()),
  };
}

/** Whether the action ended in time; an action that goes on is not waited for, and its failure is nobody's. */
export async function endsWithin(limitMs: number, action: () => Promise<unknown>): Promise<boolean> {
  const work = action().then(() => true);
  work.catch(() => undefined);
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), limitMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
