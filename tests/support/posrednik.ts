import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { compiledCache, nodeProgram } from './node-program.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const LIMIT_MS = 180_000;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  /** Another Node.js, another entry. */
  readonly program?: string;
  readonly entry?: string;
}

/** A running program of ours: what it wrote so far, and its end. */
export interface Posrednik {
  readonly process: ChildProcess;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Log lines, parsed; throws on a line that is no JSON. */
  log(): Record<string, unknown>[];
  /** Waits for a log line with this `msg`; gives it. */
  logged(msg: string): Promise<Record<string, unknown>>;
}

/** Starts the program with these arguments, as it would be started by hand. */
export function startPosrednik(args: readonly string[], options: RunOptions = {}): Posrednik {
  const { env = {}, program = nodeProgram(), entry = MAIN, ...rest } = options;
  const child = spawn(program, [entry, ...args], {
    ...rest,
    env: { PATH: process.env['PATH'] ?? '', ...compiledCache(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  // «close», not «exit»: by then everything it wrote has arrived.
  const exited = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const log = () => stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    process: child,
    stdout,
    stderr,
    exited,
    log,
    async logged(msg) {
      let gone: unknown;
      void exited.then((end) => {
        gone = end;
      });
      return await eventually(
        `log line «${msg}»`,
        () => {
          const found = stdout.find((line) => line.includes(`"msg":"${msg}"`));
          if (found !== undefined) return JSON.parse(found) as Record<string, unknown>;
          if (gone !== undefined)
            throw new Error(`ended with ${JSON.stringify(gone)}:\n${[...stdout, ...stderr].join('\n')}`);
          return undefined;
        },
        LIMIT_MS,
      );
    },
  };
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runPosrednik(
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const running = startPosrednik(args, options);
  const { code } = await running.exited;
  return { code, stdout: running.stdout.join('\n'), stderr: running.stderr.join('\n') };
}
