import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Fault } from '../model/errors.ts';
import { noteTransferred } from './transfer-garbage.ts';

export interface StoredBlob {
  readonly sha256: string;
  readonly size: number;
}

export interface PutOptions {
  /** Name of the unfinished file: the same name goes on where an earlier try was cut. */
  readonly key: string;
  /** More bytes than this and the file is refused with FILE_TOO_LARGE. */
  readonly maxBytes: number;
  readonly expectedSize?: number;
  readonly expectedSha256?: string;
  /** Opens the source at a byte; may start earlier than asked (offset tells), never later. */
  openAt(offset: number): Promise<{ readonly stream: Readable; readonly offset: number }>;
}

/**
 * Files by content: `ab/cdef…` under the spool folder. A file appears under its name only whole, checked and
 * synced; readers check the hash again, so a disk that lost it is noticed and the file is fetched anew.
 */
export interface Spool {
  readonly dir: string;
  pathOf(sha256: string): string;
  /** Receives a file, going on from what an earlier try with the same key left. Throws Fault, or what the source throws. */
  put(options: PutOptions): Promise<StoredBlob>;
  /** Copies a file of the exchange folder in. */
  putFile(path: string): Promise<StoredBlob>;
  /** Removes what unfinished transfers left more than `olderThanMs` ago. */
  sweep(olderThanMs: number, now: number): Promise<number>;
  /** Tries to create, sync and remove a file; throws SPOOL_UNAVAILABLE. */
  check(): Promise<void>;
}

/** Bytes gathered before a write: most files of citizens then need one system call. */
const GATHER_BYTES = 256 * 1024;

export async function openSpool(dir: string): Promise<Spool> {
  const partial = join(dir, 'partial');
  await guarded(() => mkdir(partial, { recursive: true, mode: 0o750 }));
  const madeFolders = new Set<string>();
  let sequence = 0;
  // The folder may be shared with daemons of other machines, where our process number may be taken too.
  const opening = randomBytes(6).toString('hex');

  function pathOf(sha256: string): string {
    return join(dir, sha256.slice(0, 2), sha256.slice(2));
  }

  async function settle(temporary: string, hash: Hash): Promise<string> {
    const sha256 = hash.digest('hex');
    const folder = join(dir, sha256.slice(0, 2));
    if (!madeFolders.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o750 });
      madeFolders.add(folder);
    }
    try {
      await rename(temporary, pathOf(sha256));
    } catch (error) {
      // The folder may have been tidied away since; the next try makes it again.
      madeFolders.delete(folder);
      throw error;
    }
    return sha256;
  }

  return {
    dir,
    pathOf,
    async put(options) {
      const path = join(partial, `${options.key}.part`);
      return await guarded(() => receive(path, options, settle));
    },
    async putFile(path) {
      const temporary = join(partial, `in-${opening}-${sequence++}.part`);
      const options = {
        key: '',
        maxBytes: Number.MAX_SAFE_INTEGER,
        openAt: async () => ({ stream: createReadStream(path), offset: 0 }),
      };
      try {
        return await guarded(() => receive(temporary, options, settle));
      } catch (error) {
        // Its name is never used again, so nothing could go on from it.
        await rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    async sweep(olderThanMs, now) {
      let removed = 0;
      await guarded(async () => {
        for (const name of await readdir(partial)) {
          const path = join(partial, name);
          const info = await stat(path).catch(() => undefined);
          if (info === undefined || now - info.mtimeMs < olderThanMs) continue;
          await rm(path, { force: true });
          removed += 1;
        }
      });
      return removed;
    },
    async check() {
      const path = join(partial, `check-${opening}-${sequence++}`);
      await guarded(async () => {
        const file = await open(path, 'wx');
        try {
          await file.write('check');
          await file.datasync();
        } finally {
          await file.close();
          await rm(path, { force: true });
        }
      });
    },
  };
}

async function receive(
  path: string,
  options: PutOptions,
  settle: (temporary: string, hash: Hash) => Promise<string>,
): Promise<StoredBlob> {
  const held = await stat(path).then(
    (info) => info.size,
    () => 0,
  );
  const source = await options.openAt(held);
  // It may fail before its reader is there; unheard, that would end the process. The reader finds it all the same.
  source.stream.on('error', () => undefined);
  const hash = createHash('sha256');
  let size: number;
  try {
    if (source.offset > held) {
      throw new Fault('FILE_DAMAGED', { detail: `starts at ${source.offset}, asked for ${held}` });
    }
    size = await append(path, source.stream, hash, source.offset, options.maxBytes);
  } catch (error) {
    source.stream.destroy();
    // Too large never goes on; on a full disk a part held back could be what keeps every other file out.
    if (isFaultOf(error, 'FILE_TOO_LARGE') || isDiskFull(error)) await rm(path, { force: true });
    throw error;
  }
  if (options.expectedSize !== undefined && size !== options.expectedSize) {
    // A short file may be a cut transfer: its bytes are kept and the next try goes on from them.
    if (size > options.expectedSize) await rm(path, { force: true });
    throw new Fault('FILE_DAMAGED', { detail: `size ${size}, expected ${options.expectedSize}` });
  }
  const check = hash.copy().digest('hex');
  if (options.expectedSha256 !== undefined && check !== options.expectedSha256.toLowerCase()) {
    await rm(path, { force: true });
    throw new Fault('FILE_DAMAGED', { detail: 'checksum differs' });
  }
  return { sha256: await settle(path, hash), size };
}

/** Writes what comes behind the first `from` bytes of the file; returns its size. What came before a cut stays. */
async function append(
  path: string,
  stream: Readable,
  hash: Hash,
  from: number,
  maxBytes: number,
): Promise<number> {
  // What is there already must be hashed again: the state of a hash does not survive a restart.
  if (from > 0) for await (const chunk of createReadStream(path, { end: from - 1 })) hash.update(chunk);
  const file = await open(path, from > 0 ? 'r+' : 'w', 0o640);
  try {
    const size = await pour(stream, file, hash, from, maxBytes);
    // Opened empty, it holds nothing behind what was written.
    if (from > 0) await file.truncate(size);
    await file.datasync();
    return size;
  } finally {
    await file.close();
  }
}

async function pour(
  stream: Readable,
  file: FileHandle,
  hash: Hash,
  from: number,
  maxBytes: number,
): Promise<number> {
  let position = from;
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  async function flush(): Promise<void> {
    // Emptied first: what failed half-way must not be written a second time behind itself.
    let parts = gathered.filter((part) => part.length > 0);
    gathered = [];
    gatheredBytes = 0;
    while (parts.length > 0) {
      const { bytesWritten } = await file.writev(parts, position);
      position += bytesWritten;
      noteTransferred(bytesWritten);
      parts = behind(parts, bytesWritten);
    }
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (position + gatheredBytes + chunk.length > maxBytes) {
        throw new Fault('FILE_TOO_LARGE', { detail: `more than ${maxBytes} bytes` });
      }
      hash.update(chunk);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes >= GATHER_BYTES) await flush();
    }
  } catch (error) {
    // Keep what came: the next try asks for the rest only.
    await flush();
    await file.truncate(position);
    throw error;
  }
  await flush();
  return position;
}

/** What is left of the parts behind their first `bytes` bytes. */
function behind(parts: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  return parts.flatMap((part) => {
    const done = Math.min(skip, part.length);
    skip -= done;
    return done === part.length ? [] : [part.subarray(done)];
  });
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const UNAVAILABLE = new Set([
  ...DISK_FULL,
  ...['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EIO'],
  // Too many open files; a network share that was taken away under us.
  ...['EMFILE', 'ENFILE', 'ESTALE', 'EBUSY'],
]);

function isDiskFull(error: unknown): boolean {
  return DISK_FULL.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

function isFaultOf(error: unknown, code: Fault['code']): boolean {
  return error instanceof Fault && error.code === code;
}

async function guarded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== undefined && UNAVAILABLE.has(code))
      throw new Fault('SPOOL_UNAVAILABLE', { detail: code, cause: error });
    throw error;
  }
}
