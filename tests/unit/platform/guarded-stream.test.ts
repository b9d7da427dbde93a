import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { guardStream } from '../../../src/platform/rest/guarded-stream.ts';
import { faultOf } from './support.ts';

const IDLE = { idleTimeoutMs: 60_000 };

function sourceOf(...chunks: string[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}

describe('guardStream', () => {
  it("gives the same bytes, however they are cut and whatever the reader's pace", async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.array(fc.boolean()), async (parts, pauses) => {
        const bytes = Buffer.concat(parts);
        const source = Readable.from(parts.map((part) => Buffer.from(part)));
        const guarded = guardStream(source, { ...IDLE, length: bytes.length });
        const got: Buffer[] = [];
        let index = 0;
        for await (const chunk of guarded as AsyncIterable<Buffer>) {
          got.push(chunk);
          if (pauses[index++] === true) await new Promise((resolve) => setImmediate(resolve));
        }
        expect(Buffer.concat(got).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each<[string, number, boolean]>([
    ['as many bytes as told', 6, true],
    ['fewer', 7, false],
    ['more', 5, false],
  ])('%s', async (_name, length, isWhole) => {
    const guarded = guardStream(sourceOf('abc', 'def'), { ...IDLE, length });
    if (isWhole) expect(String(await buffer(guarded))).toBe('abcdef');
    else
      expect(await faultOf(buffer(guarded))).toMatchObject({
        code: 'PLATFORM_UNREACHABLE',
        kind: 'transient',
      });
  });

  it("an error of the source becomes the Fault's cause", async () => {
    const source = new PassThrough();
    const guarded = guardStream(source, IDLE);
    const fault = faultOf(buffer(guarded));
    const cause = new Error('read ECONNRESET');
    source.write('x');
    source.destroy(cause);
    expect(await fault).toMatchObject({ code: 'PLATFORM_UNREACHABLE', cause });
  });

  it('a source that goes away in silence is no end', async () => {
    const source = new PassThrough();
    const fault = faultOf(buffer(guardStream(source, IDLE)));
    source.write('x');
    source.destroy();
    expect((await fault).code).toBe('PLATFORM_UNREACHABLE');
  });

  it('a source that is silent is given up, and let go', async () => {
    const source = new PassThrough();
    const fault = await faultOf(buffer(guardStream(source, { idleTimeoutMs: 30 })));
    expect(fault.detail).toContain('замолчала');
    expect(source.destroyed).toBe(true);
  });

  it('nobody reading, nothing is taken from the source and no silence counted', async () => {
    const source = new PassThrough();
    const guarded = guardStream(source, { idleTimeoutMs: 1 });
    source.end('abc');
    const later = Date.now() + 30;
    while (Date.now() < later) await new Promise((resolve) => setImmediate(resolve));
    expect(guarded.destroyed).toBe(false);
    expect(String(await buffer(guarded))).toBe('abc');
  });

  it('a stop before and during', async () => {
    const before = guardStream(new PassThrough(), { ...IDLE, signal: AbortSignal.abort() });
    expect((await faultOf(buffer(before))).code).toBe('STOPPED');
    const stop = new AbortController();
    const source = new PassThrough();
    const during = faultOf(buffer(guardStream(source, { ...IDLE, signal: stop.signal })));
    source.write('x');
    stop.abort();
    expect((await during).code).toBe('STOPPED');
    expect(source.destroyed).toBe(true);
  });

  it('an error that a stop causes in the source is the stop', async () => {
    const stop = new AbortController();
    const source = new PassThrough();
    stop.signal.addEventListener('abort', () => source.destroy(new Error('canceled')));
    const fault = faultOf(buffer(guardStream(source, { ...IDLE, signal: stop.signal })));
    stop.abort();
    expect((await fault).code).toBe('STOPPED');
  });

  it('a writer that fails lets the source go', async () => {
    const source = new PassThrough();
    source.write('x');
    const disk = new PassThrough({
      transform(_chunk, _encoding, callback) {
        callback(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
      },
    });
    await expect(pipeline(guardStream(source, IDLE), disk)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(source.destroyed).toBe(true);
  });
});
