import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** What the kernel tells any user of a process: enough to know it again after its number was reused. */
export interface ProcessInfo {
  readonly pid: number;
  /** Start time in clock ticks since boot: with the pid it names one process of this boot. */
  readonly startTicks: number;
  readonly argv: readonly string[];
}

/**
 * Reads a living process, or `undefined` when there is none. A zombie counts as gone: it holds nothing any
 * more, and in a container without a reaper it would stay for ever.
 */
export async function readProcess(pid: number): Promise<ProcessInfo | undefined> {
  const stat = await readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const startTicks = startTicksOf(stat);
  if (startTicks === undefined) return undefined;
  const commandLine = (await readProc(`/proc/${pid}/cmdline`)) ?? '';
  return { pid, startTicks, argv: commandLine.split('\0').filter((word) => word !== '') };
}

/** Start time from the text of /proc/PID/stat; undefined for a zombie. */
function startTicksOf(stat: string): number | undefined {
  // The second field is the name in brackets and may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = Number(fields[19]);
  return state === undefined || 'ZXx'.includes(state) || !Number.isSafeInteger(startTicks)
    ? undefined
    : startTicks;
}

/** Whether this very process (not a later one with its number) still lives. */
export async function isAlive(process: Pick<ProcessInfo, 'pid' | 'startTicks'>): Promise<boolean> {
  return (await readProcess(process.pid))?.startTicks === process.startTicks;
}

/** The same without waiting, for the moment in which our own process ends. */
export function isAliveNow(process: Pick<ProcessInfo, 'pid' | 'startTicks'>): boolean {
  try {
    return startTicksOf(readFileSync(`/proc/${process.pid}/stat`, 'utf8')) === process.startTicks;
  } catch {
    return false;
  }
}

/** Living processes whose first word starts with `prefix` (PostgreSQL writes its part in there). */
export async function processesTitled(prefix: string): Promise<ProcessInfo[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(names.map((name) => readProcess(Number(name))));
  return all.filter((info): info is ProcessInfo => info?.argv[0]?.startsWith(prefix) === true);
}

/** Identity of the machine's current boot; pids and start times mean nothing after another one. */
export async function readBootId(): Promise<string> {
  return ((await readProc('/proc/sys/kernel/random/boot_id')) ?? 'unknown').trim();
}

/** A file of a process that ends while being read is as good as absent. */
async function readProc(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
