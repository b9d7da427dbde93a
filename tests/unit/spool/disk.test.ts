import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openSpool } from '../../../src/store/spool.ts';
import { nodeProgram } from '../../support/node-program.ts';
import { bytesOf, faultOf, sha256, sourceOf, temporaryFolder, treeOf } from './support.ts';

const run = promisify(execFile);
const LIMIT = 100_000_000;
const content = bytesOf(50_000);
const isRoot = process.getuid?.() === 0;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  dir = join(folder.dir, 'spool');
});
afterEach(() => folder.remove());

/** A disk of one megabyte, where we may make one. */
async function withSmallDisk(work: (dir: string) => Promise<void>): Promise<'done' | 'not allowed'> {
  await mkdir(dir);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]);
  } catch {
    return 'not allowed';
  }
  try {
    await work(dir);
    return 'done';
  } finally {
    await run('umount', ['-l', dir]);
  }
}

describe('a full disk', () => {
  it('is transient, nothing half-written stays, and what fits is stored', async () => {
    const outcome = await withSmallDisk(async (disk) => {
      const spool = await openSpool(disk);
      const big = sourceOf(bytesOf(3_000_000), { chunk: 64 * 1024 });
      const fault = await faultOf(spool.put({ key: 'big', maxBytes: LIMIT, ...big }));
      expect(fault).toMatchObject({ code: 'SPOOL_UNAVAILABLE', kind: 'transient', detail: 'ENOSPC' });
      expect(big.streams[0]?.destroyed).toBe(true);
      expect(await treeOf(disk)).toEqual({});
      expect(await spool.put({ key: 'small', maxBytes: LIMIT, ...sourceOf(content) })).toMatchObject({
        sha256: sha256(content),
      });
    });
    if (outcome === 'not allowed') console.warn('пропущено: нет права на mount, диск не ограничить');
  });

  it('that fills up behind a held part makes room, and the next try begins anew', async () => {
    const outcome = await withSmallDisk(async (disk) => {
      const spool = await openSpool(disk);
      const file = bytesOf(700_000);
      const source = sourceOf(file, { cuts: [400_000], chunk: 30_000 });
      await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, ...source }));
      await writeFile(join(disk, 'чужое'), randomBytes(400_000));
      expect(await faultOf(spool.put({ key: 'a', maxBytes: LIMIT, ...source }))).toMatchObject({
        code: 'SPOOL_UNAVAILABLE',
      });
      expect(await readdir(join(disk, 'partial'))).toEqual([]);
      await rm(join(disk, 'чужое'));
      expect(await spool.put({ key: 'a', maxBytes: LIMIT, ...source })).toEqual({
        sha256: sha256(file),
        size: file.length,
      });
      expect(source.offsets).toEqual([0, 400_000, 0]);
    });
    if (outcome === 'not allowed') console.warn('пропущено: нет права на mount, диск не ограничить');
  });
});

describe('a folder that cannot be written', () => {
  /** Root writes everywhere; a file where a folder should be stops root, too. */
  async function lock(path: string): Promise<void> {
    if (isRoot) {
      await rm(path, { recursive: true, force: true });
      await writeFile(path, '');
    } else {
      await chmod(path, 0o500);
    }
  }
  async function unlock(path: string): Promise<void> {
    if (isRoot) {
      await rm(path);
      await mkdir(path);
    } else {
      await chmod(path, 0o755);
    }
  }

  it('is transient for a file, for a copy and for the check, and over when it is mended', async () => {
    const spool = await openSpool(dir);
    const partial = join(dir, 'partial');
    const original = join(folder.dir, 'a.bin');
    await writeFile(original, content);
    await spool.check();
    await lock(partial);
    const source = sourceOf(content);
    for (const work of [
      spool.put({ key: 'a', maxBytes: LIMIT, ...source }),
      spool.putFile(original),
      spool.check(),
    ]) {
      expect(await faultOf(work)).toMatchObject({ code: 'SPOOL_UNAVAILABLE', kind: 'transient' });
    }
    // The connection is not left hanging for a file that cannot be opened.
    expect(source.streams.every((stream) => stream.destroyed)).toBe(true);
    await unlock(partial);
    await spool.check();
    expect(await spool.putFile(original)).toMatchObject({ size: content.length });
    expect(await readdir(partial)).toEqual([]);
  });

  it('is told when the spool is opened', async () => {
    await writeFile(dir, 'это не папка');
    expect(await faultOf(openSpool(dir))).toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
  });

  it('a folder of the spool that somebody tidied away is made again at the next try', async () => {
    const spool = await openSpool(dir);
    const { sha256: name } = await spool.put({ key: 'a', maxBytes: LIMIT, ...sourceOf(content) });
    await rm(join(dir, name.slice(0, 2)), { recursive: true });
    const put = () => spool.put({ key: 'a', maxBytes: LIMIT, expectedSha256: name, ...sourceOf(content) });
    expect(await faultOf(put())).toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
    expect(await put()).toMatchObject({ sha256: name });
    expect(Object.keys(await treeOf(dir))).toEqual([`${name.slice(0, 2)}/${name.slice(2)}`]);
  });

  it('a check leaves nothing behind, however many make it at once', async () => {
    const spools = await Promise.all([openSpool(dir), openSpool(dir), openSpool(dir)]);
    await Promise.all(spools.flatMap((spool) => [spool.check(), spool.check()]));
    expect(await treeOf(dir)).toEqual({});
  });
});

describe('the sweep', () => {
  it('removes what unfinished transfers left long ago, and nothing else', async () => {
    const spool = await openSpool(dir);
    await spool.put({ key: 'whole', maxBytes: LIMIT, ...sourceOf(content) });
    for (const key of ['old', 'young']) {
      await faultOf(spool.put({ key, maxBytes: LIMIT, ...sourceOf(content, { cuts: [1000] }) }));
    }
    const now = Date.now();
    const dayAgo = new Date(now - 86_400_000);
    await utimes(join(dir, 'partial', 'old.part'), dayAgo, dayAgo);
    await utimes(spool.pathOf(sha256(content)), dayAgo, dayAgo);
    expect(await spool.sweep(3_600_000, now)).toBe(1);
    expect(await readdir(join(dir, 'partial'))).toEqual(['young.part']);
    expect(await spool.sweep(3_600_000, now)).toBe(0);
    expect(Object.keys(await treeOf(dir))).toContain(spool.pathOf(sha256(content)).slice(dir.length + 1));
  });

  it('of a folder that is not there is transient', async () => {
    const spool = await openSpool(dir);
    await rm(dir, { recursive: true });
    expect(await faultOf(spool.sweep(1, Date.now()))).toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
  });
});

describe('memory', () => {
  it('a file of 200 MB adds less than 64 MB', async () => {
    const large = 200 * 1024 * 1024;
    const block = bytesOf(64 * 1024);
    const server = createServer((request, response) => {
      const total = Number(request.url?.slice(1));
      function* pieces() {
        for (let left = total; left > 0; left -= block.length)
          yield block.subarray(0, Math.min(left, block.length));
      }
      Readable.from(pieces()).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = fileURLToPath(new URL('./large-file-child.ts', import.meta.url));
    const { stdout } = await run(nodeProgram(), [child, dir, `${url}/1000`, `${url}/${large}`]);
    server.closeAllConnections();
    server.close();
    const told = JSON.parse(stdout) as { size: number; addedMb: number };
    expect(told.size).toBe(large);
    expect(told.addedMb).toBeLessThan(64);
  });
});
