import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { toFault } from '../../model/errors.ts';
import { abandonServer, stopPostmaster } from './postmaster.ts';
import { isAlive, type ProcessInfo } from './process-info.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface Supervisor {
  pid(): number;
  /** Tells the server to stop and does not wait: our own process ends on the next line. */
  abandon(): void;
  /** Stops watching and the server; a second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * Watches a running server (ours or taken over) and starts it again, at the same address, when it dies by itself,
 * with growing pauses; connections made meanwhile fail as `transient`.
 */
export function supervise(
  first: ProcessInfo,
  restart: () => Promise<ProcessInfo>,
  options: { log: Logger; everyMs: number; housekeeping: () => Promise<void> },
): Supervisor {
  const { log, everyMs } = options;
  const leaving = new AbortController();
  let server = first;
  let working: Promise<void> = Promise.resolve();
  let busy = false;
  let stopped: Promise<void> | undefined;

  async function look(): Promise<void> {
    await options.housekeeping();
    if (await isAlive(server)) return;
    for (let delay = FIRST_PAUSE_MS; !leaving.signal.aborted; delay = Math.min(delay * 2, LONGEST_PAUSE_MS)) {
      log.error({ serverPid: server.pid }, 'database server died, starting it again');
      try {
        server = await restart();
        return;
      } catch (error) {
        log.error(
          { code: toFault(error).code, detail: toFault(error).detail },
          'database server did not start',
        );
      }
      await pause(delay, undefined, { signal: leaving.signal, ref: false }).catch(() => undefined);
    }
  }

  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    working = look()
      .catch((error: unknown) =>
        log.error({ detail: toFault(error).detail }, 'watch of the database server failed'),
      )
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  timer.unref();

  async function leave(): Promise<void> {
    clearInterval(timer);
    leaving.abort();
    await working;
    await stopPostmaster(server);
  }

  return {
    pid: () => server.pid,
    abandon() {
      clearInterval(timer);
      abandonServer(server);
    },
    stop() {
      stopped ??= leave();
      return stopped;
    },
  };
}
