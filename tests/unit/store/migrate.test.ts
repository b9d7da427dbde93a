import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { openDatabase, queryable } from '../../../src/store/data-source.ts';
import { pendingMigrations, runMigrations } from '../../../src/store/migrate.ts';
import { migrations } from '../../../src/store/migrations/index.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts';

const log = pino({ level: 'silent' });

class First1700000000001 implements MigrationInterface {
  readonly name = 'First1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE first (id integer)');
    await runner.query('INSERT INTO first VALUES (1)');
    await runner.query('SELECT pg_sleep(0.2)');
  }
  async down(): Promise<void> {}
}

class Second1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query("SELECT set_config('posrednik.limit', current_setting('statement_timeout'), false)");
    await runner.query("CREATE TABLE second AS SELECT current_setting('posrednik.limit') AS statement_limit");
  }
  async down(): Promise<void> {}
}

class Broken1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (id integer)');
    await runner.query('CREATE TABLE half (id integer)');
  }
  async down(): Promise<void> {}
}

const FIRST = 'First1700000000001';
const SECOND = 'Second1700000000002';

describe('migrations', () => {
  const open: TestDatabase[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((database) => database.drop()));
  });

  async function create(...list: (new () => MigrationInterface)[]): Promise<TestDatabase> {
    const database = await createEmptyDatabase(list);
    open.push(database);
    return database;
  }

  /** Another process's view of the same database, with the migrations of its version. */
  async function connect(url: string, ...list: (new () => MigrationInterface)[]) {
    return openDatabase({ url, log, migrations: list });
  }

  const tables = async (database: TestDatabase) =>
    (
      await queryable(database.dataSource).query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' ORDER BY 1",
      )
    ).map(({ name }) => name);

  it('are pending until they are run, and run once', async () => {
    const database = await create(First1700000000001, Second1700000000002);
    expect(await pendingMigrations(database.dataSource)).toEqual([FIRST, SECOND]);
    expect(await runMigrations(database.dataSource, { log })).toEqual([FIRST, SECOND]);
    expect(await pendingMigrations(database.dataSource)).toEqual([]);
    expect(await runMigrations(database.dataSource, { log })).toEqual([]);
    expect(await tables(database)).toEqual(['first', 'second']);
  });

  it('have no time limit, and the connections after them have', async () => {
    const database = await create(Second1700000000002);
    await runMigrations(database.dataSource, { log });
    const db = queryable(database.dataSource);
    expect(await db.query('SELECT statement_limit FROM second')).toEqual([{ statement_limit: '0' }]);
    const limits = await Promise.all(Array.from({ length: 10 }, () => db.query('SHOW statement_timeout')));
    expect(new Set(limits.map((rows) => JSON.stringify(rows)))).toEqual(
      new Set(['[{"statement_timeout":"1min"}]']),
    );
  });

  it('are run by one of several daemons that start at once; the others wait', async () => {
    const database = await create(First1700000000001, Second1700000000002);
    const others = await Promise.all(
      [1, 2, 3].map(() => connect(database.url, First1700000000001, Second1700000000002)),
    );
    try {
      const all = [database.dataSource, ...others];
      const done = await Promise.all(all.map((dataSource) => runMigrations(dataSource, { log })));
      expect(done.filter((names) => names.length > 0)).toEqual([[FIRST, SECOND]]);
      expect(await queryable(database.dataSource).query('SELECT id FROM first')).toEqual([{ id: 1 }]);
      const locks = await queryable(database.dataSource).query(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'",
      );
      expect(locks).toEqual([]);
    } finally {
      await Promise.all(others.map((dataSource) => dataSource.destroy()));
    }
  });

  it('that fail leave nothing of themselves, keep those before, and let the lock go', async () => {
    const database = await create(First1700000000001, Broken1700000000003);
    await expect(runMigrations(database.dataSource, { log })).rejects.toMatchObject({ sqlState: '42P07' });
    expect(await tables(database)).toEqual(['first']);
    expect(await pendingMigrations(database.dataSource)).toEqual(['Broken1700000000003']);

    const repaired = await connect(database.url, First1700000000001, Second1700000000002);
    try {
      expect(await runMigrations(repaired, { log })).toEqual([SECOND]);
    } finally {
      await repaired.destroy();
    }
  });

  it('of a newer version stop an older program', async () => {
    const database = await create(First1700000000001, Second1700000000002);
    await runMigrations(database.dataSource, { log });
    const older = await connect(database.url, First1700000000001);
    try {
      await expect(runMigrations(older, { log })).rejects.toMatchObject({
        code: 'DATABASE_UNSUITABLE',
        detail: expect.stringContaining(SECOND),
      });
    } finally {
      await older.destroy();
    }
  });

  it('on a database that is gone are transient', async () => {
    const database = await create(First1700000000001);
    const url = new URL(database.url);
    const lost = await connect(url.href, First1700000000001);
    await database.drop();
    await expect(runMigrations(lost, { log })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(pendingMigrations(lost)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await lost.destroy();
  });

  it('of this version all run on an empty database', async () => {
    const database = await create(...migrations);
    expect(await runMigrations(database.dataSource, { log })).toHaveLength(migrations.length);
    expect(await tables(database)).toContain('setting');
  });
});
