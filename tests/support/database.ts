import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { pino } from 'pino';
import type { DataSource, MigrationInterface } from 'typeorm';
import { openDatabase } from '../../src/store/data-source.ts';
import { runMigrations } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/index.ts';

const START_LIMIT_MS = 120_000;
const TEMPLATE = 'template_posrednik';
const TEMPLATE_LOCK = 7_074_002;
const log = pino({ level: 'silent' });

export interface TestDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  /** Closes the data source and removes the database; call it in `afterAll`. */
  drop(): Promise<void>;
}

/** A database of the test file's own, with all migrations applied: a copy of a template made once a run. */
export async function createTestDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  await ensureTemplate();
  return create(TEMPLATE, migrations, options.poolSize ?? 10);
}

/** A database with no tables, for tests of migrations; `runMigrations` will run the given ones. */
export async function createEmptyDatabase(
  list: readonly (new () => MigrationInterface)[] = [],
): Promise<TestDatabase> {
  return create('template0', list, 10);
}

/** Runs statements as the superuser, in the server's own database. */
export async function asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: await serverUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** URL of the run's PostgreSQL; waits until it has started. */
export async function serverUrl(): Promise<string> {
  const infoFile = process.env['POSREDNIK_TEST_POSTGRES'];
  if (infoFile === undefined) throw new Error('no PostgreSQL of the run: start the tests by npm run jest');
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const text = await readFile(infoFile, 'utf8').catch(() => undefined);
    const info = text === undefined ? undefined : (JSON.parse(text) as { url?: string; error?: string });
    if (info?.url !== undefined) return info.url;
    if (info !== undefined || performance.now() > deadline) {
      throw new Error(`PostgreSQL of the run did not start: ${info?.error ?? 'timed out'}`);
    }
    await pause(25);
  }
}

async function create(
  template: string,
  list: readonly (new () => MigrationInterface)[],
  poolSize: number,
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = await databaseUrl(name);
  const dataSource = await openDatabase({ url, log, poolSize, migrations: list });
  return {
    url,
    dataSource,
    async drop() {
      if (dataSource.isInitialized) await dataSource.destroy();
      await asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** Made under a lock, as workers run at the same time, and renamed when whole. */
async function ensureTemplate(): Promise<void> {
  await asAdmin(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [TEMPLATE]);
    if (rowCount !== 0) return;
    const draft = await create('template0', migrations, 2);
    await runMigrations(draft.dataSource, { log });
    await draft.dataSource.destroy();
    await client.query(`ALTER DATABASE ${nameOf(draft.url)} RENAME TO ${TEMPLATE}`);
  });
}

async function databaseUrl(name: string): Promise<string> {
  const url = new URL(await serverUrl());
  url.pathname = `/${name}`;
  return url.href;
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
