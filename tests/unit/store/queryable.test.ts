import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { inTransaction, type Queryable, queryable, StatementError } from '../../../src/store/data-source.ts';
import { asAdmin, createEmptyDatabase, type TestDatabase } from '../../support/database.ts';

describe('statements', () => {
  let database: TestDatabase;
  let db: Queryable;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    db = queryable(database.dataSource);
    await db.query('CREATE TABLE item (id integer PRIMARY KEY, n integer NOT NULL)');
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await db.query('DELETE FROM item');
    await db.query('INSERT INTO item VALUES (1, 0), (2, 0)');
  });

  const amounts = () => db.query<{ id: number; n: number }>('SELECT id, n FROM item ORDER BY id');
  /** Ends the connection that the statement runs on, as a restart of the server does. */
  const killBackend = (pid: number) =>
    asAdmin((admin) => admin.query('SELECT pg_terminate_backend($1, 5000)', [pid]));

  it('give rows, and nothing but rows, whatever they do', async () => {
    expect(await db.query('SELECT $1::int + 1 AS sum', [2])).toEqual([{ sum: 3 }]);
    expect(await db.query('INSERT INTO item VALUES (3, 5) RETURNING id')).toEqual([{ id: 3 }]);
    expect(await db.query('UPDATE item SET n = 7 WHERE id < 3 RETURNING id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await db.query('UPDATE item SET n = 8')).toEqual([]);
    expect(await db.query('DELETE FROM item WHERE id = 3 RETURNING n')).toEqual([{ n: 8 }]);
    expect(await db.query('DELETE FROM item')).toEqual([]);
    expect(await db.query('CREATE TEMPORARY TABLE t (x integer)')).toEqual([]);
  });

  it('refused by the server tell why, without the values', async () => {
    const refused = await db
      .query('INSERT INTO item VALUES (1, $1)', [424242])
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatementError);
    expect(refused).toMatchObject({ sqlState: '23505', constraint: 'item_pkey', table: 'item' });
    expect(JSON.stringify(refused) + String(refused)).not.toContain('424242');
  });

  it('in a transaction are stored together', async () => {
    const result = await inTransaction(database.dataSource, async (tx) => {
      await tx.query('UPDATE item SET n = n + 1');
      expect(await amounts()).toEqual([
        { id: 1, n: 0 },
        { id: 2, n: 0 },
      ]);
      return 'done';
    });
    expect(result).toBe('done');
    expect((await amounts()).map(({ n }) => n)).toEqual([1, 1]);
  });

  it('in a transaction are undone together, and the error comes through as it was', async () => {
    const mine = new Error('mine');
    const foreign = Object.assign(new Error('a file of the caller'), { code: 'ENOENT' });
    for (const error of [mine, foreign, new Fault('FILE_GONE')]) {
      const run = inTransaction(database.dataSource, async (tx) => {
        await tx.query('UPDATE item SET n = 9');
        throw error;
      });
      await expect(run).rejects.toBe(error);
    }
    expect((await amounts()).map(({ n }) => n)).toEqual([0, 0]);
  });

  it('cannot be stored when one failed and was ignored', async () => {
    const run = inTransaction(database.dataSource, async (tx) => {
      await tx.query('UPDATE item SET n = 9');
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(run).rejects.toThrow('rolled back');
    expect((await amounts()).map(({ n }) => n)).toEqual([0, 0]);
  });

  it('are refused after the end of their transaction', async () => {
    const kept: Queryable[] = [];
    await inTransaction(database.dataSource, async (tx) => void kept.push(tx));
    await expect(kept[0]?.query('UPDATE item SET n = 9')).rejects.toThrow('transaction is over');
  });

  it('of two transactions in each other’s way are run again until both are stored', async () => {
    let runs = 0;
    let arrived = 0;
    let meet: () => void = () => undefined;
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const cross = (first: number, second: number) =>
      inTransaction(database.dataSource, async (tx) => {
        runs += 1;
        await tx.query('UPDATE item SET n = n + 1 WHERE id = $1', [first]);
        arrived += 1;
        if (arrived === 2) meet();
        await met;
        await tx.query('UPDATE item SET n = n + 1 WHERE id = $1', [second]);
      });
    await Promise.all([cross(1, 2), cross(2, 1)]);
    expect((await amounts()).map(({ n }) => n)).toEqual([2, 2]);
    expect(runs).toBe(3);
  });

  it('in conflict for ever are given up as transient after three repetitions', async () => {
    let runs = 0;
    const run = inTransaction(database.dataSource, async (tx) => {
      runs += 1;
      await tx.query("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$");
    });
    await expect(run).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', kind: 'transient' });
    expect(runs).toBe(4);
  });

  it('on a connection that breaks are transient, and the next ones find another', async () => {
    const run = inTransaction(database.dataSource, async (tx) => {
      const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await tx.query('UPDATE item SET n = 9');
      await killBackend(row?.pid ?? 0);
      await tx.query('UPDATE item SET n = 10');
    });
    await expect(run).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect((await amounts()).map(({ n }) => n)).toEqual([0, 0]);
  });

  it('are not reported as stored when the connection breaks before COMMIT', async () => {
    const run = inTransaction(database.dataSource, async (tx) => {
      const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await tx.query('UPDATE item SET n = 9');
      await killBackend(row?.pid ?? 0);
    });
    await expect(run).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect((await amounts()).map(({ n }) => n)).toEqual([0, 0]);
  });

  it('survive the end of every connection of the pool', async () => {
    const hold = () => db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.05)');
    const rows = (await Promise.all(Array.from({ length: 10 }, hold))).flat();
    for (const { pid } of rows) await killBackend(pid);
    const again = async () => db.query('SELECT 1 AS one').catch((error: unknown) => (error as Fault).code);
    const seen = await Promise.all(Array.from({ length: 20 }, again));
    for (const outcome of seen) {
      expect(typeof outcome === 'string' ? outcome : JSON.stringify(outcome)).toMatch(
        /DATABASE_UNREACHABLE|one/,
      );
    }
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leave no connection inside a transaction', async () => {
    const fail = () =>
      inTransaction(database.dataSource, async (tx) => {
        await tx.query('UPDATE item SET n = 9 WHERE id = 1');
        throw new Error('mine');
      }).catch(() => undefined);
    await Promise.all(Array.from({ length: 30 }, fail));
    const idle = await db.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    );
    expect(idle).toEqual([]);
  });
});
