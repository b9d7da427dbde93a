import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../model/errors.ts';

/** One file to be written: bytes, or a copy of a file of the spool. `path` is of our own making, never from outside. */
export interface DryFile {
  readonly path: string;
  readonly content: Uint8Array | string | { readonly path: string; readonly sha256: string };
}

/** What is told of a message beside its files: to whom it would go, by which rule, or why it would not. */
export function aboutFile(about: Readonly<Record<string, unknown>>): DryFile {
  return { path: 'message.json', content: `${JSON.stringify(about, null, 2)}\n` };
}

/** The folder of the dry run. */
export interface DryFolder {
  /**
   * Puts a set of files in place of what stands under this name; equal content is written once a process. Readable by
   * our account alone: it is personal data.
   * @throws Fault SPOOL_UNAVAILABLE when the folder cannot be written
   */
  put(name: readonly string[], files: readonly DryFile[]): Promise<void>;
}

/** Opens a folder that need not be there yet. */
export function openDryFolder(dir: string): DryFolder {
  const written = new Map<string, string>();
  return {
    async put(name, files) {
      const path = join(dir, ...name.map(folderName));
      const digest = digestOf(files);
      if (written.get(path) === digest) return;
      try {
        await replace(path, files);
      } catch (cause) {
        // The message of Node's own error holds names of files: only its code goes on.
        const code = (cause as NodeJS.ErrnoException).code ?? 'EIO';
        throw new Fault('SPOOL_UNAVAILABLE', { detail: `dryDir: ${code}` });
      }
      written.set(path, digest);
    },
  };
}

async function replace(path: string, files: readonly DryFile[]): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  try {
    for (const file of files) {
      const target = join(draft, file.path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const { content } = file;
      if (typeof content === 'string' || content instanceof Uint8Array) {
        await writeFile(target, content, { mode: 0o600, flag: 'wx' });
      } else {
        await copyFile(content.path, target, constants.COPYFILE_EXCL);
      }
    }
    await rm(path, { recursive: true, force: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** A word from outside (a posId, say) as the name of a folder: what is not plain becomes a digest of it. */
export function folderName(word: string): string {
  if (/^[0-9A-Za-z_-]{1,100}$/.test(word)) return word;
  return `~${createHash('sha256').update(word).digest('hex').slice(0, 24)}`;
}

function digestOf(files: readonly DryFile[]): string {
  const hash = createHash('sha256');
  for (const { path, content } of files) {
    const isBytes = typeof content === 'string' || content instanceof Uint8Array;
    const bytes = isBytes ? Buffer.from(content) : Buffer.from(content.sha256);
    hash.update(`${Buffer.byteLength(path)}:${path}:${isBytes ? 'b' : 's'}:${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}
