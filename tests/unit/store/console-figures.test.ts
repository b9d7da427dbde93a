import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { runMigrations } from '../../../src/store/migrate.ts';
import { ConsoleFigures1760000000009 } from '../../../src/store/migrations/0009-console-figures.ts';
import { migrations } from '../../../src/store/migrations/index.ts';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addDeliveryRow,
  addEventRow,
} from '../../support/console-rows.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database.ts';

const log = pino({ level: 'silent' });
const FORWARD = { kind: 'status', role: 'forwardToParent', at: '2026-01-01T00:00:00Z' };

async function addOne(db: Queryable) {
  const appealId = await addAppealRow(db, { opaId: '101', answerAt: new Date() });
  const cardId = await addCardRow(db, appealId);
  const { eventId } = await addEventRow(db, { cardId });
  return { appealId, cardId, eventId };
}

async function answeredAt(db: Queryable, appealId: string): Promise<Date | null | undefined> {
  const [row] = await db.query<{ at: Date | null }>(`SELECT answered_at AS at FROM appeal WHERE id = $1`, [
    appealId,
  ]);
  return row?.at;
}

const settle = (db: Queryable, id: string, state = 'done') =>
  db.query(`UPDATE delivery SET state = $2, settled_at = now() WHERE id = $1`, [id, state]);

describe('the mark of an answered appeal', () => {
  let database: TestDatabase;
  let db: Queryable;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
    await addCabinetRow(db, '101', 'lko-1');
  }, 120_000);
  afterAll(() => database.drop());

  it.each([
    ['an answer that was taken', {}, 'done', true],
    ['a forward that was taken', { kind: 'status', payload: FORWARD } as const, 'done', true],
    ['another status', { kind: 'status' } as const, 'done', false],
    ['an answer that was cancelled', {}, 'cancelled', false],
    ['an answer that waits for a person', {}, 'attention', false],
  ])('follows %s', async (_name, delivery, state, isAnswered) => {
    const one = await addOne(db);
    const id = await addDeliveryRow(db, one, { ...delivery, state: 'sending' });
    expect(await answeredAt(db, one.appealId)).toBeNull();
    await settle(db, id, state);
    const at = await answeredAt(db, one.appealId);
    expect(at instanceof Date || Object.prototype.toString.call(at) === '[object Date]').toBe(isAnswered);
  });

  it('goes when the appeal is considered once more, and an answer to the earlier card does not bring it back', async () => {
    const one = await addOne(db);
    const late = await addDeliveryRow(db, one, { state: 'unknown' });
    await settle(db, await addDeliveryRow(db, one, { state: 'sending' }));
    expect(await answeredAt(db, one.appealId)).not.toBeNull();
    const cardId = await addCardRow(db, one.appealId, { repetition: 'again', stage: 'sent' });
    expect(await answeredAt(db, one.appealId)).toBeNull();
    await settle(db, late);
    expect(await answeredAt(db, one.appealId)).toBeNull();
    const { eventId } = await addEventRow(db, { cardId });
    await settle(
      db,
      await addDeliveryRow(db, { appealId: one.appealId, cardId, eventId }, { state: 'sending' }),
    );
    expect(await answeredAt(db, one.appealId)).not.toBeNull();
  });
});

describe('the migration', () => {
  it('marks what was answered before it, and can be taken back and made again', async () => {
    const before = migrations.filter((one) => one !== ConsoleFigures1760000000009);
    const database = await createEmptyDatabase(before);
    try {
      await runMigrations(database.dataSource, { log });
      const db = queryable(database.dataSource);
      await addCabinetRow(db, '101', 'lko-1');
      const add = async (state: string, repeated: boolean) => {
        const [row] = await db.query<{ id: string }>(
          `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at) VALUES ('101', $1, 'open', 'MESSAGE', 'NEW', now()) RETURNING id::text AS id`,
          [`${state}${repeated}`],
        );
        const appealId = row?.id ?? '';
        const cardId = await addCardRow(db, appealId);
        const { eventId } = await addEventRow(db, { cardId });
        await addDeliveryRow(db, { appealId, cardId, eventId }, { state, settledAt: new Date() });
        if (repeated) await addCardRow(db, appealId, { repetition: 'again' });
        return appealId;
      };
      const answered = await add('done', false);
      const others = [await add('attention', false), await add('done', true)];
      const runner = database.dataSource.createQueryRunner();
      const migration = new ConsoleFigures1760000000009();
      try {
        const indexes = async () =>
          (
            await db.query<{ name: string }>(
              `SELECT indexname || indexdef AS name FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`,
            )
          ).map(({ name }) => name);
        const first = await indexes();
        for (let round = 0; round < 2; round += 1) {
          await migration.up(runner);
          expect(await answeredAt(db, answered)).not.toBeNull();
          for (const id of others) expect(await answeredAt(db, id)).toBeNull();
          expect((await indexes()).length).toBeGreaterThan(first.length);
          await migration.down(runner);
          expect(await indexes()).toEqual(first);
        }
      } finally {
        await runner.release();
      }
    } finally {
      await database.drop();
    }
  }, 120_000);
});
