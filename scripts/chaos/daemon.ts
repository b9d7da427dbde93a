import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeProgram } from '../../tests/support/node-program.ts';
import { projectFile } from '../bench/place.ts';

/** The daemon, started again and again, with everything it says in one file. */
export interface Victim {
  /** Starts it; `started` resolves when it says that it works, and rejects when it ends before by itself. */
  start(): { readonly started: Promise<void> };
  /** `kill -9`; waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, by force after a while; true when it ended in order or did not run. */
  stop(): Promise<boolean>;
  /** Its last words, when it ended without being told to. */
  readonly fellBy: string | undefined;
}

const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 60_000;
const KEPT_LINES = 15;

/** Prepares the daemon of a settings file; nothing runs yet. */
export function createVictim(configPath: string, logPath: string): Victim {
  const log = createWriteStream(logPath, { flags: 'a' });
  let current: { child: ChildProcess; exited: Promise<number | null>; isEnding: boolean } | undefined;
  let fellBy: string | undefined;
  // Whatever ends us, it must not go on alone.
  const onExit = () => current?.child.kill('SIGKILL');
  process.on('exit', onExit);

  function start(): { readonly started: Promise<void> } {
    const child = spawn(nodeProgram(), [projectFile('src/main.ts'), 'run', '--config', configPath], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    const words = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        if (line.includes('"msg":"daemon started"')) words.resolve();
      });
    }
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    const own = { child, exited, isEnding: false };
    current = own;
    const isOver = exited.then((code) => {
      if (own.isEnding) return;
      fellBy = `посредник завершился сам, код ${code}:\n${lines.join('\n')}`;
      throw new Error(fellBy);
    });
    const limit = new AbortController();
    const late = pause(START_LIMIT_MS, undefined, { signal: limit.signal }).then(
      () => Promise.reject(new Error(`посредник не запустился:\n${lines.join('\n')}`)),
      () => undefined,
    );
    const started = Promise.race([words.promise, isOver, late]).finally(() => limit.abort());
    // Whoever kills it in its start does not wait for it.
    started.catch(() => undefined);
    isOver.catch(() => undefined);
    return { started };
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const own = current;
    if (own === undefined) return 0;
    own.isEnding = true;
    own.child.kill(signal);
    const force = setTimeout(() => own.child.kill('SIGKILL'), STOP_LIMIT_MS);
    const code = await own.exited;
    clearTimeout(force);
    if (current === own) current = undefined;
    return code;
  }

  return {
    start,
    kill: async () => void (await end('SIGKILL')),
    async stop() {
      const code = await end('SIGTERM');
      process.off('exit', onExit);
      await new Promise((resolve) => log.end(resolve));
      return code === 0;
    },
    get fellBy() {
      return fellBy;
    },
  };
}
