import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findNativeFolder, prepareBinaries, restoreLinks } from '../../../../src/store/embedded/binaries.ts';
import { copyBinaries } from '../../../../src/store/embedded/binaries-copy.ts';

describe('the programs of PostgreSQL', () => {
  let folder: string;
  let native: string;

  /** A package in miniature: one program, one library with its link to be made, one static library. */
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posrednik-bin-'));
    native = join(folder, 'package', 'native');
    await mkdir(join(native, 'bin'), { recursive: true });
    await mkdir(join(native, 'lib'));
    await mkdir(join(native, 'share', 'postgresql'), { recursive: true });
    await writeFile(join(native, 'share', 'postgresql', 'postgres.bki'), '');
    await writeFile(join(folder, 'package', 'package.json'), '{"version":"18.4.0-beta.17"}');
    await writeFile(join(native, 'lib', 'libx.so.1.2'), 'x');
    await writeFile(join(native, 'lib', 'libx.a'), 'x');
    await writeFile(
      join(native, 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }]),
    );
    await program('echo "postgres (PostgreSQL) 18.4"');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function program(script: string): Promise<void> {
    const path = join(native, 'bin', 'postgres');
    await rm(path, { force: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  const home = async () => {
    await mkdir(join(folder, 'home'), { recursive: true });
    return join(folder, 'home');
  };

  it('come with the installed package', async () => {
    expect((await stat(join(findNativeFolder(), 'bin', 'initdb'))).isFile()).toBe(true);
    expect(() => findNativeFolder('z80')).toThrow(/EMBEDDED_DATABASE_FAILED.*linux-z80/);
  });

  it('are used where they are when they run, with the links made', async () => {
    const found = await prepareBinaries(native, undefined, () => Promise.reject(new Error('no copy needed')));
    expect(found).toEqual({
      postgres: join(native, 'bin', 'postgres'),
      initdb: join(native, 'bin', 'initdb'),
      major: 18,
    });
    expect(await readlink(join(native, 'lib', 'libx.so.1'))).toBe('libx.so.1.2');
    await restoreLinks(native);
  });

  it('are copied once when they do not run where they are', async () => {
    // Runs in the copy alone, as a program does whose folder is closed to the account.
    await program('case "$0" in *home*) echo "postgres (PostgreSQL) 18.4";; *) exit 1;; esac');
    const found = await prepareBinaries(native, undefined, home);
    const copy = join(folder, 'home', `postgres-18.4.0-beta.17-${process.arch}`);
    expect(found.postgres).toBe(join(copy, 'bin', 'postgres'));
    expect((await lstat(join(copy, 'lib', 'libx.so.1'))).isSymbolicLink()).toBe(true);
    expect((await readdir(join(copy, 'lib'))).sort()).toEqual(['libx.so.1', 'libx.so.1.2']);
    const { ino } = await stat(copy);
    await prepareBinaries(native, undefined, home);
    expect((await stat(copy)).ino).toBe(ino);
    expect(await readdir(await home())).toHaveLength(1);
  });

  it('that run nowhere are told with the reason', async () => {
    await program('echo "cannot open libicu" >&2; exit 127');
    await expect(prepareBinaries(native, undefined, home)).rejects.toMatchObject({
      code: 'EMBEDDED_DATABASE_FAILED',
      detail: expect.stringContaining('libicu'),
    });
  });

  it('that answer nonsense are not taken for a server', async () => {
    await program('echo "vim 9"');
    await expect(prepareBinaries(native, undefined, home)).rejects.toMatchObject({
      code: 'EMBEDDED_DATABASE_FAILED',
    });
  });

  it('are copied whole by several processes at once', async () => {
    const copies = await Promise.all(
      Array.from({ length: 6 }, async () => copyBinaries(native, await home())),
    );
    expect(new Set(copies).size).toBe(1);
    expect(await readdir(await home())).toHaveLength(1);
    expect((await readdir(copies[0] ?? '')).sort()).toEqual(['bin', 'lib', 'pg-symlinks.json', 'share']);
  });

  it('are readable by all in the copy, though the install was for one alone', async () => {
    await chmod(join(native, 'bin', 'postgres'), 0o700);
    await chmod(join(native, 'lib', 'libx.so.1.2'), 0o600);
    const copy = await copyBinaries(native, await home());
    expect((await stat(join(copy, 'bin', 'postgres'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(copy, 'lib', 'libx.so.1.2'))).mode & 0o777).toBe(0o644);
    expect((await stat(join(native, 'bin', 'postgres'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(native, 'share', 'postgresql', 'postgres.bki'))).nlink).toBe(2);
  });

  it('half copied by a killed process are cleared away later', async () => {
    const [old, young] = [join(await home(), '.copying-old'), join(await home(), '.copying-young')];
    await mkdir(old);
    await mkdir(young);
    await utimes(old, new Date(0), new Date(0));
    await copyBinaries(native, await home());
    expect((await readdir(await home())).filter((name) => name.startsWith('.'))).toEqual(['.copying-young']);
  });
});
