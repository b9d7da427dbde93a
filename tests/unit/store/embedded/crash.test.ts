import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterNameOf } from '../../../../src/store/embedded/postmaster-file.ts';
import { isAlive, processesTitled, readProcess } from '../../../../src/store/embedded/process-info.ts';
import { waitFor } from '../../../../src/store/embedded/wait-for.ts';
import {
  ask,
  type EmbeddedChild,
  openFolder,
  placeOf,
  startChild,
  sweep,
} from '../../../support/embedded.ts';

const LONG = 180_000;

describe('after kill -9 of our process', () => {
  let folder: string;
  let stateDir: string;
  let children: EmbeddedChild[];

  // One database for all: making one costs seconds, and each test leaves the server stopped or orphaned anyway.
  beforeAll(async () => {
    folder = await openFolder();
  });
  beforeEach(() => {
    stateDir = join(folder, 'state');
    children = [];
  });
  afterEach(async () => {
    for (const child of children) if (child.process.exitCode === null) await child.stop();
  });
  afterAll(() => sweep(folder, join(folder, 'state'), join(folder, 'state-copy'), join(folder, 'fresh')));

  function start(dir = stateDir): EmbeddedChild {
    const child = startChild({ stateDir: dir });
    children.push(child);
    return child;
  }

  it(
    'the living server is taken over, with what was committed, and stopped in the end',
    async () => {
      const first = start();
      const before = await first.started;
      await ask(before.url, 'DROP TABLE IF EXISTS note; CREATE TABLE note AS SELECT 7 AS n');
      await first.kill();
      expect(await readProcess(before.serverPid ?? 0)).toBeDefined();

      const second = start();
      const after = await second.started;
      expect(after).toEqual({ url: before.url, serverPid: before.serverPid, takenOver: true });
      expect(await ask(after.url, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
      expect(await second.stop()).toBe(0);
      expect(await readProcess(before.serverPid ?? 0)).toBeUndefined();
    },
    LONG,
  );

  it(
    'a server that does not answer is stopped and a new one started',
    async () => {
      const first = start();
      const before = await first.started;
      await ask(before.url, 'DROP TABLE IF EXISTS note; CREATE TABLE note AS SELECT 7 AS n');
      await first.kill();
      const frozen = await readProcess(before.serverPid ?? 0);
      process.kill(before.serverPid ?? 0, 'SIGSTOP');

      const after = await start().started;
      expect(after).toMatchObject({ takenOver: false });
      expect(after.serverPid).not.toBe(before.serverPid);
      expect(frozen !== undefined && (await isAlive(frozen))).toBe(false);
      expect(await ask(after.url, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
    },
    LONG,
  );

  it(
    'and of the server too, the next start recovers what was committed',
    async () => {
      const first = start();
      const before = await first.started;
      await ask(
        before.url,
        'DROP TABLE IF EXISTS note; CREATE TABLE note AS SELECT generate_series(1, 1000) AS n',
      );
      process.kill(before.serverPid ?? 0, 'SIGKILL');
      await first.kill();

      const after = await start().started;
      expect(after).toMatchObject({ takenOver: false });
      expect(await ask(after.url, 'SELECT count(*)::int AS n FROM note')).toEqual([{ n: 1000 }]);
    },
    LONG,
  );

  it(
    "postmaster.pid with a stranger's number is put aside and the stranger left alone",
    async () => {
      const first = start();
      const before = await first.started;
      const stranger = spawn('/bin/sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'ignore'] });
      const strangerEnded = once(stranger, 'exit');
      const file = join(await placeOf(stateDir), 'data', 'postmaster.pid');
      const text = await readFile(file, 'utf8');
      process.kill(before.serverPid ?? 0, 'SIGKILL');
      await first.kill();
      await writeFile(file, text.replace(/^\d+/, String(stranger.pid)));

      expect(await start().started).toMatchObject({ takenOver: false });
      expect(stranger.exitCode).toBeNull();
      stranger.kill('SIGKILL');
      await strangerEnded;
    },
    LONG,
  );

  it(
    'a copy of the state directory does not take the server of the original',
    async () => {
      const first = start();
      const before = await first.started;
      await ask(before.url, 'CHECKPOINT');
      await cp(stateDir, `${stateDir}-copy`, {
        recursive: true,
        preserveTimestamps: true,
        filter: (path) => !path.includes('/run/'),
      });
      await giveToOwner(`${stateDir}-copy`, await placeOf(stateDir), await placeOf(`${stateDir}-copy`));
      const copied = await start(`${stateDir}-copy`).started;
      expect(copied).toMatchObject({ takenOver: false });
      expect(copied.serverPid).not.toBe(before.serverPid);
      expect(await ask(before.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
    LONG,
  );

  it(
    'in the middle of initdb, no half database is ever used',
    async () => {
      stateDir = join(folder, 'fresh');
      // Each round a little deeper into initdb: at its folder, its first files, its catalogue.
      for (const depth of [0, 3, 20]) {
        const known = new Set(await drafts());
        const child = start();
        const isDeep = async () => {
          const fresh = (await drafts()).filter((name) => !known.has(name));
          const counts = await Promise.all(fresh.map(countEntries));
          return counts.some((count) => count >= depth);
        };
        expect(await waitFor(isDeep, 60_000)).toBe(true);
        await child.kill();
        expect(await readdir(join(stateDir, 'postgres'))).not.toContain('data');
      }
      const last = start();
      const { url } = await last.started;
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(await last.stop()).toBe(0);
    },
    LONG,
  );

  it(
    'no process of the server stays when it is stopped',
    async () => {
      const child = start();
      await child.started;
      const clusterName = await clusterNameOf(join(await placeOf(stateDir), 'data'));
      expect((await processesTitled(`postgres: ${clusterName}: `)).length).toBeGreaterThan(3);
      expect(await child.stop()).toBe(0);
      expect(await processesTitled(`postgres: ${clusterName}: `)).toEqual([]);
    },
    LONG,
  );

  async function drafts(): Promise<string[]> {
    const names = await readdir(join(stateDir, 'postgres')).catch(() => []);
    return names.filter((name) => name.startsWith('initdb-'));
  }

  async function countEntries(draft: string): Promise<number> {
    return (await readdir(join(stateDir, 'postgres', draft, 'data')).catch(() => [])).length;
  }
});

/** `cp` as root makes everything root's; the server's account must own its data again. */
async function giveToOwner(dir: string, original: string, copy: string): Promise<void> {
  const { uid, gid } = await import('node:fs/promises').then(({ stat }) => stat(original));
  const chown = spawn('chown', ['-R', `${uid}:${gid}`, copy], { cwd: dir, stdio: 'inherit' });
  const [code] = await once(chown, 'exit');
  expect(code).toBe(0);
  await rm(join(copy, 'run'), { recursive: true, force: true });
}
