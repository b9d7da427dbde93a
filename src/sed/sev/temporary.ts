import { hash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Hidden, and never ending in `.env`, so that no reader of the folder takes it for a message. */
const PREFIX = '.posrednik-tmp';
const PATTERN = /^\.posrednik-tmp\.([0-9a-f]{8})\.(\d+)\.(\d+)\.\d+/;
const OLD_MS = 24 * 3_600_000;

let own: string | undefined;
let counter = 0;

/** A name for a temporary file or folder that no other process, living or dead, uses. */
export function temporaryName(): string {
  own ??= `${PREFIX}.${machine()}.${process.pid}.${startOf(process.pid)}`;
  counter += 1;
  return `${own}.${counter}`;
}

/**
 * Removes what dead writers left in a channel's folder: temporary entries of a process of this machine that
 * runs no more, and any older than a day. Returns how many; what cannot be removed is left for the next sweep.
 */
export async function sweepTemporary(folder: string, now: number = Date.now()): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder)) {
    const [, owner, pid, start] = PATTERN.exec(name) ?? [];
    if (owner === undefined) continue;
    const path = join(folder, name);
    try {
      const orphaned = owner === machine() && startOf(Number(pid)) !== start;
      if (!orphaned && now - (await lstat(path)).mtimeMs < OLD_MS) continue;
      await rm(path, { recursive: true, force: true });
      removed += 1;
    } catch {
      // Gone by another's sweep, or we have no right to it.
    }
  }
  return removed;
}

/**
 * When a process began, in ticks since boot: a pid alone comes back (in a container it is always 1), so an
 * entry is living only while pid and beginning both fit. '' when no such process runs; '0' where /proc is not.
 */
function startOf(pid: number): string {
  if (process.platform === 'linux') {
    // The second field, the program's name, may hold spaces and brackets: count from behind it.
    const fields = readProc(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
      .split(') ')
      .at(-1);
    return fields?.split(' ')[19] ?? '';
  }
  try {
    process.kill(pid, 0);
    return '0';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '0' : '';
  }
}

let machineTag: string | undefined;

/** Where a pid means the same process: this host, since this boot, in this container. */
function machine(): string {
  machineTag ??= hash(
    'sha256',
    JSON.stringify([
      hostname(),
      readProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
      readProc(() => readlinkSync('/proc/self/ns/pid')),
    ]),
    'hex',
  ).slice(0, 8);
  return machineTag;
}

function readProc(call: () => string): string {
  try {
    return call();
  } catch {
    return '';
  }
}
