import { createHash } from 'node:crypto';
import { seededRandom } from './prng.ts';

/** Bytes of a known length that can be read from any place without being held whole. */
export interface ByteSource {
  readonly length: number;
  /** The bytes [from, to), in pieces. */
  read(from: number, to: number): Iterable<Buffer>;
}

const BLOCK_BYTES = 64 * 1024;
const LABEL_BYTES = 64;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz     ';

let sharedBlock: Buffer | undefined;

function block(): Buffer {
  if (sharedBlock === undefined) {
    const random = seededRandom(20_240_601);
    sharedBlock = Buffer.alloc(BLOCK_BYTES);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      sharedBlock[i] = i % 80 === 79 ? 10 : LETTERS.charCodeAt(Math.floor(random() * LETTERS.length));
    }
  }
  return sharedBlock;
}

function label(seed: string, index: number): Buffer {
  return Buffer.from(
    `${seed} ${index} `
      .padEnd(LABEL_BYTES, '.')
      .slice(0, LABEL_BYTES - 1)
      .concat('\n'),
    'ascii',
  );
}

/**
 * Made-up plain text of any length: the same seed gives the same bytes, another seed other ones, and
 * every 64 KiB block differs from the one before, so that a wrongly joined download shows.
 * `seed` is ASCII, at most 40 characters.
 */
export function generatedBytes(seed: string, length: number): ByteSource {
  return {
    length,
    *read(from, to) {
      let at = from;
      const end = Math.min(to, length);
      while (at < end) {
        const index = Math.floor(at / BLOCK_BYTES);
        const start = index * BLOCK_BYTES;
        const inBlock = at - start;
        const stop = Math.min(end - start, BLOCK_BYTES);
        if (inBlock < LABEL_BYTES) {
          yield label(seed, index).subarray(inBlock, Math.min(stop, LABEL_BYTES));
          at = Math.min(start + LABEL_BYTES, end);
        }
        if (at < end && stop > LABEL_BYTES) yield block().subarray(at - start, stop);
        at = start + stop;
      }
    },
  };
}

/** Bytes that are held in memory. */
export function heldBytes(content: Buffer): ByteSource {
  return {
    length: content.length,
    *read(from, to) {
      yield content.subarray(from, to);
    },
  };
}

/** SHA-256 of the whole, hex. */
export function sha256Of(source: ByteSource): string {
  const hash = createHash('sha256');
  for (const piece of source.read(0, source.length)) hash.update(piece);
  return hash.digest('hex');
}

/** The whole as one buffer, for small files. */
export function wholeOf(source: ByteSource): Buffer {
  return Buffer.concat([...source.read(0, source.length)]);
}
