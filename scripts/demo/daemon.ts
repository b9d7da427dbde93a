import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DemoError } from './errors.ts';

/** The daemon of the demo: a process of its own, as in life. */
export interface DemoDaemon {
  /** Address of the console. */
  readonly url: string;
  /** False once its process has ended, whoever ended it. */
  running(): boolean;
  /** Stops it in order; by force after half a minute, or at once when told to hurry. */
  stop(): Promise<void>;
}

const STOP_MS = 30_000;
const PASSED_ON = ['PATH', 'TMPDIR', 'HOME', 'LANG', 'NODE_COMPILE_CACHE'];

/**
 * Starts the daemon on a settings file; its log goes to the file. `hurry` cuts its stop short. Throws DemoError with
 * the daemon's own words when it does not start.
 */
export async function runDaemon(
  configPath: string,
  logFile: string,
  hurry: AbortSignal,
): Promise<DemoDaemon> {
  const log = openSync(logFile, 'a');
  const script = join(import.meta.dirname, 'daemon-child.ts');
  const child = spawn(process.execPath, [script, configPath], {
    cwd: '/',
    env: Object.fromEntries(PASSED_ON.flatMap((name) => pairOf(name))),
    // A session of its own: Ctrl-C is for the demo, which stops the daemon in its turn.
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const gone = once(child, 'exit').catch(() => undefined);
  const stop = () => stopChild(child, gone, hurry);
  try {
    return { url: await started(child), running: () => isRunning(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function started(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('message', (message: { url?: string; failed?: string }) => {
      if (message.url !== undefined) resolve(message.url);
      else reject(new DemoError(`Посредник не запустился. ${message.failed ?? ''}`));
    });
    child.once('error', (error) => reject(new DemoError(`Посредник не запустился: ${error.message}`)));
    child.once('exit', (code, signal) => {
      reject(
        new DemoError(
          `Посредник завершился при запуске (${signal ?? code}). Повторите с --keep ПАПКА и смотрите журнал.`,
        ),
      );
    });
  });
}

async function stopChild(child: ChildProcess, gone: Promise<unknown>, hurry: AbortSignal): Promise<void> {
  if (!isRunning(child)) return;
  const force = () => child.kill('SIGKILL');
  const timer = setTimeout(force, STOP_MS);
  hurry.addEventListener('abort', force);
  if (hurry.aborted) force();
  else if (child.connected) child.send('stop', () => undefined);
  else child.kill('SIGTERM');
  await gone;
  clearTimeout(timer);
  hurry.removeEventListener('abort', force);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function pairOf(name: string): [string, string][] {
  const value = process.env[name];
  return value === undefined ? [] : [[name, value]];
}
