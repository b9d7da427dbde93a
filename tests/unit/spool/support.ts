import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Fault } from '../../../src/model/errors.ts';

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes with no period, so that a wrongly joined file shows. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

export async function temporaryFolder(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'posrednik-spool-'));
  return {
    dir,
    async remove() {
      await chmod(dir, 0o755).catch(() => undefined);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export interface SourceOptions {
  /** The connection breaks after this many bytes of an opening, one number an opening; then no more. */
  readonly cuts?: readonly number[];
  /** Sends the whole whatever is asked. */
  readonly ignoresRange?: boolean;
  readonly chunk?: number;
  readonly error?: () => Error;
}

/** The platform's side of a transfer: bytes from an offset on, with scripted cuts; notes what was asked. */
export function sourceOf(content: Buffer, options: SourceOptions = {}) {
  const offsets: number[] = [];
  const streams: Readable[] = [];
  const cuts = [...(options.cuts ?? [])];
  const chunk = options.chunk ?? 1000;
  return {
    offsets,
    streams,
    async openAt(offset: number) {
      offsets.push(offset);
      const from = options.ignoresRange ? 0 : offset;
      const cut = cuts.shift();
      const until = cut === undefined ? content.length : Math.min(from + cut, content.length);
      async function* pieces() {
        for (let at = from; at < until; at += chunk) yield content.subarray(at, Math.min(at + chunk, until));
        if (cut !== undefined) {
          // What is read ahead dies with a stream; here the cut comes when all of it was taken.
          while (stream.readableLength > 0) await new Promise((resolve) => setImmediate(resolve));
          throw options.error?.() ?? new Fault('PLATFORM_UNREACHABLE', { detail: 'соединение прервано' });
        }
      }
      const stream: Readable = Readable.from(pieces(), { objectMode: false, highWaterMark: 64 * 1024 });
      streams.push(stream);
      return { stream, offset: from };
    },
  };
}

/** Every file below a folder with its content's hash; unfinished ones under `partial/…`. */
export async function treeOf(dir: string): Promise<Record<string, string>> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = await Promise.all(
    files.map(async (path) => [path.slice(dir.length + 1), sha256(await readFile(path))] as const),
  );
  return Object.fromEntries(pairs.sort());
}

/** The Fault a promise rejects with; anything else fails the test. */
export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const outcome = await work.then(
    () => new Error('expected a Fault, but the call went well'),
    (error: unknown) => error,
  );
  if (outcome instanceof Fault) return outcome;
  throw outcome;
}

export async function emptyFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
}
