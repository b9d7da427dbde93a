import { randomBytes } from 'node:crypto';
import { chmod, copyFile, link, lstat, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const ABANDONED_MS = 3_600_000;

/**
 * A copy of the package's `native` folder under `home`, keyed by version and processor, made once and used by
 * every later start. It appears whole or not at all; two processes may make it at the same time.
 */
export async function copyBinaries(native: string, home: string): Promise<string> {
  const manifest = await readFile(join(native, '..', 'package.json'), 'utf8');
  const { version } = z.object({ version: z.string().regex(/^[\w.+-]+$/) }).parse(JSON.parse(manifest));
  const target = join(home, `postgres-${version}-${process.arch}`);
  if (await exists(target)) return target;
  await removeAbandoned(home);
  const draft = join(home, `.copying-${randomBytes(6).toString('hex')}`);
  try {
    await copyTree(native, draft);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first.
    if (!(await exists(target))) throw error;
  }
  return target;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    // Links are restored from the package's list; static libraries serve nobody who only runs the server.
    else if (entry.isFile() && !entry.name.endsWith('.a')) await copyOrLink(source, target);
  }
}

/** A hard link costs no space, but shares its rights with the original: only when those suffice for all. */
async function copyOrLink(source: string, target: string): Promise<void> {
  const { mode } = await lstat(source);
  const executable = (mode & 0o100) !== 0;
  const needed = executable ? 0o005 : 0o004;
  if ((mode & needed) === needed) {
    const linked = await link(source, target).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await copyFile(source, target);
  await chmod(target, executable ? 0o755 : 0o644);
}

/** Copies that a killed process left half-made. */
async function removeAbandoned(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith('.copying-')) continue;
    const { mtimeMs } = await stat(join(home, name)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
