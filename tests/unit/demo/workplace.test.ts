import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DemoError } from '../../../scripts/demo/errors.ts';
import { openWorkplace } from '../../../scripts/demo/workplace.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posrednik-workplace-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the workplace', () => {
  it('is one temporary folder, secrets closed, and goes whole', async () => {
    const place = await openWorkplace(['a', 'b']);
    expect(place.takenDir).toBeUndefined();
    expect(place.channels.map(({ id }) => id)).toEqual(['a', 'b']);
    for (const channel of place.channels) expect(await readdir(channel.in)).toEqual([]);
    expect((await stat(place.settingsDir)).mode & 0o777).toBe(0o700);
    const temporary = join(place.settingsDir, '..');
    expect((await stat(temporary)).mode & 0o777).toBe(0o711);
    await writeFile(place.logFile, 'x');
    await place.remove();
    await expect(stat(temporary)).rejects.toThrow('ENOENT');
  });

  it('leaves channels, taken packages and logs in the folder to keep', async () => {
    const kept = join(folder, 'new', 'deep');
    const place = await openWorkplace(['a'], kept);
    expect(place.takenDir).toBe(join(kept, 'taken'));
    await writeFile(place.logFile, 'x');
    await place.remove();
    expect((await readdir(kept)).sort()).toEqual(['channels', 'logs', 'ЧИТАЙТЕ.txt']);
    expect(await readFile(place.logFile, 'utf8')).toBe('x');
    await expect(stat(place.settingsDir)).rejects.toThrow('ENOENT');
  });

  it('replaces what an earlier run left there, and nothing else', async () => {
    const first = await openWorkplace(['a'], folder);
    await writeFile(first.logFile, 'old');
    await mkdir(join(folder, 'taken', 'old'), { recursive: true });
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await first.remove();
    const second = await openWorkplace(['b'], folder);
    await second.remove();
    expect((await readdir(folder)).sort()).toEqual(['channels', 'logs', 'notes.txt', 'ЧИТАЙТЕ.txt']);
    expect(await readdir(join(folder, 'channels'))).toEqual(['b']);
    expect(await readdir(join(folder, 'logs'))).toEqual([]);
  });

  it('refuses a folder of somebody else, and what is no folder', async () => {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await expect(openWorkplace(['a'], folder)).rejects.toThrow(
      new DemoError(`Папка ${folder} не пуста. Укажите новую или пустую папку.`),
    );
    await expect(openWorkplace(['a'], join(folder, 'notes.txt'))).rejects.toThrow(
      new DemoError(`Папка ${join(folder, 'notes.txt')} не читается (ENOTDIR). Укажите другую.`),
    );
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('says so when the folder cannot be made', async () => {
    await expect(openWorkplace(['a'], '/sys/posrednik-demo')).rejects.toThrow(
      /нельзя писать \((EPERM|EACCES|EROFS)\)/,
    );
  });
});
