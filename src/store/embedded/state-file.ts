import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import { thrown } from '../thrown.ts';

const schema = z.object({
  /** Folder of the data, the sockets and, when needed, the binaries. Relative to the state directory when inside it. */
  place: z.string().min(1),
  /** Superuser's password; random, made once, seen by nobody. */
  password: z.string().min(16),
  /** Set once a database was made whole: from then on its absence is a loss, not a first start. */
  initialised: z.boolean(),
});

/** What a state directory knows of its embedded database: `embedded.json`, mode 0600. */
export type EmbeddedState = z.infer<typeof schema>;

/**
 * Reads `embedded.json`; `undefined` when there is none.
 * @throws Fault EMBEDDED_DATABASE_FAILED when it is there and cannot be used: going on would start an empty
 *   database beside the real one.
 */
export async function readState(path: string): Promise<EmbeddedState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (thrown(error).code === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // The parser's own error is not passed on: it may quote the text, and the text holds the password.
    throw unusable(path);
  }
}

/** A state for a first start, with a fresh password. */
export function freshState(place: string): EmbeddedState {
  return { place, password: randomBytes(24).toString('base64url'), initialised: false };
}

/** Writes the state whole and on disk before it returns. */
export async function writeState(path: string, state: EmbeddedState): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(state, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** Makes a rename in the folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unusable(path: string, cause?: unknown): Fault {
  const detail = `файл ${path} не читается или испорчен; верните его из резервной копии`;
  return new Fault('EMBEDDED_DATABASE_FAILED', { detail, cause });
}
