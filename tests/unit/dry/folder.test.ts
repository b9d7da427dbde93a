import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { folderName, openDryFolder } from '../../../src/dry/folder.ts';

let base: string;
let dir: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'posrednik-dry-'));
  dir = join(base, 'not', 'there', 'yet');
});
afterEach(async () => {
  await chmod(base, 0o700);
  await rm(base, { recursive: true });
});

describe('the folder of the dry run', () => {
  it('puts bytes, texts and copies of the spool, for our account alone', async () => {
    const spooled = join(base, 'blob');
    await writeFile(spooled, 'из хранилища', { mode: 0o600 });
    await openDryFolder(dir).put(
      ['lko', '42', 'card'],
      [
        { path: 'message.json', content: '{}' },
        { path: 'inner/DocInfo.xml', content: Buffer.from('<a/>') },
        { path: 'inner/файл.pdf', content: { path: spooled, sha256: 'x' } },
      ],
    );
    const place = join(dir, 'lko', '42', 'card');
    expect(await readFile(join(place, 'message.json'), 'utf8')).toBe('{}');
    expect(await readFile(join(place, 'inner', 'DocInfo.xml'), 'utf8')).toBe('<a/>');
    expect(await readFile(join(place, 'inner', 'файл.pdf'), 'utf8')).toBe('из хранилища');
    expect((await stat(place)).mode & 0o077).toBe(0);
    expect((await stat(join(place, 'message.json'))).mode & 0o077).toBe(0);
  });

  it('replaces what stood there whole, and leaves no draft', async () => {
    const folder = openDryFolder(dir);
    await folder.put(
      ['a'],
      [
        { path: 'one', content: '1' },
        { path: 'two', content: '2' },
      ],
    );
    await folder.put(['a'], [{ path: 'one', content: '3' }]);
    expect(await readdir(dir)).toEqual(['a']);
    expect(await readdir(join(dir, 'a'))).toEqual(['one']);
    expect(await readFile(join(dir, 'a', 'one'), 'utf8')).toBe('3');
  });

  it('writes equal content once, and again in another process or when it has changed', async () => {
    const folder = openDryFolder(dir);
    const files = [{ path: 'one', content: '1' }];
    await folder.put(['a'], files);
    await rm(join(dir, 'a'), { recursive: true });
    await folder.put(['a'], files);
    expect(await readdir(dir)).toEqual([]);
    await openDryFolder(dir).put(['a'], files);
    expect(await readdir(dir)).toEqual(['a']);
    await folder
      .put(['a'], [{ path: 'one', content: { path: join(dir, 'a', 'one'), sha256: 's' } }])
      .catch(() => 0);
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('a file of the spool that is gone: a fault without its name, and what stood there stays', async () => {
    const folder = openDryFolder(dir);
    await folder.put(['a'], [{ path: 'one', content: '1' }]);
    const gone = { path: join(base, 'Жалоба Полевой.pdf'), sha256: 'x' };
    const failed = folder.put(['a'], [{ path: 'two', content: gone }]);
    await expect(failed).rejects.toMatchObject({ code: 'SPOOL_UNAVAILABLE', detail: 'dryDir: ENOENT' });
    expect(await readdir(dir)).toEqual(['a']);
    expect(await readdir(join(dir, 'a'))).toEqual(['one']);
  });

  it('a folder that is a file: a fault, and the next try counts', async () => {
    await mkdir(join(base, 'not'));
    await writeFile(join(base, 'not', 'there'), '');
    const folder = openDryFolder(dir);
    const files = [{ path: 'one', content: '1' }];
    await expect(folder.put(['a'], files)).rejects.toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
    await rm(join(base, 'not', 'there'));
    await folder.put(['a'], files);
    expect(await readdir(dir)).toEqual(['a']);
  });
});

describe('a name of a folder', () => {
  it('is the word itself when it is plain, else a digest: never a path, and no two alike', () => {
    expect(folderName('374300015')).toBe('374300015');
    expect(folderName('..')).toMatch(/^~[0-9a-f]{24}$/);
    expect(folderName('')).toMatch(/^~/);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(folderName(one)).toMatch(/^[0-9A-Za-z_~-]{1,100}$/);
        expect(folderName(one) === folderName(other)).toBe(one === other);
      }),
    );
  });
});
