import { chmod, cp, link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canReach } from '../../../../src/store/embedded/account.ts';
import { findNativeFolder } from '../../../../src/store/embedded/binaries.ts';
import {
  ask,
  type EmbeddedChild,
  IS_ROOT,
  NOBODY,
  openFolder,
  placeOf,
  startChild,
  sweep,
  uidOf,
} from '../../../support/embedded.ts';

const LONG = 180_000;
const PROJECT = join(import.meta.dirname, '..', '..', '..', '..');
const asRoot = IS_ROOT ? it : it.skip;
const asNobody = IS_ROOT && (await canReach(PROJECT, NOBODY)) ? it : it.skip;

describe('who runs the embedded database', () => {
  let folder: string;
  let stateDir: string;
  let children: EmbeddedChild[];

  beforeEach(async () => {
    folder = await openFolder();
    stateDir = join(folder, 'home', 'state');
    children = [];
  });
  afterEach(async () => {
    for (const child of children) if (child.process.exitCode === null) await child.stop();
    await sweep(folder, stateDir);
  });

  function start(...options: Parameters<typeof startChild>): EmbeddedChild {
    const child = startChild(...options);
    children.push(child);
    return child;
  }

  asNobody(
    'a plain user with nothing but a home (skipped when not root, or when the project is closed to others)',
    async () => {
      const home = await openFolder(NOBODY);
      try {
        await chmod(home, 0o700);
        const state = join(home, 'state');
        const first = start({ stateDir: state }, { ...NOBODY, home });
        const { url, serverPid } = await first.started;
        expect(await ask(url, "SELECT lower('ЖАЛОБА') AS words")).toEqual([{ words: 'жалоба' }]);
        expect(await uidOf(serverPid ?? 0)).toBe(NOBODY.uid);
        expect(await placeOf(state)).toBe(join(state, 'postgres'));
        await first.kill();
        const second = start({ stateDir: state }, { ...NOBODY, home });
        expect(await second.started).toEqual({ url, serverPid, takenOver: true });
        expect(await second.stop()).toBe(0);
      } finally {
        await sweep(home, join(home, 'state'));
      }
    },
    LONG,
  );

  asNobody(
    'a plain user is told that the state directory is not theirs to use (skipped as above)',
    async () => {
      const home = await openFolder();
      try {
        const state = join(home, 'state');
        const first = start({ stateDir: state });
        await first.started;
        expect(await first.stop()).toBe(0);
        await chmod(home, 0o777);
        const second = start({ stateDir: state }, { ...NOBODY, home });
        expect(await second.started).toMatchObject({
          code: 'EMBEDDED_DATABASE_FAILED',
          detail: expect.stringContaining('daemon.lock'),
        });
      } finally {
        await sweep(home, join(home, 'state'));
      }
    },
    LONG,
  );

  asRoot(
    'root in a 0700 home: data and a copy of the binaries go where the server can reach (skipped when not root)',
    async () => {
      const home = join(folder, 'home');
      const refuge = join(folder, 'refuge');
      const nativeFolder = await installInto(join(home, 'project'));
      await chmod(home, 0o700);
      const options = { stateDir, nativeFolder, refuges: [refuge] };

      const first = start(options);
      const { url, serverPid } = await first.started;
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      const place = await placeOf(stateDir);
      expect(dirname(place)).toBe(refuge);
      expect((await stat(place)).mode & 0o777).toBe(0o700);
      const [executable] = (await readFile(`/proc/${serverPid}/cmdline`, 'utf8')).split('\0');
      expect(executable).toMatch(new RegExp(`^${refuge}/postgres-[^/]+/bin/postgres$`));
      await ask(url, 'CREATE TABLE note AS SELECT 7 AS n');
      expect(await first.stop()).toBe(0);

      const copies = await stat(dirname(dirname(executable ?? '')));
      const second = start(options);
      expect(await ask((await second.started).url, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
      expect((await stat(dirname(dirname(executable ?? '')))).ino).toBe(copies.ino);
      expect(await second.stop()).toBe(0);

      await cp(stateDir, `${stateDir}-copy`, { recursive: true });
      const third = start(options);
      await third.started;
      const fourth = start({ ...options, stateDir: `${stateDir}-copy` });
      expect(await fourth.started).toMatchObject({ code: 'STATE_DIR_BUSY' });
    },
    LONG,
  );

  it(
    'a project whose library links were never made and cannot be: a copy is used',
    async () => {
      const nativeFolder = await installInto(join(folder, 'project'), { links: false });
      await rm(join(nativeFolder, 'pg-symlinks.json'));
      // A short path: the socket's list of folders must bear what the path holds.
      stateDir = join(folder, `с, "к" и 'т'`);
      const child = start({ stateDir, nativeFolder, refuges: [join(folder, 'refuge')] });
      // Without the list nothing can be restored: the reason must be told, not a bare exit code.
      expect(await child.started).toMatchObject({ code: 'EMBEDDED_DATABASE_FAILED' });
      await rm(stateDir, { recursive: true, force: true });

      await cp(join(findNativeFolder(), 'pg-symlinks.json'), join(nativeFolder, 'pg-symlinks.json'));
      const second = start({ stateDir, nativeFolder, refuges: [join(folder, 'refuge')] });
      const { url } = await second.started;
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect((await readdir(join(nativeFolder, 'lib'))).includes('libicuuc.so.60')).toBe(true);
    },
    LONG,
  );
});

/** A package of our binaries as npm would install it, by hard links. */
async function installInto(project: string, options: { links: boolean } = { links: true }): Promise<string> {
  const source = findNativeFolder();
  await linkTree(source, join(project, 'native'), options.links);
  await cp(join(source, '..', 'package.json'), join(project, 'package.json'));
  return join(project, 'native');
}

async function linkTree(from: string, to: string, links: boolean): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target, links);
    else if (entry.isSymbolicLink()) {
      if (links) await cp(source, target, { verbatimSymlinks: true });
    } else await link(source, target).catch(() => cp(source, target));
  }
}
