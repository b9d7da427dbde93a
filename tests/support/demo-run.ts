import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { compiledCache } from './node-program.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const POLL_MS = 50;

/** A demo in a process of its own, with a temporary folder of its own by which all it starts are known. */
export interface DemoRun {
  readonly process: ChildProcess;
  readonly folder: string;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Waits until the standard output matches; throws after the limit, or when the demo has ended. */
  said(pattern: RegExp, limitMs: number): Promise<RegExpExecArray>;
  /** The exit code; null when a signal ended it. */
  ended(): Promise<number | null>;
  /** Processes that name the folder in their command line or environment. */
  processes(): Promise<number[]>;
  /** What is in the temporary folder. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

/** Starts `node src/main.ts demo …` from a folder that is not the project's. */
export async function startDemo(...args: readonly string[]): Promise<DemoRun> {
  const folder = await mkdtemp(join(tmpdir(), 'posrednik-demo-test-'));
  await chmod(folder, 0o711);
  const child = spawn(process.execPath, [MAIN, 'demo', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: folder, ...compiledCache() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return {
    process: child,
    folder,
    stdout: () => out,
    stderr: () => err,
    async said(pattern, limitMs) {
      for (const deadline = performance.now() + limitMs; ; await pause(POLL_MS)) {
        const found = pattern.exec(out);
        if (found !== null) return found;
        if (child.exitCode !== null || performance.now() > deadline) {
          throw new Error(`never said ${pattern}: ${out}\n${err}`);
        }
      }
    },
    ended: () => closed,
    processes: () => processesNaming(folder),
    leftovers: () => readdir(folder),
    async remove() {
      child.kill('SIGKILL');
      await closed;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Waits until no process of the run is left; gives those that are at the deadline. */
export async function waitUntilGone(run: DemoRun, limitMs: number): Promise<number[]> {
  for (const deadline = performance.now() + limitMs; ; await pause(POLL_MS)) {
    const left = await run.processes();
    if (left.length === 0 || performance.now() > deadline) return left;
  }
}

async function processesNaming(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (pid === process.pid) return false;
      const parts = await Promise.all(
        ['cmdline', 'environ'].map((part) => readFile(`/proc/${pid}/${part}`, 'utf8').catch(() => '')),
      );
      return parts.some((part) => part.includes(text));
    }),
  );
  return pids.filter((_pid, index) => found[index]);
}
