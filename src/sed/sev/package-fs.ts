import { createHash, hash } from 'node:crypto';
import fs from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Fault } from '../../model/errors.ts';
import { errnoOf } from './folder-fault.ts';

/** The few file operations a package is written with, so that a test can fail or die between any two. */
export interface PackageFs {
  makeFolder(path: string): Promise<void>;
  /** A new file with these bytes, on the disk when it resolves. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** As `writeFile`, from a spool file whose SHA-256 is checked on the way. */
  copyFile(source: string, path: string, sha256: string, signal?: AbortSignal): Promise<void>;
  /** Puts a folder's entries on the disk. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** A file or a folder with all in it; nothing there is fine. */
  remove(path: string): Promise<void>;
}

/** Files up to this size are read whole and written in one call. */
const WHOLE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

// The callback functions cost a third less time than FileHandle objects, and this is the hot path.
const open = promisify(fs.open);
const read = promisify(fs.read);
const write = promisify(fs.write);
const fsync = promisify(fs.fsync);
const close = promisify(fs.close);
const fstat = promisify(fs.fstat);
const mkdir = promisify(fs.mkdir);
const rename = promisify(fs.rename);

export const packageFs: PackageFs = {
  makeFolder: (path) => mkdir(path),
  writeFile: (path, bytes) => create(path, (target) => writeAll(target, bytes)),
  copyFile,
  syncFolder,
  rename: (from, to) => rename(from, to),
  exists,
  remove: (path) => rm(path, { recursive: true, force: true }),
};

async function create(path: string, fill: (target: number) => Promise<void>): Promise<void> {
  const target = await open(path, 'wx');
  try {
    await fill(target);
    await fsync(target);
  } finally {
    await close(target);
  }
}

async function writeAll(target: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await write(target, bytes, done, bytes.byteLength - done);
    done += bytesWritten;
  }
}

async function copyFile(source: string, path: string, sha256: string, signal?: AbortSignal): Promise<void> {
  const from = await ofSpool(() => open(source, 'r'));
  try {
    const { size } = await ofSpool(() => fstat(from));
    if (size <= WHOLE_BYTES) {
      const bytes = await readWhole(from, size);
      checkSum(hash('sha256', bytes, 'hex'), sha256);
      await create(path, (target) => writeAll(target, bytes));
      return;
    }
    await create(path, (target) => stream(from, target, sha256, signal));
  } finally {
    await close(from);
  }
}

async function readWhole(from: number, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await ofSpool(() => read(from, bytes, done, size - done, done));
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

async function stream(from: number, target: number, sha256: string, signal?: AbortSignal): Promise<void> {
  const sum = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await ofSpool(() => read(from, chunk, 0, CHUNK_BYTES, null));
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    sum.update(bytes);
    await writeAll(target, bytes);
  }
  checkSum(sum.digest('hex'), sha256);
}

function checkSum(actual: string, expected: string): void {
  if (actual !== expected.toLowerCase()) {
    throw new Fault('FILE_DAMAGED', { detail: 'файл в рабочей папке не сходится с контрольной суммой' });
  }
}

/** Trouble with our own spool is not the channel's: it has another code and another remedy. */
async function ofSpool<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new Fault('SPOOL_UNAVAILABLE', { detail: `файл для карточки не читается: ${errnoOf(error)}` });
  }
}

/** Network shares may not know fsync of a folder; they keep the order of its entries themselves. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS', 'EISDIR', 'EBADF']);

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await fsync(folder);
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(errnoOf(error))) throw error;
  } finally {
    await close(folder);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return false;
    throw error;
  }
}
