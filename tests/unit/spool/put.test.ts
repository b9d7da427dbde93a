import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import { openSpool, type Spool } from '../../../src/store/spool.ts';
import { bytesOf, emptyFolder, faultOf, sha256, sourceOf, temporaryFolder, treeOf } from './support.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let spool: Spool;

beforeEach(async () => {
  folder = await temporaryFolder();
  dir = join(folder.dir, 'spool');
  spool = await openSpool(dir);
});
afterEach(() => folder.remove());

const LIMIT = 10_000_000;
const content = bytesOf(50_000);
const hash = sha256(content);
const whole = { [`${hash.slice(0, 2)}/${hash.slice(2)}`]: hash };

describe('a file from the platform', () => {
  it('stands under its hash, whole, with nothing beside it', async () => {
    const source = sourceOf(content);
    const blob = await spool.put({ key: 'a', maxBytes: LIMIT, ...source });
    expect(blob).toEqual({ sha256: hash, size: content.length });
    expect(source.offsets).toEqual([0]);
    expect(await treeOf(dir)).toEqual(whole);
    expect(await readFile(spool.pathOf(hash))).toEqual(content);
  });

  it('of no bytes is a file too', async () => {
    const blob = await spool.put({
      key: 'a',
      maxBytes: LIMIT,
      expectedSize: 0,
      ...sourceOf(Buffer.alloc(0)),
    });
    expect(blob).toEqual({ sha256: sha256(''), size: 0 });
    expect((await stat(spool.pathOf(sha256('')))).size).toBe(0);
  });

  it('with the told size and checksum, in whatever case it is written, is taken', async () => {
    const told = { expectedSize: content.length, expectedSha256: hash.toUpperCase() };
    expect(await spool.put({ key: 'a', maxBytes: LIMIT, ...told, ...sourceOf(content) })).toMatchObject({
      sha256: hash,
    });
  });

  it('any chunking gives the same hash and the same bytes', async () => {
    let key = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes)),
        fc.integer({ min: 1, max: 700 }),
        fc.array(fc.nat(1500), { maxLength: 4 }),
        fc.boolean(),
        async (bytes, chunk, cuts, ignoresRange) => {
          await emptyFolder(join(dir, 'partial'));
          const source = sourceOf(bytes, { chunk, cuts, ignoresRange });
          const options = { key: `k${key++}`, maxBytes: LIMIT, expectedSize: bytes.length, ...source };
          for (const _cut of cuts)
            expect(await faultOf(spool.put(options))).toMatchObject({ kind: 'transient' });
          const blob = await spool.put(options);
          expect(blob).toEqual({ sha256: sha256(bytes), size: bytes.length });
          expect(await readFile(spool.pathOf(blob.sha256))).toEqual(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a transfer that is cut', () => {
  it('goes on from where it was, and asks for no byte twice', async () => {
    const source = sourceOf(content, { cuts: [10_000, 25_000, 0] });
    const put = () => spool.put({ key: 'a', maxBytes: LIMIT, expectedSha256: hash, ...source });
    for (let i = 0; i < 3; i += 1)
      expect(await faultOf(put())).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    expect(Object.keys(await treeOf(dir))).toEqual(['partial/a.part']);
    expect(await put()).toMatchObject({ sha256: hash });
    expect(source.offsets).toEqual([0, 10_000, 35_000, 35_000]);
    expect(await treeOf(dir)).toEqual(whole);
  });

  it('goes on in another process, which knows nothing but the folder', async () => {
    const source = sourceOf(content, { cuts: [33_333] });
    await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, ...source }));
    const restarted = await openSpool(dir);
    expect(await restarted.put({ key: 'a', maxBytes: LIMIT, ...source })).toMatchObject({ sha256: hash });
    expect(source.offsets).toEqual([0, 33_333]);
  });

  it('by a raw error of a socket leaves what came, too', async () => {
    const error = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    const source = sourceOf(content, { cuts: [20_000], error });
    await expect(spool.put({ key: 'a', maxBytes: LIMIT, ...source })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await spool.put({ key: 'a', maxBytes: LIMIT, ...source });
    expect(source.offsets).toEqual([0, 20_000]);
  });

  it('begins anew with a server that ignores the asked place', async () => {
    const source = sourceOf(content, { cuts: [40_000], ignoresRange: true });
    const put = () => spool.put({ key: 'a', maxBytes: LIMIT, ...source });
    await faultOf(put());
    expect(await put()).toEqual({ sha256: hash, size: content.length });
    expect(source.offsets).toEqual([0, 40_000]);
  });

  it('and then shorter than what is held leaves no old tail behind', async () => {
    await faultOf(
      spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(bytesOf(30_000, 9), { cuts: [30_000] }) }),
    );
    const short = bytesOf(5_000, 3);
    const blob = await spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(short, { ignoresRange: true }) });
    expect(blob).toEqual({ sha256: sha256(short), size: 5_000 });
    expect(await readFile(spool.pathOf(blob.sha256))).toEqual(short);
  });

  it('is one of its key: another key begins at the beginning', async () => {
    const source = sourceOf(content, { cuts: [10_000] });
    await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, ...source }));
    await spool.put({ key: 'b', maxBytes: LIMIT, ...source });
    expect(source.offsets).toEqual([0, 0]);
  });

  it('that starts behind what was asked for would leave a hole, and is refused', async () => {
    const openAt = async () => ({ stream: (await sourceOf(content).openAt(100)).stream, offset: 100 });
    expect(await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, openAt }))).toMatchObject({
      code: 'FILE_DAMAGED',
    });
  });

  it('that fails before anybody reads it ends with its error, not with the process', async () => {
    const broken = new Fault('PLATFORM_UNREACHABLE');
    const openAt = async () => {
      const stream = new Readable({ read: () => undefined });
      stream.destroy(broken);
      return { stream, offset: 0 };
    };
    // A part to be hashed first gives the error time to be heard by nobody.
    await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(content, { cuts: [50_000] }) }));
    const late = async (offset: number) => ({ ...(await openAt()), offset });
    for (const open of [openAt, late]) {
      expect(await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, openAt: open }))).toBe(broken);
    }
  });

  it('never opens is told as the source told it, and keeps what is held', async () => {
    const source = sourceOf(content, { cuts: [10_000] });
    await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, ...source }));
    const openAt = () => Promise.reject(new Fault('FILE_GONE'));
    expect(await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, openAt }))).toMatchObject({
      code: 'FILE_GONE',
    });
    await spool.put({ key: 'a', maxBytes: LIMIT, ...source });
    expect(source.offsets).toEqual([0, 10_000]);
  });
});

describe('a file that is not what was told', () => {
  it('shorter: kept, for the rest may come', async () => {
    const source = sourceOf(content.subarray(0, 40_000));
    const fault = await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, expectedSize: 50_000, ...source }));
    expect(fault).toMatchObject({ code: 'FILE_DAMAGED', kind: 'transient' });
    const rest = sourceOf(content);
    expect(await spool.put({ key: 'a', maxBytes: LIMIT, expectedSize: 50_000, ...rest })).toMatchObject({
      sha256: hash,
    });
    expect(rest.offsets).toEqual([40_000]);
  });

  it('longer: thrown away', async () => {
    const fault = await faultOf(
      spool.put({ key: 'a', maxBytes: LIMIT, expectedSize: 49_999, ...sourceOf(content) }),
    );
    expect(fault).toMatchObject({ code: 'FILE_DAMAGED' });
    expect(await treeOf(dir)).toEqual({});
  });

  it('of another checksum: thrown away, so the next try begins anew', async () => {
    const bad = Buffer.from(content);
    bad[30_000] = (bad[30_000] ?? 0) ^ 1;
    const options = { key: 'a', maxBytes: LIMIT, expectedSize: 50_000, expectedSha256: hash };
    expect(await faultOf(spool.put({ ...options, ...sourceOf(bad) }))).toMatchObject({
      code: 'FILE_DAMAGED',
    });
    expect(await treeOf(dir)).toEqual({});
    const source = sourceOf(content);
    await spool.put({ ...options, ...source });
    expect(source.offsets).toEqual([0]);
  });

  it('a part gone bad on the disk is found by the checksum', async () => {
    const source = sourceOf(content, { cuts: [20_000] });
    const options = { key: 'a', maxBytes: LIMIT, expectedSha256: hash, ...source };
    await faultOf(spool.put(options));
    await writeFile(join(dir, 'partial', 'a.part'), bytesOf(20_000, 77));
    expect(await faultOf(spool.put(options))).toMatchObject({ code: 'FILE_DAMAGED' });
    expect(await spool.put(options)).toMatchObject({ sha256: hash });
    expect(source.offsets).toEqual([0, 20_000, 0]);
  });
});

describe('a file too large', () => {
  it('is refused at the first byte past the limit, its stream closed, its part thrown away', async () => {
    let sent = 0;
    const endless = sourceOf(bytesOf(1_000_000));
    const openAt = async (offset: number) => {
      const opened = await endless.openAt(offset);
      opened.stream.on('data', (chunk: Buffer) => {
        sent += chunk.length;
      });
      opened.stream.pause();
      return opened;
    };
    const fault = await faultOf(spool.put({ key: 'a', maxBytes: 10_000, openAt }));
    expect(fault).toMatchObject({ code: 'FILE_TOO_LARGE', kind: 'rejected' });
    expect(sent).toBeLessThan(500_000);
    expect(endless.streams[0]?.destroyed).toBe(true);
    expect(await treeOf(dir)).toEqual({});
  });

  it('of exactly the limit is taken', async () => {
    expect(await spool.put({ key: 'a', maxBytes: content.length, ...sourceOf(content) })).toMatchObject({
      size: content.length,
    });
  });

  it('that grew past it over two tries is refused', async () => {
    const source = sourceOf(content, { cuts: [30_000] });
    await faultOf(spool.put({ key: 'a', maxBytes: 40_000, ...source }));
    expect(await faultOf(spool.put({ key: 'a', maxBytes: 40_000, ...source }))).toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
    expect(await treeOf(dir)).toEqual({});
  });
});

describe('names that meet', () => {
  it('the same content by many keys at once is one file', async () => {
    const blobs = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        spool.put({ key: `k${i}`, maxBytes: LIMIT, ...sourceOf(content, { chunk: 100 + i }) }),
      ),
    );
    expect(new Set(blobs.map((blob) => blob.sha256))).toEqual(new Set([hash]));
    expect(await treeOf(dir)).toEqual(whole);
  });

  it('content that is there already is stored again over it, harming no reader', async () => {
    await spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(content) });
    const { open } = await import('node:fs/promises');
    const reader = await open(spool.pathOf(hash));
    await spool.put({ key: 'b', maxBytes: LIMIT, ...sourceOf(content) });
    expect(await reader.readFile()).toEqual(content);
    await reader.close();
    expect(await treeOf(dir)).toEqual(whole);
  });

  it('a stored file that the disk has spoilt is put right by storing it again', async () => {
    await spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(content) });
    await writeFile(spool.pathOf(hash), 'испорчено');
    await spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(content) });
    expect(await treeOf(dir)).toEqual(whole);
  });
});

describe('a file of the exchange folder', () => {
  it('is copied in, and the original stays', async () => {
    const path = join(folder.dir, 'ответ.pdf');
    await writeFile(path, content);
    expect(await spool.putFile(path)).toEqual({ sha256: hash, size: content.length });
    expect(await readFile(path)).toEqual(content);
    expect(await treeOf(dir)).toEqual(whole);
  });

  it('by many processes at once, with one folder and one process number, never mixes two files', async () => {
    const spools = await Promise.all(Array.from({ length: 5 }, () => openSpool(dir)));
    const paths = await Promise.all(
      spools.map(async (_spool, i) => {
        const path = join(folder.dir, `${i}.bin`);
        await writeFile(path, bytesOf(300_000, i + 1));
        return path;
      }),
    );
    const blobs = await Promise.all(spools.map((one, i) => one.putFile(paths[i] ?? '')));
    expect(blobs.map((blob) => blob.sha256)).toEqual(
      spools.map((_one, i) => sha256(bytesOf(300_000, i + 1))),
    );
    for (const { sha256: name } of blobs) expect(sha256(await readFile(spool.pathOf(name)))).toBe(name);
  });

  it('that is gone is told, and leaves nothing', async () => {
    for (let i = 0; i < 20; i += 1) {
      expect(await faultOf(spool.putFile(join(folder.dir, 'нет')))).toMatchObject({ kind: 'transient' });
    }
    expect(await treeOf(dir)).toEqual({});
  });
});
