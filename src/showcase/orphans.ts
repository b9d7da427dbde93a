import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '../store/data-source.ts';
import { thrown } from '../store/thrown.ts';
import { showcaseDir } from './files.ts';

/** A younger file may belong to a transaction that is not over, of this or another daemon. */
const YOUNGEST_MS = 24 * 60 * 60_000;

/**
 * Takes away files that no upload knows: what processes left that died between a file and its row. Returns how many. A
 * folder that cannot be read is the writer's to complain of.
 */
export async function removeOrphans(db: Queryable, spoolDir: string, now = Date.now()): Promise<number> {
  const dir = showcaseDir(spoolDir);
  const old: string[] = [];
  for (const name of await names(dir)) {
    const info = await stat(join(dir, name)).catch(() => undefined);
    if (info?.isFile() === true && now - info.mtimeMs > YOUNGEST_MS) old.push(name);
  }
  if (old.length === 0) return 0;
  const known = await db.query<{ file: string }>(`SELECT file FROM showcase_upload WHERE file = ANY($1)`, [
    old,
  ]);
  const kept = new Set(known.map(({ file }) => file));
  const orphans = old.filter((name) => !kept.has(name));
  for (const name of orphans) await rm(join(dir, name), { force: true });
  return orphans.length;
}

async function names(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(thrown(error).code)) return [];
    throw error;
  }
}
