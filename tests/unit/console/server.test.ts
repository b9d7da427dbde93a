import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createMetrics, type Metrics } from '../../../src/console/metrics.ts';
import { type ConsoleServer, type DaemonPhase, startConsole } from '../../../src/console/server.ts';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import { createLog } from '../../../src/log.ts';
import { Fault } from '../../../src/model/errors.ts';
import { openQueue, type Queue } from '../../../src/queue/queue.ts';
import { openDatabase, type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

const LONG = 120_000;

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A strict reader of Prometheus' text format 0.0.4: every line must be a comment or a sample of a known metric. */
function parseMetrics(text: string): { samples: Sample[]; types: Map<string, string> } {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const helps = new Set<string>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-z_]+) \S.*$/.exec(line);
    const type = /^# TYPE ([a-z_]+) (gauge|counter|histogram)$/.exec(line);
    if (help?.[1] !== undefined) helps.add(help[1]);
    else if (type?.[1] !== undefined && type[2] !== undefined) types.set(type[1], type[2]);
    else {
      const sample = /^([a-z_]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line);
      if (sample === null) throw new Error(`not a sample: ${line}`);
      const [, name = '', labels = '', value] = sample;
      expect(types.has(name)).toBe(true);
      expect(helps.has(name)).toBe(true);
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
      expect(pairs.map(([whole]) => whole).join('')).toBe(labels);
      samples.push({
        name,
        labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])) as Record<string, string>,
        value: Number(value),
      });
    }
  }
  return { samples, types };
}

/** A wire to the database that can be cut: new connections are refused, those that stand are broken or go dead. */
async function openWire(
  target: URL,
): Promise<{ url: string; cut(): void; freeze(): void; mend(): void; close(): void }> {
  const sockets = new Set<Socket>();
  let state: 'whole' | 'cut' | 'frozen' = 'whole';
  const server: Server = createServer((socket) => {
    if (state === 'cut') return void socket.destroy();
    const far = target.searchParams.get('host')
      ? connect(`${target.searchParams.get('host')}/.s.PGSQL.${target.port || '5432'}`)
      : connect(Number(target.port), target.hostname);
    sockets.add(socket).add(far);
    for (const each of [socket, far]) each.on('error', () => undefined);
    socket.on('data', (data) => state === 'whole' && far.write(data));
    far.on('data', (data) => state === 'whole' && socket.write(data));
    socket.on('close', () => far.destroy());
    far.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target.href);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  url.searchParams.delete('host');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: url.href,
    cut() {
      state = 'cut';
      breakAll();
    },
    freeze() {
      state = 'frozen';
    },
    mend() {
      if (state === 'whole') return;
      state = 'whole';
      breakAll();
    },
    close() {
      breakAll();
      server.close();
    },
  };
}

describe('the console’s port', () => {
  const lines: string[] = [];
  const log = createLog('trace', { write: (line) => void lines.push(line) });
  let database: TestDatabase;
  let wire: Awaited<ReturnType<typeof openWire>>;
  let dataSource: DataSource;
  let db: Queryable;
  let queue: Queue;
  let metrics: Metrics;
  let phase: DaemonPhase = 'working';
  let cabinets: { opaId: string; enabled: boolean }[] = [];
  const breakers = createBreakers({ now: () => performance.now() });
  const open: ConsoleServer[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    wire = await openWire(new URL(database.url));
    dataSource = await openDatabase({ url: wire.url, log });
    db = queryable(dataSource);
    queue = await openQueue({ connectionString: wire.url, log });
    metrics = createMetrics({ db, queue, breakers, cabinets: () => cabinets });
    await database.dataSource.query(
      `INSERT INTO cabinet (opa_id, name, start_from, state, polled_at) VALUES
         ('1', 'lko-1', now(), 'active', now() - interval '90 seconds'), ('2', 'lko-2', now(), 'blocked', NULL),
         ('3', 'lko-3', now(), 'active', now()), ('4', 'вне "настроек"', now(), 'active', now())`,
    );
    await database.dataSource.query(
      `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at)
       SELECT '1', n::text, CASE WHEN n <= 3 THEN 'open' ELSE 'skipped' END, 'MESSAGE', 'X', now()
       FROM generate_series(1, 5) n`,
    );
    await database.dataSource.query(
      `INSERT INTO card (appeal_id, document_uid, channel, stage)
       SELECT id, 'uid-' || id, 'delo', CASE WHEN pos_id = '1' THEN 'registered' ELSE 'sent' END
       FROM appeal WHERE pos_id IN ('1', '2')`,
    );
    await database.dataSource.query(
      `INSERT INTO incident (code, scope, closed_at) VALUES ('SED_SILENT', 'a', NULL), ('SED_SILENT', 'b', NULL),
         ('SED_REFUSED', 'a', now())`,
    );
  }, LONG);
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
    phase = 'working';
    cabinets = [];
    wire.mend();
  });
  afterAll(async () => {
    await queue.stop(1000);
    await dataSource.destroy();
    wire.close();
    await database.drop();
  }, LONG);

  async function start(port = 0, host = '127.0.0.1'): Promise<string> {
    const server = await startConsole({ host, port, db, metrics, log, phase: () => phase });
    open.push(server);
    return server.url;
  }
  async function read(): Promise<{ samples: Sample[]; types: Map<string, string> }> {
    return await eventually('a reading with the database', async () => {
      const reading = parseMetrics(await metrics.render());
      return of(reading.samples, 'database_up')[0]?.value === 1 && reading;
    });
  }
  const of = (samples: readonly Sample[], name: string) =>
    samples.filter((sample) => sample.name === `posrednik_${name}`);
  const answers = async (url: string) => {
    const response = await fetch(`${url}/readyz`);
    return { status: response.status, body: await response.json() };
  };

  it('lives and is ready; unknown paths and odd requests are refused without words about our inside', async () => {
    const url = await start();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ ok: true });
    expect(await answers(url)).toEqual({ status: 200, body: { ok: true } });
    expect((await fetch(`${url}/unknown`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: 'POST', body: '{' })).status).toBe(404);
    expect((await fetch(`${url}/%zz`)).status).toBeLessThan(500);
  });

  it.each(['starting', 'stopping'] as const)('while it is %s it lives but is not ready', async (now) => {
    const url = await start();
    phase = now;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await answers(url)).toEqual({ status: 503, body: { ok: false, problem: now } });
  });

  it(
    'with the database away it is not ready, tells what it knows by itself, and is well again after',
    async () => {
      const url = await start();
      cabinets = [{ opaId: '1', enabled: true }];
      wire.cut();
      await eventually('not ready', async () => (await answers(url)).status === 503);
      expect((await answers(url)).body).toEqual({ ok: false, problem: expect.stringMatching(/^database /) });
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      const response = await fetch(`${url}/metrics`);
      expect(response.status).toBe(200);
      const { samples } = parseMetrics(await response.text());
      expect(of(samples, 'database_up')).toEqual([{ name: 'posrednik_database_up', labels: {}, value: 0 }]);
      expect(of(samples, 'cabinet_lag_seconds')).toEqual([]);
      expect(of(samples, 'resident_memory_bytes')[0]?.value).toBeGreaterThan(10_000_000);
      wire.mend();
      await eventually('ready again', async () => (await answers(url)).status === 200);
      await eventually(
        'figures again',
        async () => of((await read()).samples, 'database_up')[0]?.value === 1,
      );
    },
    LONG,
  );

  it(
    'with a database that does not answer, both answers come within seconds',
    async () => {
      const url = await start();
      wire.freeze();
      const since = performance.now();
      expect((await answers(url)).status).toBe(503);
      const { samples } = parseMetrics(await (await fetch(`${url}/metrics`)).text());
      expect(of(samples, 'database_up')[0]?.value).toBe(0);
      expect(performance.now() - since).toBeLessThan(20_000);
      wire.mend();
      await eventually('ready again', async () => (await answers(url)).status === 200);
    },
    LONG,
  );

  it('names, types and labels are those that the boards are built on', async () => {
    cabinets = ['1', '2', '3'].map((opaId) => ({ opaId, enabled: opaId !== '3' }));
    await breakers.run('platform', async () => undefined);
    await breakers.run('channel:delo-1', async () => undefined);
    const { samples, types } = await read();
    expect([...types]).toEqual(
      [
        'database_up',
        'cabinet_lag_seconds',
        'cabinet_state',
        'appeals',
        'queue_jobs',
        'incidents_open',
        'breaker_state',
        'resident_memory_bytes',
      ].map((name) => [`posrednik_${name}`, 'gauge']),
    );
    const values = (name: string) => of(samples, name).map(({ labels, value }) => [labels, value]);
    expect(values('cabinet_state')).toEqual([
      [{ cabinet: 'lko-1', state: 'active' }, 1],
      [{ cabinet: 'lko-2', state: 'blocked' }, 1],
      [{ cabinet: 'lko-3', state: 'active' }, 1],
    ]);
    const lags = new Map(
      of(samples, 'cabinet_lag_seconds').map((sample) => [sample.labels['cabinet'], sample.value]),
    );
    expect([...lags.keys()].sort()).toEqual(['lko-1', 'lko-2']);
    expect(lags.get('lko-1')).toBeGreaterThan(80);
    expect(new Map(of(samples, 'appeals').map((sample) => [sample.labels['stage'], sample.value]))).toEqual(
      new Map([
        ['card-none', 1],
        ['card-sent', 1],
        ['card-registered', 1],
        ['skipped', 2],
      ]),
    );
    expect(values('incidents_open')).toEqual([[{ code: 'SED_SILENT' }, 2]]);
    expect(values('breaker_state')).toEqual([
      [{ endpoint: 'platform' }, 0],
      [{ endpoint: 'channel:delo-1' }, 0],
    ]);
    const queues = of(samples, 'queue_jobs').map(({ labels }) => `${labels['queue']} ${labels['state']}`);
    expect(queues).toEqual(
      expect.arrayContaining(['appeal waiting', 'appeal active', 'file waiting', 'file active']),
    );
  });

  it('a cabinet taken out of the settings is gone from the next reading, one put in is there', async () => {
    cabinets = [
      { opaId: '1', enabled: true },
      { opaId: '4', enabled: true },
    ];
    const named = async () =>
      of((await read()).samples, 'cabinet_state').map((sample) => sample.labels['cabinet']);
    expect((await named()).sort()).toEqual(['lko-1', 'вне \\"настроек\\"']);
    cabinets = [{ opaId: '3', enabled: true }];
    expect(await named()).toEqual(['lko-3']);
    cabinets = [];
    expect(await named()).toEqual([]);
  });

  it('an open breaker shows as 2, and a forgotten endpoint not at all', async () => {
    const away = () => Promise.reject(new Fault('PLATFORM_UNREACHABLE'));
    for (let turn = 0; turn < 5; turn += 1) await breakers.run('smtp', away).catch(() => undefined);
    const shown = async () =>
      of((await read()).samples, 'breaker_state').find((one) => one.labels['endpoint'] === 'smtp');
    expect((await shown())?.value).toBe(2);
    breakers.forget('smtp');
    expect(await shown()).toBeUndefined();
  });

  it('a port that is taken, an address that is not ours: a fault with the address and the reason', async () => {
    const taken = new URL(await start());
    await expect(start(Number(taken.port))).rejects.toMatchObject({
      code: 'CONSOLE_UNAVAILABLE',
      detail: `127.0.0.1:${taken.port}: порт занят другой программой (EADDRINUSE)`,
    });
    await expect(start(0, '192.0.2.1')).rejects.toMatchObject({
      code: 'CONSOLE_UNAVAILABLE',
      detail: expect.stringContaining('у этой машины нет такого адреса'),
    });
  });

  it('a defect in a reading is a 500 without words, and in the log with its place', async () => {
    const broken: Metrics = {
      contentType: 'text/plain',
      render: () => Promise.reject(new TypeError('no "Иванов"')),
    };
    const server = await startConsole({
      host: '127.0.0.1',
      port: 0,
      db,
      metrics: broken,
      log,
      phase: () => phase,
    });
    open.push(server);
    lines.length = 0;
    const response = await fetch(`${server.url}/metrics`);
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 500,
      body: { ok: false },
    });
    expect(lines.join('')).toContain('console request failed');
    expect(lines.join('')).not.toContain('Иванов');
  });

  it('closing does not wait for idle keep-alive connections', async () => {
    const url = new URL(await start());
    const socket = connect(Number(url.port), url.hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await open.pop()?.close();
    await gone;
  });
});
