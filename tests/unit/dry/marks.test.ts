import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { settleDryMarks } from '../../../src/dry/marks.ts';
import { claimReports } from '../../../src/replies/partner-rows.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { putDelivery } from '../cli/delivery-rows.ts';

const OPA_ID = '100001';
let database: TestDatabase;
let db: Queryable;
let delivery: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await db.query('TRUNCATE cabinet, sed_message, setting CASCADE');
  delivery = await putDelivery(database, { posId: '1', state: 'queued' });
  await db.query(`INSERT INTO sed_reply (delivery_id, kind, subject) VALUES ($1, 'reception', '')`, [
    delivery,
  ]);
});

const settle = (live: string[], dry: string[]) => settleDryMarks(database.dataSource, { live, dry });
const marks = async () => (await db.query<{ key: string }>('SELECT key FROM setting')).map(({ key }) => key);

async function hold(): Promise<void> {
  await db.query(`UPDATE appeal SET due_at = now() + interval '5 minutes'`);
  await db.query(`UPDATE sed_reply SET next_try_at = now() + interval '1 hour'`);
}

async function rung(): Promise<{ appeal: boolean | null; report: boolean }> {
  const [row] = await db.query<{ appeal: boolean | null; report: boolean }>(
    `SELECT due_at <= now() AS appeal, next_try_at <= now() AS report FROM appeal, sed_reply`,
  );
  if (row === undefined) throw new Error('no rows');
  return row;
}

describe('the marks of dry cabinets', () => {
  it('are kept while a cabinet is dry, and ring once for what was held when it is no more', async () => {
    await settle([], [OPA_ID]);
    await settle([], [OPA_ID]);
    expect(await marks()).toEqual([`dry:${OPA_ID}`]);
    await hold();
    await settle([], [OPA_ID]);
    expect(await rung()).toEqual({ appeal: false, report: false });
    await settle([OPA_ID], []);
    expect(await rung()).toEqual({ appeal: true, report: true });
    expect(await marks()).toEqual([]);
    await hold();
    await settle([OPA_ID], []);
    expect(await rung()).toEqual({ appeal: false, report: false });
  });

  it('leave alone what waits for nothing, other cabinets and other settings', async () => {
    await db.query(`INSERT INTO setting (key, value) VALUES ('cluster', 'x')`);
    await settle([], [OPA_ID]);
    await db.query('UPDATE appeal SET due_at = NULL');
    await settle(['100002'], []);
    expect(await marks()).toEqual(['cluster', `dry:${OPA_ID}`]);
    await settle([OPA_ID, '100002'], []);
    expect(await marks()).toEqual(['cluster']);
    expect((await rung()).appeal).toBeNull();
  });
});

describe('reports about answers', () => {
  it('of a dry cabinet are not claimed, and are there when it is live', async () => {
    expect(await claimReports(db, 'delo-1', 5, [OPA_ID])).toEqual([]);
    expect(await claimReports(db, 'delo-1', 5, ['100002'])).toMatchObject([
      { kind: 'reception', opaId: OPA_ID },
    ]);
  });
});
