import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compiledCache, nodeProgram } from './node-program.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_LIMIT_MS = 60_000;

/** A test that fails must leave no daemon behind. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export interface DaemonProcess {
  readonly pid: number;
  /** Address of the console. */
  readonly url: string;
  /** Everything it wrote so far, line by line. */
  readonly lines: readonly string[];
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

/** Starts the daemon as a process of its own and waits until it says that it works. */
export async function startDaemonProcess(
  configPath: string,
  env: Readonly<Record<string, string>> = {},
): Promise<DaemonProcess> {
  const child = spawn(nodeProgram(), [MAIN, 'run', '--config', configPath], {
    env: { PATH: process.env['PATH'] ?? '', ...compiledCache(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  const lines: string[] = [];
  const exited = once(child, 'exit').then(([code]) => {
    living.delete(child);
    return code as number | null;
  });
  const url = await waitForStart(child, lines, exited);
  const pid = child.pid ?? 0;
  return {
    pid,
    url,
    lines,
    exited,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      return await exited;
    },
  };
}

async function waitForStart(
  child: ChildProcess,
  lines: string[],
  exited: Promise<number | null>,
): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const started = new Promise<string>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`daemon did not start:\n${lines.join('\n')}`)), START_LIMIT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.includes('"msg":"daemon started"')) resolve((JSON.parse(line) as { url: string }).url);
      });
    }
    void exited.then((code) => reject(new Error(`daemon ended with ${code}:\n${lines.join('\n')}`)));
  });
  try {
    return await started;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
