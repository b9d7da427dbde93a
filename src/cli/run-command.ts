import { DatabaseError } from 'pg';
import type { Logger } from 'pino';
import { type Daemon, startDaemon } from '../daemon.ts';
import { createLog } from '../log.ts';
import { toFault } from '../model/errors.ts';
import { endSoon } from './leave.ts';
import { type GlobalOptions, loadForCommand } from './load.ts';
import { keepHeapSmall } from './small-heap.ts';

export interface RunFlags {
  /** Sends nothing: what would be sent is written to `dryDir`. */
  readonly dry?: boolean;
}

/**
 * `posrednik run`: works until SIGTERM or SIGINT, in the middle of the start too; a second signal ends it at once.
 * Exit code 0 after an ordered stop, 1 otherwise.
 */
export async function runCommand(options: GlobalOptions, flags: RunFlags = {}): Promise<void> {
  keepHeapSmall();
  const loaded = await loadForCommand(options);
  const log = createLog(loaded.config.log.level);
  // A reload in the middle of the start or of the stop must not end the process; the watch of settings adds its own.
  process.on('SIGHUP', () => undefined);
  process.on('uncaughtException', (error) => {
    if (isLastWord(error)) {
      log.warn({ reason: error.message }, 'connection lost while nobody listened');
      return;
    }
    log.fatal({ err: error }, 'uncaught error');
    process.exit(1);
  });
  const giveUp = new AbortController();
  const starting = startDaemon(loaded, log, { signal: giveUp.signal, dry: flags.dry === true });
  stopOnSignals(log, starting, giveUp);
  try {
    await starting;
  } catch (error) {
    if (toFault(error).code !== 'STOPPED' || !giveUp.signal.aborted) throw error;
    log.info('stopped');
    endSoon();
  }
}

/** What a server says to its clients when it ends: by an administrator, by a crash, before it is ready. */
const LAST_WORDS = new Set(['57P01', '57P02', '57P03']);

/**
 * Whether an error nobody heard is a database server's farewell to one connection. The queue takes its listeners off a
 * connection that it gives up (pg-boss 12.35, `disconnect`), and what still stands in the socket then has no listener;
 * that connection is made anew, and nothing of ours was done on it.
 */
export function isLastWord(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && LAST_WORDS.has(error.code ?? '');
}

function stopOnSignals(log: Logger, starting: Promise<Daemon>, giveUp: AbortController): void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (giveUp.signal.aborted) {
      log.warn({ signal }, 'stopped at once');
      process.exit(1);
    }
    log.info({ signal }, 'stopping');
    giveUp.abort();
    starting.then(
      async (daemon) => {
        await daemon.stop();
        log.info('stopped');
        process.exit(0);
      },
      // A start that fails undoes itself, and the command tells of it.
      () => undefined,
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
