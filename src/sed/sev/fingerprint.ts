import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Names, sizes and times of a folder's entries and of the files beside it: equal while nobody writes there. */
export async function fingerprint(folder: string, beside: readonly string[] = []): Promise<string> {
  const names = await readdir(folder).catch(() => undefined);
  const lines = await Promise.all([
    ...beside.map((path) => describe(path, '')),
    ...(names ?? []).sort().map((name) => describe(join(folder, name), name)),
  ]);
  return `${names === undefined ? 'absent' : 'present'}\n${lines.join('\n')}`;
}

async function describe(path: string, name: string): Promise<string> {
  const stat = await lstat(path).catch(() => undefined);
  return stat === undefined ? `${name}?` : `${name}/${stat.size}/${stat.mtimeMs}`;
}
