import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatOwner,
  parseOwner,
  readLivingOwner,
  writeOwner,
} from '../../../../src/store/embedded/owner-file.ts';
import { readBootId, readProcess } from '../../../../src/store/embedded/process-info.ts';

const owner = fc.record({
  pid: fc.integer({ min: 1, max: 4_194_304 }),
  startTicks: fc.integer({ min: 0, max: 999_999_999_999 }),
  bootId: fc.uuid(),
});

describe('text of the owner file', () => {
  it('reads back what was written', () => {
    fc.assert(fc.property(owner, (value) => expect(parseOwner(formatOwner(value))).toEqual(value)));
  });

  it('accepts nothing that it would not write', () => {
    const almost = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^pid \d{0,12}\nstarted \d{0,18}\nboot [\w-]{0,70}\n?$/),
      fc.tuple(owner, fc.nat(120), fc.string({ maxLength: 3 })).map(([value, at, noise]) => {
        const text = formatOwner(value);
        return text.slice(0, at) + noise + text.slice(at + 1);
      }),
    );
    fc.assert(
      fc.property(almost, (text) => {
        const parsed = parseOwner(text);
        if (parsed !== undefined) expect(formatOwner(parsed)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is never half read: any true beginning of it is refused', () => {
    fc.assert(
      fc.property(owner, fc.nat(), (value, cut) => {
        const text = formatOwner(value);
        expect(parseOwner(text.slice(0, cut % text.length))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['pid zero', 'pid 0\nstarted 5\nboot abc\n'],
    ['leading zeros', 'pid 007\nstarted 5\nboot abc\n'],
    ['a line more', 'pid 7\nstarted 5\nboot abc\nmore\n'],
    ['other line ends', 'pid 7\r\nstarted 5\r\nboot abc\r\n'],
    ['a negative number', 'pid -7\nstarted 5\nboot abc\n'],
  ])('refuses %s', (_name, text) => {
    expect(parseOwner(text)).toBeUndefined();
  });
});

describe('the owner', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posrednik-owner-'));
    path = join(folder, 'daemon.pid');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is this process after it wrote itself, and no draft stays', async () => {
    await writeOwner(path);
    expect(await readLivingOwner(path)).toMatchObject({ pid: process.pid, bootId: await readBootId() });
    expect(await readdir(folder)).toEqual(['daemon.pid']);
  });

  it('is nobody when the process with that number started at another time', async () => {
    const self = await readProcess(process.pid);
    const startTicks = (self?.startTicks ?? 0) + 1;
    await writeFile(path, formatOwner({ pid: process.pid, startTicks, bootId: await readBootId() }));
    expect(await readLivingOwner(path)).toBeUndefined();
  });

  it('is nobody after a reboot', async () => {
    await writeOwner(path);
    await writeFile(path, (await readFile(path, 'utf8')).replace(/boot .*/, 'boot 11111111-2222'));
    expect(await readLivingOwner(path)).toBeUndefined();
  });

  it('is nobody when there is no file, or nonsense in it', async () => {
    expect(await readLivingOwner(join(folder, 'absent'))).toBeUndefined();
    await writeFile(path, '\0\0\0');
    expect(await readLivingOwner(path)).toBeUndefined();
  });
});
