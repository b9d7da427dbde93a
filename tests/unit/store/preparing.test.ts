import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { preparing, queryable, StatementError } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

const COUNTED = `SELECT count(*)::int AS count FROM pg_prepared_statements WHERE name LIKE 'posrednik_%'`;

let database: TestDatabase;

beforeAll(async () => {
  // One connection: what it has prepared is seen by the next statement.
  database = await createTestDatabase({ poolSize: 1 });
  await queryable(database.dataSource).query(
    `CREATE TABLE thing (id bigint PRIMARY KEY, name text NOT NULL)`,
  );
});

afterAll(() => database.drop());

describe('preparing', () => {
  it('gives the rows that queryable gives', async () => {
    const text = `SELECT n, n * 2 AS double, ARRAY[n::text] AS list, NULL AS nothing
                  FROM unnest($1::int[]) AS t (n) ORDER BY n`;
    const params = [[3, 1, 2]];
    const plain = await queryable(database.dataSource).query(text, params);
    expect(plain).toHaveLength(3);
    expect(await preparing(database.dataSource).query(text, params)).toEqual(plain);
  });

  it('prepares a text once, however often it is run, and another text beside it', async () => {
    const db = preparing(database.dataSource);
    const [before] = await queryable(database.dataSource).query<{ count: number }>(COUNTED);
    for (let run = 0; run < 10; run += 1) {
      const rows = await db.query<{ n: number }>('SELECT $1::int + 1 AS n', [run]);
      expect(rows).toEqual([{ n: run + 1 }]);
    }
    expect(await db.query('SELECT $1::int + 2 AS n', [1])).toEqual([{ n: 3 }]);
    const [after] = await queryable(database.dataSource).query<{ count: number }>(COUNTED);
    expect((after?.count ?? 0) - (before?.count ?? 0)).toBe(2);
  });

  it('stores what it is told, and returns the rows of RETURNING', async () => {
    const db = preparing(database.dataSource);
    const insert = 'INSERT INTO thing (id, name) VALUES ($1, $2) RETURNING id, name';
    expect(await db.query(insert, ['5', 'пять'])).toEqual([{ id: '5', name: 'пять' }]);
    expect(await db.query('UPDATE thing SET name = $2 WHERE id = $1', ['6', 'шесть'])).toEqual([]);
    expect(await queryable(database.dataSource).query('SELECT name FROM thing')).toEqual([{ name: 'пять' }]);
  });

  it('throws a StatementError without the values, and the connection still works', async () => {
    const db = preparing(database.dataSource);
    const insert = 'INSERT INTO thing (id, name) VALUES ($1, $2) RETURNING id';
    await db.query(insert, ['7', 'семь']);
    const error = await db.query(insert, ['7', 'Сидоров']).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StatementError);
    expect((error as StatementError).sqlState).toBe('23505');
    expect(String((error as StatementError).message)).not.toContain('Сидоров');
    expect(await db.query(insert, ['8', 'восемь'])).toEqual([{ id: '8' }]);
  });

  it('goes on when a migration has added a column meanwhile', async () => {
    const db = preparing(database.dataSource);
    const text = 'SELECT id, name FROM thing WHERE id = $1';
    for (let run = 0; run < 8; run += 1) await db.query(text, ['7']);
    await queryable(database.dataSource).query('ALTER TABLE thing ADD COLUMN note text');
    expect(await db.query(text, ['7'])).toEqual([{ id: '7', name: 'семь' }]);
  });

  it('says DATABASE_UNREACHABLE when its connection is killed, and soon works again', async () => {
    const db = preparing(database.dataSource);
    const killed = await db
      .query('SELECT pg_terminate_backend(pg_backend_pid()) AS gone')
      .catch((thrown: unknown) => thrown);
    expect(killed).toBeInstanceOf(Fault);
    expect((killed as Fault).code).toBe('DATABASE_UNREACHABLE');
    // The pool learns of the death a moment after the statement does.
    const rows = await eventually('a statement on another connection', () =>
      db.query('SELECT $1::int + 1 AS n', [1]).catch(() => undefined),
    );
    expect(rows).toEqual([{ n: 2 }]);
  });
});
