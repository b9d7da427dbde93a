import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RenderedPackage } from '../../../src/sed/port.ts';
import { type PackageFs, packageFs } from '../../../src/sed/sev/package-fs.ts';
import { writePackage } from '../../../src/sed/sev/package-writer.ts';
import { countedFs, systemError } from './counted-fs.ts';
import { faultOf, removeFolder, smallPackage, spooledFile, temporaryFolder } from './support.ts';

let folder: string;
let out: string;
const DIR = 'a'.repeat(32);

beforeEach(() => {
  folder = temporaryFolder();
  out = join(folder, 'out');
  mkdirSync(out);
});
afterEach(() => removeFolder(folder));

function withFile(path: string, sha256: string, name = 'файл.bin'): RenderedPackage {
  const small = smallPackage();
  return { ...small, files: [...small.files, { name, content: { path, sha256 } }] };
}

/** A package that the СЭД can take: folder and envelope, all bytes right, nothing else in `out`. */
function expectWhole(rendered: RenderedPackage, others: readonly string[] = []): void {
  const { messageDir } = rendered.identity;
  expect(readdirSync(out).sort()).toEqual([messageDir, `${messageDir}.env`, ...others].sort());
  expect(readFileSync(join(out, `${messageDir}.env`))).toEqual(Buffer.from(rendered.envelope));
  expect(readdirSync(join(out, messageDir)).sort()).toEqual(rendered.files.map((file) => file.name).sort());
  for (const { name, content } of rendered.files) {
    const expected = content instanceof Uint8Array ? Buffer.from(content) : readFileSync(content.path);
    expect(Buffer.compare(readFileSync(join(out, messageDir, name)), expected)).toBe(0);
  }
}

describe('writing', () => {
  it('puts folder and envelope in place, and nothing else', async () => {
    expect(await writePackage(out, smallPackage())).toBe('written');
    expectWhole(smallPackage());
  });

  it.each([0, 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_001])(
    'copies a spool file of %i bytes',
    async (size) => {
      const file = spooledFile(folder, 'x', Buffer.alloc(size, 'abcdefg'));
      const rendered = withFile(file.path, file.sha256.toUpperCase());
      expect(await writePackage(out, rendered)).toBe('written');
      expectWhole(rendered);
    },
  );

  it('makes the envelope the very last thing that appears', async () => {
    const order: string[] = [];
    const watched: PackageFs = {
      ...packageFs,
      rename: async (from, to) => {
        order.push(to.slice(out.length + 1));
        if (to.endsWith('.env')) expect(readdirSync(join(out, DIR))).toHaveLength(2);
        await packageFs.rename(from, to);
      },
    };
    await writePackage(out, smallPackage(), { fs: watched });
    expect(order).toEqual([DIR, `${DIR}.env`]);
  });

  it('fsyncs the folder before it is renamed and `out` after the envelope', async () => {
    const order: string[] = [];
    const fs = countedFs(packageFs, (_, name) => order.push(name));
    await writePackage(out, smallPackage(), { fs });
    expect(order).toEqual([
      'makeFolder',
      'writeFile',
      'writeFile',
      'writeFile',
      'syncFolder',
      'rename',
      'rename',
      'syncFolder',
    ]);
  });

  it('shows no reader an envelope-like name while it works', async () => {
    const seen = new Set<string>();
    const fs = countedFs(packageFs, () => {
      for (const name of readdirSync(out)) seen.add(name);
    });
    await writePackage(out, smallPackage(), { fs });
    for (const name of seen) {
      if (name.startsWith(DIR)) continue;
      expect(name).toMatch(/^\.posrednik-tmp\./);
      expect(name).not.toMatch(/\.env$/i);
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  it('writes many packages at once', async () => {
    const packages = Array.from({ length: 60 }, (_, index) =>
      smallPackage(index.toString(16).padStart(32, '0')),
    );
    const outcomes = await Promise.all(packages.map((one) => writePackage(out, one)));
    expect(new Set(outcomes)).toEqual(new Set(['written']));
    expect(readdirSync(out)).toHaveLength(120);
  });
});

describe('writing again', () => {
  it('finds the package written and changes nothing', async () => {
    await writePackage(out, smallPackage());
    expect(await writePackage(out, smallPackage())).toBe('already-written');
    expectWhole(smallPackage());
  });

  it('completes a folder that was left without its envelope', async () => {
    await writePackage(out, smallPackage());
    rmSync(join(out, `${DIR}.env`));
    expect(await writePackage(out, smallPackage())).toBe('already-written');
    expectWhole(smallPackage());
  });

  it('announces nothing when the СЭД is just removing what it took', async () => {
    await writePackage(out, smallPackage());
    rmSync(join(out, `${DIR}.env`));
    rmSync(join(out, DIR, 'DocInfo.xml'));
    expect(await writePackage(out, smallPackage())).toBe('already-written');
    expect(readdirSync(out)).toEqual([DIR]);
  });

  it('writes anew when the СЭД has taken all of it', async () => {
    await writePackage(out, smallPackage());
    rmSync(join(out, `${DIR}.env`));
    rmSync(join(out, DIR), { recursive: true });
    expect(await writePackage(out, smallPackage())).toBe('written');
    expectWhole(smallPackage());
  });

  it('from two places at once gives one package', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => writePackage(out, smallPackage())));
    expect(outcomes.filter((one) => one === 'written')).toHaveLength(1);
    expectWhole(smallPackage());
  });

  it.each(['EACCES', 'EPERM', 'EEXIST'])(
    'understands a share that says %s for a taken name',
    async (code) => {
      await writePackage(out, smallPackage());
      const share: PackageFs = {
        ...packageFs,
        rename: (from, to) =>
          existsSync(to) ? Promise.reject(systemError(code)) : packageFs.rename(from, to),
      };
      expect(await writePackage(out, smallPackage(), { fs: share })).toBe('already-written');
      expectWhole(smallPackage());
    },
  );

  it('does not take a refused rename for a taken name', async () => {
    const share: PackageFs = { ...packageFs, rename: () => Promise.reject(systemError('EACCES')) };
    const fault = await faultOf(() => writePackage(out, smallPackage(), { fs: share }));
    expect(fault.code).toBe('SED_FOLDER_UNAVAILABLE');
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('trouble with the folder', () => {
  const OPERATIONS = 8;

  it.each(Array.from({ length: OPERATIONS }, (_, step) => step))(
    'a failure of operation %i leaves nothing a reader would take for half a message, and again completes it',
    async (step) => {
      const fs = countedFs(packageFs, (number) => {
        if (number === step) throw systemError('ENOSPC');
      });
      const fault = await faultOf(() => writePackage(out, smallPackage(), { fs, channel: 'main' }));
      expect([fault.code, fault.kind]).toEqual(['SED_FOLDER_UNAVAILABLE', 'transient']);
      const left = readdirSync(out);
      expect(left.filter((name) => name.startsWith('.'))).toEqual([]);
      // Only behind the first rename may something stand: the whole folder, then the envelope too.
      expect(left).toEqual(step < 6 ? [] : step === 6 ? [DIR] : [DIR, `${DIR}.env`]);
      expect(await writePackage(out, smallPackage())).toBe(step < 6 ? 'written' : 'already-written');
      expectWhole(smallPackage());
    },
  );

  it('is told by errno and channel, never by a name of a file', async () => {
    const fs: PackageFs = { ...packageFs, writeFile: () => Promise.reject(systemError('EDQUOT')) };
    const fault = await faultOf(() => writePackage(out, smallPackage(), { fs, channel: 'main' }));
    expect(fault.detail).toBe('канал main, папка out: EDQUOT (исчерпана квота), write');
    expect(fault.cause).toBeUndefined();
    expect(fault.message).not.toContain('Иванов');
  });

  it('waits for every file before it cleans up after one that failed', async () => {
    let late = false;
    const fs: PackageFs = {
      ...packageFs,
      writeFile: async (path, bytes) => {
        if (path.endsWith('DocInfo.xml')) throw systemError('EIO');
        await new Promise((resolve) => setImmediate(resolve));
        await packageFs.writeFile(path, bytes);
        late = true;
      },
    };
    await faultOf(() => writePackage(out, smallPackage(), { fs }));
    expect(late).toBe(true);
    expect(readdirSync(out)).toEqual([]);
  });

  it('tells a missing folder', async () => {
    const fault = await faultOf(() =>
      writePackage(join(folder, 'nowhere'), smallPackage(), { channel: 'b' }),
    );
    expect(fault.detail).toBe('канал b, папка out: ENOENT (папки нет), mkdir');
  });

  it('tells when the folder is a file, or when a file stands in the message’s place', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect((await faultOf(() => writePackage(join(folder, 'file'), smallPackage()))).detail).toContain(
      'ENOTDIR',
    );
    writeFileSync(join(out, DIR), '');
    expect((await faultOf(() => writePackage(out, smallPackage()))).code).toBe('SED_FOLDER_UNAVAILABLE');
    expect(readdirSync(out)).toEqual([DIR]);
  });

  it('keeps our own mistake apart from trouble of the folder', async () => {
    const fs: PackageFs = {
      ...packageFs,
      makeFolder: () => Promise.reject(new TypeError('x is not a function')),
    };
    expect((await faultOf(() => writePackage(out, smallPackage(), { fs }))).code).toBe('DEFECT');
  });
});

describe('trouble with the spool', () => {
  it('a file that is gone is told as the spool’s, and nothing is left', async () => {
    const fault = await faultOf(() => writePackage(out, withFile(join(folder, 'gone'), 'ab')));
    expect([fault.code, fault.detail]).toEqual([
      'SPOOL_UNAVAILABLE',
      'файл для карточки не читается: ENOENT',
    ]);
    expect(readdirSync(out)).toEqual([]);
  });

  it.each([100, 2_000_000])('a damaged file of %i bytes is never sent', async (size) => {
    const file = spooledFile(folder, 'x', Buffer.alloc(size, 1));
    writeFileSync(file.path, Buffer.alloc(size, 2));
    const fault = await faultOf(() => writePackage(out, withFile(file.path, file.sha256)));
    expect(fault.code).toBe('FILE_DAMAGED');
    expect(readdirSync(out)).toEqual([]);
  });

  it.each([100, 2_000_000])('a truncated file of %i bytes is never sent', async (size) => {
    const file = spooledFile(folder, 'x', Buffer.alloc(size, 1));
    writeFileSync(file.path, Buffer.alloc(size - 1, 1));
    expect((await faultOf(() => writePackage(out, withFile(file.path, file.sha256)))).code).toBe(
      'FILE_DAMAGED',
    );
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('stopping', () => {
  it('before the start writes nothing', async () => {
    const fault = await faultOf(() => writePackage(out, smallPackage(), { signal: AbortSignal.abort() }));
    expect([fault.code, fault.detail]).toEqual([
      'SED_FOLDER_UNAVAILABLE',
      'папка out: запись прервана остановкой',
    ]);
    expect(readdirSync(out)).toEqual([]);
  });

  it('in the middle of a big file leaves nothing', async () => {
    const stop = new AbortController();
    const file = spooledFile(folder, 'x', Buffer.alloc(4_000_000));
    const fs: PackageFs = {
      ...packageFs,
      copyFile: async (...args) => {
        stop.abort();
        await packageFs.copyFile(...args);
      },
    };
    const fault = await faultOf(() =>
      writePackage(out, withFile(file.path, file.sha256), { fs, signal: stop.signal }),
    );
    expect(fault.detail).toContain('прервана');
    expect(readdirSync(out)).toEqual([]);
  });

  it('after the folder was renamed still finishes the package', async () => {
    const stop = new AbortController();
    const fs = countedFs(packageFs, (_, name) => {
      if (name === 'rename') stop.abort();
    });
    expect(await writePackage(out, smallPackage(), { fs, signal: stop.signal })).toBe('written');
    expectWhole(smallPackage());
  });
});
