import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface Child {
  readonly pid: number;
  /**
   * The first line of its output, from the start on, that `accept` makes something of.
   * @throws Error with the end of its output when the process ends before.
   */
  line<T>(accept: (line: string) => T | undefined): Promise<T>;
  /** The end of what it has written, for an error text. */
  tail(): string;
  /** Asks it to end and waits; by force after `limitMs`. Safe to call again. */
  stop(limitMs?: number): Promise<void>;
}

const KEPT_LINES = 2000;
const TAIL_LINES = 20;

/** Starts one of our programs with the node that runs us. Its input is a pipe: the simulators end with it. */
export function startChild(args: readonly string[]): Child {
  const child: ChildProcess = spawn(process.execPath, [...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) throw new Error(`не запустился: ${args[0]}`);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  const ended = once(child, 'exit').then(wake);
  for (const stream of [stdout, stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      wake();
    });
  }
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const tail = () => lines.slice(-TAIL_LINES).join('\n');

  return {
    pid,
    tail,
    line: <T>(accept: (line: string) => T | undefined) =>
      new Promise<T>((resolve, reject) => {
        const look = () => {
          for (const line of lines) {
            const found = accept(line);
            if (found === undefined) continue;
            waiting.delete(look);
            resolve(found);
            return;
          }
          if (!isOver()) return;
          waiting.delete(look);
          reject(new Error(`${args[0]} завершился раньше времени:\n${tail()}`));
        };
        waiting.add(look);
        look();
      }),
    async stop(limitMs = 60_000) {
      if (isOver()) return;
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), limitMs);
      await ended;
      clearTimeout(force);
    },
  };
}

/** A line of JSON as an object; undefined for any other line. */
export function jsonLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The most memory a living process ever held, MB (10⁶ bytes): `VmHWM` of Linux. */
export async function peakRssMb(pid: number | 'self'): Promise<number> {
  return parsePeakMb(await readFile(`/proc/${pid}/status`, 'utf8'));
}

/** `VmHWM` of a /proc status text in MB (10⁶ bytes). @throws Error when the text has none. */
export function parsePeakMb(status: string): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error('нет VmHWM: память измеряется только в Linux');
  return (Number(kibibytes) * 1024) / 1e6;
}
