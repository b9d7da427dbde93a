import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isAlive, readBootId, readProcess } from './process-info.ts';

/** Who holds a state directory. Only tells people whom to stop: the lock itself is the kernel's. */
export interface Owner {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** The text of the owner file, three lines of `word value`. */
export function formatOwner(owner: Owner): string {
  return `pid ${owner.pid}\nstarted ${owner.startTicks}\nboot ${owner.bootId}\n`;
}

/** Reads the owner file's text; `undefined` for anything that `formatOwner` would not have written. */
export function parseOwner(text: string): Owner | undefined {
  const [, pid, started, bootId] =
    /^pid (\d{1,10})\nstarted (\d{1,16})\nboot ([\w-]{1,64})\n$/.exec(text) ?? [];
  const owner = { pid: Number(pid), startTicks: Number(started), bootId: bootId ?? '' };
  // A number with leading zeros was not written by us either: the text must be the one we would write.
  return owner.pid > 0 && formatOwner(owner) === text ? owner : undefined;
}

/** Writes this process as the owner, whole or not at all. */
export async function writeOwner(path: string): Promise<void> {
  const self = await readProcess(process.pid);
  const owner = { pid: process.pid, startTicks: self?.startTicks ?? 0, bootId: await readBootId() };
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, formatOwner(owner), { mode: 0o644 });
  await rename(draft, path);
}

/** The living owner, or `undefined` when the file is absent, unreadable, or tells of a process that is gone. */
export async function readLivingOwner(path: string): Promise<Owner | undefined> {
  const owner = parseOwner(await readFile(path, 'utf8').catch(() => ''));
  if (owner === undefined || owner.bootId !== (await readBootId())) return undefined;
  return (await isAlive(owner)) ? owner : undefined;
}
