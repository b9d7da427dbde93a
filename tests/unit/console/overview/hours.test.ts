import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHours, type HourFigures } from '../../../../src/console/pages/overview/hours.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addDeliveryRow,
  addEventRow,
} from '../../../support/console-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-05-10T12:30:00Z');

let database: TestDatabase;
let db: Queryable;
beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  await addCabinetRow(db, '101', 'lko-1');
}, 120_000);
afterAll(() => database.drop());

/** Counts what is asked of the database. */
function counted(): { db: Queryable; hours: () => number[] } {
  const asked: number[] = [];
  const spy: Queryable = {
    query: (sql, params = []) => {
      asked.push((params[0] as Date[]).length);
      return db.query(sql, params);
    },
  };
  return { db: spy, hours: () => asked };
}

const of = (figures: readonly HourFigures[], at: string) =>
  figures.find((hour) => hour.at.getTime() === Date.parse(at));

describe('figures by the hour', () => {
  it('count appeals read, cards registered and answers delivered, each in its hour', async () => {
    const at = (minute: string) => new Date(`2026-05-10T${minute}:00Z`);
    const ids = [await addAppealRow(db, { opaId: '101', receivedAt: at('10:00') })];
    ids.push(await addAppealRow(db, { opaId: '101', receivedAt: at('10:59') }));
    await addAppealRow(db, { opaId: '101', receivedAt: at('11:00') });
    await addAppealRow(db, { opaId: '101', receivedAt: new Date('2026-05-09T12:59:59Z') });
    const cardId = await addCardRow(db, ids[0] ?? '', { registeredAt: at('12:05') });
    const { eventId } = await addEventRow(db, { cardId });
    const of1 = { appealId: ids[0] ?? '', cardId, eventId };
    await addDeliveryRow(db, of1, { state: 'done', settledAt: at('12:10') });
    await addDeliveryRow(db, of1, { state: 'done', kind: 'status', settledAt: at('12:10') });
    await addDeliveryRow(db, of1, { state: 'cancelled', settledAt: at('12:10') });
    const figures = await createHours(db, () => START)();
    expect(figures).toHaveLength(24);
    expect(figures.at(-1)?.at).toEqual(new Date('2026-05-10T12:00:00Z'));
    expect(of(figures, '2026-05-10T10:00:00Z')).toMatchObject({ appeals: 2, cards: 0, answers: 0 });
    expect(of(figures, '2026-05-10T11:00:00Z')).toMatchObject({ appeals: 1 });
    expect(of(figures, '2026-05-10T12:00:00Z')).toMatchObject({ appeals: 0, cards: 1, answers: 1 });
    expect(figures.reduce((sum, hour) => sum + hour.appeals, 0)).toBe(3);
  });

  it('count an hour that is over once, and the one that runs each time', async () => {
    let now = START;
    const spy = counted();
    const read = createHours(spy.db, () => now);
    await read();
    await addAppealRow(db, { opaId: '101', receivedAt: new Date(START - 60_000) });
    expect((await read()).at(-1)?.appeals).toBe(1);
    // Ten minutes into the next hour somebody may still be storing the one before.
    now = START + 40 * 60_000;
    await read();
    now = START + 50 * 60_000;
    await read();
    await read();
    expect(spy.hours()).toEqual([24, 1, 2, 2, 1]);
  });

  it('show the last 24 hours whenever they are asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 60 * HOUR }), { maxLength: 6 }), async (steps) => {
        let now = START + 1000 * HOUR;
        const read = createHours(db, () => now);
        for (const step of steps) {
          now += step;
          const hours = (await read()).map(({ at }) => at.getTime());
          expect(hours).toHaveLength(24);
          expect(hours.at(-1)).toBe(Math.floor(now / HOUR) * HOUR);
          for (const [index, hour] of hours.entries()) expect(hour - (hours[0] ?? 0)).toBe(index * HOUR);
        }
      }),
      { numRuns: 15 },
    );
  });
});
