import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isServerAlive, stateOf, stopServer } from '../support/embedded-state.ts';
import { eventually } from '../support/eventually.ts';
import { type Posrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const LONG = 240_000;
const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url));
/** Nobody listens there: a start needs no platform. */
const NO_PLATFORM = 'http://127.0.0.1:9';

describe('a start that fails half-way', () => {
  let stand: Stand;
  let daemons: Posrednik[];

  beforeEach(async () => {
    daemons = [];
    stand = await makeStand({ platformUrl: NO_PLATFORM, cabinets: 1 });
  });
  afterEach(async () => {
    for (const daemon of daemons) daemon.process.kill('SIGKILL');
    await Promise.all(daemons.map((daemon) => daemon.exited));
    await stopServer(stand.dir);
    await stand.remove();
  });

  function start(env: Readonly<Record<string, string>> = {}): Posrednik {
    const daemon = startPosrednik(['run', '--config', stand.configPath], { env });
    daemons.push(daemon);
    return daemon;
  }

  /** What every failed start owes: exit code 1, words for a person, whole log lines, no server. */
  async function expectRefusal(daemon: Posrednik, ...words: string[]): Promise<void> {
    expect(await daemon.exited).toEqual({ code: 1, signal: null });
    const told = daemon.stderr.join('\n');
    for (const word of words) expect(told).toContain(word);
    expect(told).not.toMatch(/^\s+at /m);
    expect(daemon.log().map((line) => line['msg'])).not.toContain('daemon started');
    expect(daemon.log().filter((line) => line['level'] === 60)).toEqual([]);
  }

  it(
    'with the console port taken: says which, and nothing is left running',
    async () => {
      const { server, port } = await listen();
      try {
        const daemon = start({ POSREDNIK_CONSOLE__PORT: String(port) });
        await expectRefusal(daemon, 'CONSOLE_UNAVAILABLE', `127.0.0.1:${port}`, 'порт занят', 'console.port');
        expect(daemon.log().map((line) => line['msg'])).toContain('embedded database is ready');
        expect(await isServerAlive(stand.dir)).toBe(false);
      } finally {
        server.close();
      }
      const again = start();
      await again.logged('daemon started');
      again.process.kill('SIGTERM');
      expect((await again.exited).code).toBe(0);
    },
    LONG,
  );

  it(
    'with a broken mapping: names file and place before anything is started',
    async () => {
      const mappings = join(stand.dir, 'mappings');
      await cp(MAPPINGS, mappings, { recursive: true });
      await writeFile(join(mappings, 'card.yaml'), 'group: {name: [\n');
      const daemon = start({ POSREDNIK_MAPPINGSDIR: mappings });
      await expectRefusal(daemon, 'Настройки содержат ошибки', 'card.yaml', 'posrednik check');
      expect(daemon.stdout).toEqual([]);
    },
    LONG,
  );

  it(
    'with the database away: says so, with the remedy and without the password',
    async () => {
      const { server, port } = await listen();
      await new Promise((resolve) => server.close(resolve));
      const url = `postgresql://posrednik:dbsecret77@127.0.0.1:${port}/posrednik`;
      const daemon = start({ DATABASE_URL: url });
      await expectRefusal(daemon, 'DATABASE_UNREACHABLE', 'База данных недоступна', 'DATABASE_URL');
      expect([...daemon.stdout, ...daemon.stderr].join('\n')).not.toContain('dbsecret77');
    },
    LONG,
  );

  it(
    'with a folder of files that is a file: says which folder',
    async () => {
      await mkdir(join(stand.dir, 'state'), { recursive: true });
      await writeFile(join(stand.dir, 'state', 'spool'), 'a file in its place');
      const daemon = start();
      await expectRefusal(daemon, 'SPOOL_UNAVAILABLE', 'spoolDir');
      expect(await isServerAlive(stand.dir)).toBe(false);
    },
    LONG,
  );

  it(
    'beside a daemon of the same state directory: says whose it is and leaves it alone; after kill -9 it takes over',
    async () => {
      const first = start();
      const { url } = await first.logged('daemon started');
      const { pid } = await stateOf(stand.dir);
      const second = start();
      await expectRefusal(second, 'STATE_DIR_BUSY', `процессом ${first.process.pid}`, 'stateDir');
      expect((await fetch(`${url}/readyz`)).status).toBe(200);

      first.process.kill('SIGKILL');
      expect((await first.exited).signal).toBe('SIGKILL');
      expect(await stateOf(stand.dir)).toEqual({ pid });
      const third = start();
      await third.logged('daemon started');
      expect(await third.logged('embedded database is ready')).toMatchObject({
        serverPid: pid,
        takenOver: true,
      });
      third.process.kill('SIGTERM');
      expect((await third.exited).code).toBe(0);
      expect(await isServerAlive(stand.dir)).toBe(false);
    },
    LONG,
  );

  it(
    'with faulty settings: tells every fault at once',
    async () => {
      await writeFile(stand.configPath, 'console: {port: много}\nplatfrom: {}\nchannels: []\n');
      const daemon = start();
      await expectRefusal(daemon, 'console.port', 'platfrom', 'channels', 'platform', 'posrednik check');
    },
    LONG,
  );

  it(
    'with the server killed under it: starts it again and works on',
    async () => {
      const daemon = start();
      const { url } = await daemon.logged('daemon started');
      const { pid } = await stateOf(stand.dir);
      process.kill(pid, 'SIGKILL');
      await daemon.logged('database server died, starting it again');
      await eventually('it is ready again', async () => (await fetch(`${url}/readyz`)).ok);
      expect((await stateOf(stand.dir)).pid).not.toBe(pid);
      daemon.process.kill('SIGTERM');
      expect((await daemon.exited).code).toBe(0);
      for (const line of daemon.log()) expect(line['level']).not.toBe(60);
      await rm(join(stand.dir, 'state', 'spool'), { recursive: true, force: true });
    },
    LONG,
  );
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
