import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeFile } from '../../../scripts/demo/files/index.ts';

const seeds = fc.integer({ min: 0, max: 100_000 });
const few = { numRuns: 15 };

/** The chunks of a PNG; throws on a wrong signature, length or sum. */
function readPng(bytes: Buffer): Map<string, Buffer> {
  expect(bytes.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.set(body.subarray(0, 4).toString('latin1'), body.subarray(4));
    at += 12 + length;
  }
  return chunks;
}

describe("the demo's files", () => {
  it('are pictures that a reader takes', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const chunks = readPng(makeFile({ name: 'Фото.png' }, seed));
        expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
        const header = chunks.get('IHDR') ?? Buffer.alloc(0);
        const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
        const lines = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
        expect(lines).toHaveLength(height * (width * 3 + 1));
        for (let y = 0; y < height; y += 1) expect(lines[y * (width * 3 + 1)]).toBe(0);
      }),
      few,
    );
  });

  it('are papers whose every offset and length is true', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const text = makeFile({ name: 'Справка.pdf' }, seed).toString('latin1');
        expect(text).toMatch(/^%PDF-1\.4\n/);
        const tableAt = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
        expect(text.slice(tableAt, tableAt + 5)).toBe('xref\n');
        const offsets = [...text.slice(tableAt).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, at]) =>
          Number(at),
        );
        expect(offsets).toHaveLength(4);
        offsets.forEach((at, index) => {
          expect(text.slice(at)).toMatch(new RegExp(`^${index + 1} 0 obj\\n`));
        });
        const [, length, stream = ''] = /\/Length (\d+) >>\nstream\n([\s\S]*?)\nendstream/.exec(text) ?? [];
        expect(stream).toHaveLength(Number(length));
        expect(stream).not.toMatch(/NaN|undefined/);
      }),
      few,
    );
  });

  it('are texts in UTF-8 that hold what was given', () => {
    const bytes = makeFile({ name: 'Список.txt', text: 'Раз\r\nДва' }, 7);
    expect(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)).toContain(
      '\uFEFFРаз\r\nДва\r\n',
    );
  });

  it('are the same for the same seed and others for another', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom('а.png', 'а.pdf', 'а.txt'), (seed, name) => {
        expect(makeFile({ name }, seed)).toEqual(makeFile({ name }, seed));
        expect(makeFile({ name }, seed)).not.toEqual(makeFile({ name }, seed + 1));
      }),
      few,
    );
  });

  it('are of no other kind', () => {
    expect(() => makeFile({ name: 'Видео.mp4' }, 1)).toThrow(RangeError);
  });
});
