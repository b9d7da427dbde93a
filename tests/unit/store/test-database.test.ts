import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inTransaction, queryable } from '../../../src/store/data-source.ts';
import { pendingMigrations } from '../../../src/store/migrate.ts';
import {
  asAdmin,
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
} from '../../support/database.ts';

describe('the database of a test file', () => {
  let first: TestDatabase;
  let second: TestDatabase;

  beforeAll(async () => {
    [first, second] = await Promise.all([createTestDatabase(), createTestDatabase({ poolSize: 2 })]);
  });
  afterAll(() => Promise.all([first.drop(), second.drop()]));

  it('has every migration applied', async () => {
    expect(await pendingMigrations(first.dataSource)).toEqual([]);
    const tables = await queryable(first.dataSource).query<{ n: string }>(
      "SELECT count(*) AS n FROM pg_tables WHERE tablename = 'setting'",
    );
    expect(tables).toEqual([{ n: '1' }]);
  });

  it('is shared with no other file', async () => {
    const insert = "INSERT INTO setting (key, value) VALUES ('seen-by', 'first')";
    await inTransaction(first.dataSource, (tx) => tx.query(insert));
    const seen = await queryable(second.dataSource).query("SELECT 1 FROM setting WHERE key = 'seen-by'");
    expect(seen).toEqual([]);
  });

  it('is gone after drop', async () => {
    const database = await createEmptyDatabase();
    const name = new URL(database.url).pathname.slice(1);
    const count = () =>
      asAdmin(
        async (admin) => (await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount,
      );
    expect(await count()).toBe(1);
    await database.drop();
    expect(await count()).toBe(0);
  });

  it('lower-cases Russian letters', async () => {
    const [row] = await queryable(first.dataSource).query<{ lower: string }>("SELECT lower('ЖАЛОБА')");
    expect(row?.lower).toBe('жалоба');
  });
});
