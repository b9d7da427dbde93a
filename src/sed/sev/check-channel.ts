import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SedChannel } from '../port.ts';
import { errnoOf, folderFault } from './folder-fault.ts';
import { type PackageFs, packageFs } from './package-fs.ts';
import { temporaryName } from './temporary.ts';

/**
 * Tries for real what the exchange needs: in `out` to make a folder with a file, fsync, rename and delete; in
 * `in` to list, to read a waiting envelope and to delete. Throws SED_FOLDER_UNAVAILABLE that names the folder and
 * the step. What it makes is hidden and goes away again, also when a step fails.
 */
export async function checkChannelFolders(channel: SedChannel, fs: PackageFs = packageFs): Promise<void> {
  await checkOut(channel.out, fs);
  await checkIn(channel.in, fs);
}

async function checkOut(folder: string, fs: PackageFs): Promise<void> {
  const from = join(folder, temporaryName());
  const to = join(folder, temporaryName());
  const step = stepsIn('out', folder);
  try {
    await step('создать папку', () => fs.makeFolder(from));
    await step('записать файл', () => fs.writeFile(join(from, 'probe.txt'), Buffer.from('posrednik')));
    await step('сохранить папку на диск', () => fs.syncFolder(from));
    await step('переименовать папку', () => fs.rename(from, to));
    await step('удалить папку', () => fs.remove(to));
  } finally {
    await Promise.allSettled([fs.remove(from), fs.remove(to)]);
  }
}

async function checkIn(folder: string, fs: PackageFs): Promise<void> {
  const probe = join(folder, temporaryName());
  const step = stepsIn('in', folder);
  const names = await step('прочитать список', () => readdir(folder));
  const envelope = names.find((name) => name.toLowerCase().endsWith('.env'));
  if (envelope !== undefined) {
    await step('прочитать конверт', () => readUnlessTaken(join(folder, envelope)));
  }
  try {
    // Only a file of our own may be deleted for a trial, so one is made first.
    await step('создать файл', () => fs.writeFile(probe, Buffer.from('posrednik')));
    await step('прочитать файл', () => readFile(probe));
    await step('удалить файл', () => rm(probe));
  } finally {
    await Promise.allSettled([fs.remove(probe)]);
  }
}

/** An envelope that another reader took between listing and reading is no fault. */
async function readUnlessTaken(path: string): Promise<void> {
  try {
    const file = await open(path, 'r');
    await file.close();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function stepsIn(which: 'in' | 'out', folder: string) {
  return async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw folderFault(error, `папка ${which} ${folder}: не удалось ${what}`);
    }
  };
}
