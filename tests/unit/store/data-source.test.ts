import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { checkSuitable, openDatabase, queryable } from '../../../src/store/data-source.ts';
import { asAdmin, createEmptyDatabase, serverUrl, type TestDatabase } from '../../support/database.ts';

const log = pino({ level: 'silent' });

describe('opening the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  it('names us, limits statements and idle transactions', async () => {
    const dataSource = await openDatabase({
      url: database.url,
      log,
      poolSize: 1,
      applicationName: 'posrednik-test',
    });
    try {
      const rows = await queryable(dataSource).query<{ name: string; setting: string }>(
        `SELECT name, setting FROM pg_settings WHERE name IN
           ('application_name', 'statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`,
      );
      expect(rows.map(({ name, setting }) => `${name}=${setting}`)).toEqual([
        'application_name=posrednik-test',
        'idle_in_transaction_session_timeout=60000',
        'statement_timeout=60000',
      ]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('keeps to its pool', async () => {
    const dataSource = await openDatabase({ url: database.url, log, poolSize: 2 });
    try {
      const db = queryable(dataSource);
      const pids = await Promise.all(
        Array.from({ length: 12 }, () =>
          db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.01)'),
        ),
      );
      expect(new Set(pids.map(([row]) => row?.pid)).size).toBeLessThanOrEqual(2);
    } finally {
      await dataSource.destroy();
    }
  });

  it.each([
    ['a wrong password', setPassword, /28P01/],
    ['a database that is not there', setPath, /3D000/],
    ['a socket that is not there', setHost, /ENOENT/],
  ])('tells %s, without the password', async (_name, spoil, reason) => {
    const url = new URL(database.url);
    const secret = url.password;
    spoil(url);
    const fault = await openDatabase({ url: url.href, log }).catch((error: unknown) => error);
    expect(fault).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      kind: 'transient',
      detail: expect.stringMatching(reason),
    });
    expect(String(fault)).not.toContain(secret);
  });

  it('tells a port that nobody listens on', async () => {
    const server = await listen();
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    await expect(openDatabase({ url: `postgresql://a:b@127.0.0.1:${port}/c`, log })).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('tells a server that hangs up', async () => {
    const server = await listen((socket) => socket.destroy());
    const { port } = server.address() as { port: number };
    await expect(openDatabase({ url: `postgresql://a:b@127.0.0.1:${port}/c`, log })).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses a database in another encoding and leaves no connection', async () => {
    const name = 'test_koi8';
    await asAdmin((admin) =>
      admin.query(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'KOI8R' LOCALE_PROVIDER libc LOCALE 'C'`,
      ),
    );
    try {
      const url = new URL(await serverUrl());
      url.pathname = `/${name}`;
      await expect(openDatabase({ url: url.href, log })).rejects.toMatchObject({
        code: 'DATABASE_UNSUITABLE',
        detail: 'кодировка базы KOI8R, нужна UTF8',
      });
    } finally {
      await asAdmin((admin) => admin.query(`DROP DATABASE ${name}`));
    }
  });

  it.each(['120022', '140011', '90624', '', 'text'])('refuses version %s', (number) => {
    expect(() => checkSuitable({ version: number, number, encoding: 'UTF8' })).toThrow(/DATABASE_UNSUITABLE/);
  });

  it.each(['150000', '160004', '180004', '200000'])('accepts version %s', (number) => {
    expect(() => checkSuitable({ version: number, number, encoding: 'UTF8' })).not.toThrow();
  });
});

async function listen(onConnection: (socket: Socket) => void = () => undefined): Promise<Server> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function setPassword(url: URL): void {
  url.password = 'wrong';
}

function setPath(url: URL): void {
  url.pathname = '/absent';
}

function setHost(url: URL): void {
  url.searchParams.set('host', '/absent');
}
