import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Fault } from '../model/errors.ts';
import { thrown } from '../store/thrown.ts';
import { showcaseDir } from './files.ts';

/** A gzip file. */
export interface Packed {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface WrittenFile extends Packed {
  /** Its name in the showcase folder. */
  readonly file: string;
}

/** Records repeat themselves much: 45 bytes are left of 460; stronger levels take thrice the time for 35. */
export const GZIP_LEVEL = 1;
const CHUNK = 1024 * 1024;

/** First line of a file (contracts/platform-rest.md, section 6). Days are `YYYY-MM-DD`; none in a file without any. */
export interface FileHeader {
  readonly region: string;
  readonly ogrn: string;
  readonly records: number;
  /** First and last day of registration in the file. */
  readonly from?: string;
  readonly to?: string;
}

export function headerLine({ region, ogrn, records, from, to }: FileHeader): string {
  return `${JSON.stringify({ format: 'showcase/1', region, organization: { ogrn }, records, from, to })}\n`;
}

/**
 * Writes one file of the showcase: the header, then `pieces`, texts of whole lines with their ends; named by what `nameOf`
 * makes of the SHA-256 of the packed file.
 * @throws Fault SPOOL_UNAVAILABLE when the folder or the disk refuses; whatever `pieces` throws
 */
export async function writeShowcaseFile(
  spoolDir: string,
  header: FileHeader,
  pieces: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
  nameOf: (sha256: string) => string,
): Promise<WrittenFile> {
  const dir = showcaseDir(spoolDir);
  const packed = await pack(dir, withHeader(header, pieces), (sha256) => join(dir, nameOf(sha256)));
  return { file: nameOf(packed.sha256), ...packed };
}

/**
 * Writes lines, given without their ends, as a packed file of this path.
 * @throws Fault SPOOL_UNAVAILABLE when the folder or the disk refuses; whatever `lines` throws
 */
export async function writePacked(path: string, lines: AsyncIterable<Buffer>): Promise<Packed> {
  return await pack(dirname(path), withEnds(lines), () => path);
}

/** Memory flat; under a name of its own, synced, then renamed: the file is there whole or not at all. */
async function pack(
  dir: string,
  pieces: AsyncIterable<string | Buffer>,
  pathOf: (sha256: string) => string,
): Promise<Packed> {
  const temporary = join(dir, `${randomBytes(8).toString('hex')}.part`);
  try {
    await guarded(() => mkdir(dir, { recursive: true, mode: 0o750 }));
    const packed = await pour(temporary, pieces);
    await guarded(async () => {
      await rename(temporary, pathOf(packed.sha256));
      await syncFolder(dir);
    });
    return packed;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function* withEnds(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const end = Buffer.from('\n');
  for await (const line of lines) yield Buffer.concat([line, end]);
}

async function* withHeader(
  header: FileHeader,
  pieces: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
): AsyncGenerator<string | Buffer> {
  yield headerLine(header);
  yield* pieces;
}

async function pour(path: string, pieces: AsyncIterable<string | Buffer>): Promise<Packed> {
  const hash = createHash('sha256');
  let size = 0;
  const handle = await guarded(() => open(path, 'wx', 0o640));
  try {
    const file = new Writable({
      write(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        guarded(() => handle.writeFile(chunk)).then(() => done(), done);
      },
    });
    await pipeline(Readable.from(pieces), createGzip({ level: GZIP_LEVEL, chunkSize: CHUNK }), file);
    await guarded(() => handle.datasync());
  } finally {
    await handle.close().catch(() => undefined);
  }
  return { size, sha256: hash.digest('hex') };
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function guarded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new Fault('SPOOL_UNAVAILABLE', { detail: thrown(error).code, cause: error });
  }
}
