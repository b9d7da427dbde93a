import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { Fault } from '../../../src/model/errors.ts';
import { readChannel } from '../../../src/registration/channel-reader.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';
import { createSink } from '../../../src/registration/sed-events.ts';
import type { SedSink } from '../../../src/sed/port.ts';
import { queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { nodeProgram } from '../../support/node-program.ts';
import { type Rig, startRig } from './rig.ts';
import { cardOf, incidentsOf } from './rows.ts';

const PACE = { sweepMs: 50, tryAgainMs: 40, probeMs: 80 };
const log = pino({ level: 'silent' });
const sink = {} as SedSink;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

/** What each reader of this process does: how often it began to read, and whether it reads now. */
class Reader {
  began = 0;
  reading = false;
  onFault: (fault: unknown) => void = () => undefined;
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;

  constructor(channel = 'delo-1', url = database.url) {
    const deps = {
      log,
      db: queryable(database.dataSource),
      incidents: createIncidents(log),
      sed: {
        read: async (
          _channel: string,
          _sink: SedSink,
          options: { signal: AbortSignal; onFault(fault: unknown): void },
        ) => {
          this.onFault = options.onFault;
          this.began += 1;
          this.reading = true;
          if (!options.signal.aborted) await once(options.signal, 'abort');
          this.reading = false;
        },
      },
    } as unknown as RegistrationDeps;
    this.done = readChannel(deps, url, channel, sink, { ...PACE, signal: this.stopping.signal });
    started.push(this);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }
}

const started: Reader[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((reader) => reader.stop()));
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Backends of readers that hold a lock of this database. */
async function holders(): Promise<number[]> {
  const rows = await queryable(database.dataSource).query<{ pid: number }>(
    `SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'posrednik-reader'
       AND a.datname = current_database()`,
  );
  return rows.map((row) => row.pid);
}

async function terminate(pid: number): Promise<void> {
  await queryable(database.dataSource).query('SELECT pg_terminate_backend($1)', [pid]);
}

describe('two readers of one channel', () => {
  it('one holds it, the other waits; when the first stops, the other takes over', async () => {
    const first = new Reader();
    await eventually('the first reads', () => first.reading);
    const second = new Reader();
    await eventually('the second has asked and been turned away', async () => {
      const rows = await queryable(database.dataSource).query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'posrednik-reader' AND datname = current_database()`,
      );
      return rows.length > 1;
    });
    expect([first.reading, second.reading]).toEqual([true, false]);
    expect(await holders()).toHaveLength(1);
    await first.stop();
    await eventually('the second reads', () => second.reading);
    expect(first.reading).toBe(false);
    expect(await holders()).toHaveLength(1);
  });

  it('never read at the same time, however often they change', async () => {
    const readers = [new Reader(), new Reader(), new Reader()];
    for (let round = 0; round < 4; round += 1) {
      await eventually('one reads', () => readers.some((reader) => reader.reading));
      expect(readers.filter((reader) => reader.reading)).toHaveLength(1);
      const [pid] = await holders();
      if (pid !== undefined) await terminate(pid);
      const began = readers.reduce((sum, reader) => sum + reader.began, 0);
      await eventually('taken over', () => readers.reduce((sum, reader) => sum + reader.began, 0) > began);
    }
  });

  it('killed: the other takes over', async () => {
    const script = join(import.meta.dirname, 'reader-child.ts');
    const child = spawn(nodeProgram(), [script, database.url, 'delo-1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const output: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    await eventually('the child reads', () => output.join('').includes('reading'));
    const heir = new Reader();
    const [pid] = await holders();
    expect(pid).toBeDefined();
    expect(heir.reading).toBe(false);
    child.kill('SIGKILL');
    await eventually('the heir reads', () => heir.reading);
    expect((await holders()).includes(pid ?? 0)).toBe(false);
  });

  it('of two channels hold both', async () => {
    const [first, second] = [new Reader('delo-1'), new Reader('delo-2')];
    await eventually('both read', () => first.reading && second.reading);
    expect(await holders()).toHaveLength(2);
  });
});

describe('a reader whose database connection is lost', () => {
  it('stops reading at once, and reads again when it has the lock again', async () => {
    const reader = new Reader();
    await eventually('it reads', () => reader.reading);
    const [pid] = await holders();
    await terminate(pid ?? 0);
    await eventually('it reads again', () => reader.began === 2 && reader.reading);
    expect(await holders()).not.toContain(pid);
  });

  it('silently, as on a dead network, is noticed by the probe', async () => {
    const proxy = await startProxy(new URL(database.url));
    try {
      const reader = new Reader('delo-1', proxy.url);
      await eventually('it reads', () => reader.reading);
      proxy.freeze();
      await eventually('it has stopped', () => !reader.reading, 20_000);
      proxy.thaw();
      // The server does not know that the old session is dead until its connection is cut.
      for (const pid of await holders()) await terminate(pid);
      await eventually('it reads again', () => reader.reading, 20_000);
    } finally {
      await Promise.all(started.splice(0).map((reader) => reader.stop()));
      await proxy.close();
    }
  }, 60_000);

  it('cannot be had for a while: it tries again', async () => {
    const proxy = await startProxy(new URL(database.url));
    const { url } = proxy;
    await proxy.close();
    const reader = new Reader('delo-1', url);
    const again = await startProxy(new URL(database.url), Number(new URL(url).port));
    try {
      await eventually('it reads', () => reader.reading);
    } finally {
      await reader.stop();
      await again.close();
    }
  });
});

describe('trouble with the folder', () => {
  it('is an incident that opens once and closes when the folder can be read again', async () => {
    const reader = new Reader('delo-9');
    await eventually('it reads', () => reader.reading);
    reader.onFault(new Fault('SED_FOLDER_UNAVAILABLE', { detail: 'ENOENT' }));
    reader.onFault(new Fault('SED_FOLDER_UNAVAILABLE', { detail: 'ENOENT' }));
    const db = queryable(database.dataSource);
    await eventually(
      'opened',
      async () => (await incidentsOf(db, 'SED_FOLDER_UNAVAILABLE'))[0]?.count === '2',
    );
    await eventually('closed', async () => (await incidentsOf(db, 'SED_FOLDER_UNAVAILABLE'))[0]?.closed);
    expect(await incidentsOf(db, 'SED_FOLDER_UNAVAILABLE')).toMatchObject([{ scope: 'channel:delo-9:in' }]);
  });

  it('left open by a reader that died is closed by the next', async () => {
    const db = queryable(database.dataSource);
    await createIncidents(log).open(db, 'SED_FOLDER_UNAVAILABLE', 'channel:delo-8:in', 'ENOENT');
    new Reader('delo-8');
    await eventually('closed', async () => {
      const rows = await incidentsOf(db, 'SED_FOLDER_UNAVAILABLE');
      return rows.find(({ scope }) => scope === 'channel:delo-8:in')?.closed;
    });
  });
});

describe('a channel of a real ДЕЛО', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ withoutReaders: true });
  });
  afterAll(async () => {
    await rig.stop();
  });

  it('is read whole while its readers die one after another', async () => {
    const stops: (() => Promise<void>)[] = [];
    const real = createSink(rig.deps);
    for (let count = 0; count < 2; count += 1) {
      const stopping = new AbortController();
      const done = readChannel(rig.worker(), rig.database.url, 'delo-1', real, {
        ...PACE,
        signal: stopping.signal,
      });
      stops.push(async () => {
        stopping.abort();
        await done;
      });
    }
    const posIds: string[] = [];
    try {
      for (let round = 0; round < 10; round += 1) {
        posIds.push(await rig.appeal(), await rig.appeal());
        await rig.drive();
        await rig.db.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'posrednik-reader' AND datname = current_database()`,
        );
      }
      await rig.until('all registered', async () => {
        const cards = await Promise.all(posIds.map((posId) => cardOf(rig.db, posId).catch(() => undefined)));
        return cards.every((card) => card?.stage === 'registered');
      });
    } finally {
      await Promise.all(stops.map((stop) => stop()));
    }
    expect(rig.delo.doubles).toBe(0);
  });
});

interface Proxy {
  readonly url: string;
  /** Nothing passes any more, and nobody is told: as when a cable is pulled. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

async function startProxy(target: URL, port = 0): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const server: Server = createServer((near) => {
    const far = connectTo(target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!frozen) to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        if (!frozen) to.destroy();
      });
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The server listens on a port of the loopback or on a unix socket. */
function connectTo(target: URL): Socket {
  const folder = target.searchParams.get('host');
  if (folder?.startsWith('/')) return tcpConnect(join(folder, `.s.PGSQL.${target.port || '5432'}`));
  return tcpConnect(Number(target.port), target.hostname);
}
