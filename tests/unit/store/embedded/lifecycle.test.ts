import { chmod, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import {
  type EmbeddedDatabase,
  findRunningEmbedded,
  startEmbedded,
} from '../../../../src/store/embedded/index.ts';
import { isAlive, readProcess } from '../../../../src/store/embedded/process-info.ts';
import { waitFor } from '../../../../src/store/embedded/wait-for.ts';
import { ask, IS_ROOT, openFolder, placeOf, startChild, sweep, uidOf } from '../../../support/embedded.ts';

const log = pino({ level: 'silent' });
const LONG = 120_000;

describe('the embedded database', () => {
  let folder: string;
  let stateDir: string;
  const open: EmbeddedDatabase[] = [];

  // One database for all tests that do not need their own: making one costs seconds.
  beforeAll(async () => {
    folder = await openFolder();
  });
  beforeEach(() => {
    stateDir = join(folder, 'state');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((database) => database.stop().catch(() => undefined)));
  });
  afterAll(() => sweep(folder, join(folder, 'state')));

  async function start(more: { watchEveryMs?: number } = {}): Promise<EmbeddedDatabase> {
    const database = await startEmbedded({ stateDir, log, ...more });
    open.push(database);
    return database;
  }

  it(
    'keeps what was written over a stop and a start, with every promise of durability on',
    async () => {
      const first = await start();
      expect(first.takenOver).toBe(false);
      await ask(first.url, "CREATE TABLE note AS SELECT 'Жалоба'::text AS words");
      const settings = await ask(
        first.url,
        `SELECT name, setting FROM pg_settings WHERE name IN
           ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'server_encoding') ORDER BY name`,
      );
      expect(settings.map(({ name, setting }) => `${name}=${setting}`)).toEqual([
        'fsync=on',
        'full_page_writes=on',
        'listen_addresses=',
        'server_encoding=UTF8',
        'synchronous_commit=on',
      ]);
      await first.stop();
      expect(await readProcess(first.pid())).toBeUndefined();

      const second = await start();
      expect(second.takenOver).toBe(false);
      expect(await ask(second.url, 'SELECT lower(words) AS words FROM note')).toEqual([{ words: 'жалоба' }]);
    },
    LONG,
  );

  it(
    'opens to nobody without its password, which lies in a file for the owner alone',
    async () => {
      const { url } = await start();
      const wrong = new URL(url);
      wrong.password = 'guess';
      await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
      expect((await stat(join(stateDir, 'embedded.json'))).mode & 0o777).toBe(0o600);
      expect((await stat(await placeOf(stateDir))).mode & 0o777).toBe(0o700);
      expect(await readdir(await placeOf(stateDir))).toEqual(['data', 'run']);
      const { password } = JSON.parse(await readFile(join(stateDir, 'embedded.json'), 'utf8'));
      expect(password).toHaveLength(32);
      expect(await readFile(join(stateDir, 'postgres.log'), 'utf8')).not.toContain(password);
    },
    LONG,
  );

  it(
    'writes neither statements nor values to its log',
    async () => {
      const { url } = await start();
      await ask(url, 'CREATE TABLE person (surname text UNIQUE, age integer)');
      await ask(url, "INSERT INTO person VALUES ('Секретова', 1)");
      await expect(ask(url, "INSERT INTO person VALUES ('Секретова', 2)")).rejects.toMatchObject({
        code: '23505',
      });
      await expect(ask(url, "SELECT 'Секретова'::integer")).rejects.toMatchObject({ code: '22P02' });
      expect(await readFile(join(stateDir, 'postgres.log'), 'utf8')).not.toMatch(/Секретова|INSERT|surname/);
    },
    LONG,
  );

  it(
    'belongs to one process at a time; a command beside it finds its address',
    async () => {
      expect(await findRunningEmbedded(join(folder, 'absent'))).toBeUndefined();
      expect(await findRunningEmbedded(stateDir)).toBeUndefined();
      const { url } = await start();
      const second = startChild({ stateDir });
      expect(await second.started).toEqual({
        code: 'STATE_DIR_BUSY',
        detail: `занята процессом ${process.pid}`,
      });
      await expect(startEmbedded({ stateDir, log })).rejects.toMatchObject({ code: 'STATE_DIR_BUSY' });
      expect(await findRunningEmbedded(stateDir)).toBe(url);
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
    LONG,
  );

  it(
    'listens on a loopback port when the path is too long for a socket, and bears blanks and quotes in it',
    async () => {
      stateDir = join(folder, `с, "кавычками" и 'т. д.' %41`, 'y'.repeat(90));
      const { url } = await start();
      expect(new URL(url).search).toBe('');
      expect(new URL(url).hostname).toBe('127.0.0.1');
      expect(await ask(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
      expect(await ask(url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    },
    LONG,
  );

  it(
    'is started again at the same address when its server dies',
    async () => {
      const database = await start({ watchEveryMs: 30 });
      const dead = database.pid();
      process.kill(dead, 'SIGKILL');
      expect(await waitFor(async () => database.pid() !== dead, 60_000)).toBe(true);
      expect(await ask(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await database.stop();
      expect(await readProcess(database.pid())).toBeUndefined();
    },
    LONG,
  );

  it(
    'stops with open connections and transactions, once, however often it is told',
    async () => {
      const database = await start();
      const server = await readProcess(database.pid());
      const busy = ask(database.url, 'SELECT pg_sleep(600)');
      const seen = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
      expect(await waitFor(async () => (await ask(database.url, seen)).length === 1, 10_000)).toBe(true);
      const outcome = busy.then(
        () => 'slept',
        () => 'ended',
      );
      await Promise.all([database.stop(), database.stop()]);
      expect(await outcome).toBe('ended');
      expect(server !== undefined && (await isAlive(server))).toBe(false);
    },
    LONG,
  );

  it(
    'refuses to begin anew where data once were',
    async () => {
      await (await start()).stop();
      const data = join(await placeOf(stateDir), 'data');
      await rename(data, `${data}-away`);
      await expect(start()).rejects.toMatchObject({
        code: 'EMBEDDED_DATABASE_FAILED',
        detail: expect.stringContaining(`базы нет в ${data}`),
      });
      await rename(`${data}-away`, data);

      const state = join(stateDir, 'embedded.json');
      await rename(state, `${state}.away`);
      await expect(start()).rejects.toMatchObject({ detail: expect.stringContaining('нет файла') });
      await writeFile(state, '{"place":"postgres","password":"никому не');
      const refused = await start().catch((error: unknown) => error);
      expect(refused).toMatchObject({ detail: expect.stringContaining('испорчен'), cause: undefined });
      await rename(`${state}.away`, state);
      await start();
    },
    LONG,
  );

  it(
    'names the version when the data are of another one',
    async () => {
      await (await start()).stop();
      const version = join(await placeOf(stateDir), 'data', 'PG_VERSION');
      await writeFile(version, '12\n');
      await expect(start()).rejects.toMatchObject({ detail: expect.stringContaining('PostgreSQL 12') });
      await writeFile(version, '18\n');
    },
    LONG,
  );

  it(
    "gives the server's own reason when it does not start, and lets the directory go",
    async () => {
      const attempt = startEmbedded({ stateDir, log, settings: { max_connections: 'many' } });
      await expect(attempt).rejects.toMatchObject({
        code: 'EMBEDDED_DATABASE_FAILED',
        detail: expect.stringContaining('max_connections'),
      });
      await start();
    },
    LONG,
  );

  it(
    'begins anew, with another password, in a directory that was removed',
    async () => {
      const first = await start();
      await ask(first.url, 'CREATE TABLE old (id integer)');
      await first.stop();
      await rm(stateDir, { recursive: true });
      const second = await start();
      expect(second.url).not.toBe(first.url);
      expect(await ask(second.url, "SELECT 1 FROM pg_tables WHERE tablename = 'old'")).toEqual([]);
    },
    LONG,
  );

  const asRoot = IS_ROOT ? it : it.skip;
  asRoot(
    'runs under another user as root (skipped when not root), the same after the list of users changed',
    async () => {
      const database = await start();
      expect(await uidOf(database.pid())).not.toBe(0);
      const owner = (await stat(join(await placeOf(stateDir), 'data'))).uid;
      expect(await uidOf(database.pid())).toBe(owner);
    },
    LONG,
  );

  asRoot(
    'tells root that the way to the data was closed (skipped when not root)',
    async () => {
      await (await start()).stop();
      await chmod(folder, 0o700);
      await expect(start()).rejects.toMatchObject({ detail: expect.stringContaining('закрыт путь') });
      await chmod(folder, 0o711);
      await start();
    },
    LONG,
  );

  it('says what it cannot make', async () => {
    await writeFile(join(folder, 'file'), '');
    stateDir = join(folder, 'file', 'state');
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_DATABASE_FAILED',
      detail: expect.stringContaining(stateDir),
    });
  });
});
