import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AppealFilter, Place } from '../../../../src/console/pages/appeals/filter.ts';
import { type SearchOptions, searchAppeals } from '../../../../src/console/pages/appeals/search.ts';
import { TERM_RISKS } from '../../../../src/console/terms.ts';
import { APPEAL_STAGES } from '../../../../src/intake/eligibility.ts';
import { DELIVERY_STATES } from '../../../../src/model/delivery.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addDeliveryRow,
  addEventRow,
} from '../../../support/console-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const DAY = 86_400_000;
const now = Date.now();

interface Known {
  readonly id: string;
  readonly posId: string;
  readonly cabinet: string;
  readonly stage: string;
  readonly receivedAt: number;
  readonly number: string | undefined;
  readonly deliveries: readonly string[];
  readonly term: readonly string[];
}

let database: TestDatabase;
let db: Queryable;
const all: Known[] = [];

/** A small world in which every filter finds something and much is equal: receipts to the microsecond, too. */
beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  for (const number of [1, 2, 3]) await addCabinetRow(db, String(100 + number), `lko-${number}`);
  for (let index = 0; index < 160; index += 1) all.push(await addOne(index));
  all.sort((a, b) => b.receivedAt - a.receivedAt || Number(b.id) - Number(a.id));
}, 120_000);
afterAll(() => database.drop());

async function addOne(index: number): Promise<Known> {
  const cabinet = (index % 3) + 1;
  const stage = APPEAL_STAGES[index % APPEAL_STAGES.length] ?? 'open';
  // Several at one moment, and order of receipt unlike that of storing.
  const receivedAt = now - (((index * 37) % 40) + 1) * DAY;
  const posId = `${(index * 13) % 7}${index}%_\\`.slice(0, index % 5 === 0 ? 9 : 4);
  const isAnswered = index % 4 === 0;
  const answerAt = now + ((index % 9) - 4) * DAY;
  const isFinal = index % 11 === 0;
  const id = await addAppealRow(db, {
    opaId: String(100 + cabinet),
    posId,
    stage,
    status: isFinal ? 'SEND_RESPONSE' : 'IN_WORK',
    receivedAt: new Date(receivedAt),
    answerAt: new Date(answerAt),
    answeredAt: isAnswered ? new Date() : null,
  });
  const number = index % 2 === 0 ? `ОГ-${index}/${cabinet}` : undefined;
  const registeredAt = new Date(now - (index % 6) * DAY - 3600_000);
  const isResolved = index % 3 === 0;
  const deliveries: string[] = [];
  const hasCard = index % 10 !== 9;
  if (hasCard) {
    const cardId = await addCardRow(db, id, { ...(number === undefined ? {} : { number }), registeredAt });
    const { eventId } = await addEventRow(db, { cardId });
    if (isResolved) await addEventRow(db, { cardId }, { kind: 'consideration' });
    for (let count = 0; count < index % 3; count += 1) {
      const state = DELIVERY_STATES[(index + count) % DELIVERY_STATES.length] ?? 'done';
      await addDeliveryRow(db, { appealId: id, cardId, eventId }, { state });
      deliveries.push(state);
    }
  }
  const runs = !isAnswered && !isFinal && ['awaiting', 'open', 'attention'].includes(stage);
  const isLate = answerAt < now;
  const term = [
    ...(runs && isLate ? ['overdue'] : []),
    ...(runs && !isLate && answerAt < now + 3 * DAY - 60_000 ? ['soon'] : []),
    ...(runs && hasCard && !isResolved && registeredAt.getTime() < now - 3 * DAY ? ['unresolved'] : []),
  ];
  const known = { id, posId, cabinet: `lko-${cabinet}`, stage, receivedAt, deliveries, term };
  return { ...known, number: hasCard ? number : undefined };
}

function expected({ filter, from, to }: Pick<SearchOptions, 'filter' | 'from' | 'to'>): string[] {
  const { posId, card, cabinet, stage, delivery, term } = filter;
  return all
    .filter(
      (one) =>
        (posId === undefined || one.posId.startsWith(posId)) &&
        (card === undefined || one.number?.toLowerCase().startsWith(card.toLowerCase()) === true) &&
        (cabinet === undefined || one.cabinet === cabinet) &&
        (stage === undefined || one.stage === stage) &&
        (delivery === undefined || one.deliveries.includes(delivery)) &&
        (term === undefined || one.term.includes(term)) &&
        (from === undefined || one.receivedAt >= from.getTime()) &&
        (to === undefined || one.receivedAt < to.getTime()),
    )
    .map(({ id }) => id);
}

async function readAll(options: Omit<SearchOptions, 'finalStatuses' | 'after'>): Promise<string[]> {
  const ids: string[] = [];
  let after: Place | undefined;
  for (let pages = 0; pages < 500; pages += 1) {
    const page = await searchAppeals(db, {
      ...options,
      finalStatuses: ['SEND_RESPONSE'],
      ...(after === undefined ? {} : { after }),
    });
    expect(page.rows.length).toBeLessThanOrEqual(options.size ?? 50);
    ids.push(...page.rows.map(({ id }) => id));
    if (page.next === undefined) return ids;
    // A page that is not full and not the last one says how far it looked.
    if (page.rows.length < (options.size ?? 50)) expect(page.scannedTo).toBeInstanceOf(Date);
    after = page.next;
  }
  throw new Error('the list never ends');
}

const filters: fc.Arbitrary<AppealFilter> = fc.record(
  {
    posId: fc.constantFrom('1', '12', '3', '0', '55%', '6', '\\', '%', '_'),
    card: fc.constantFrom('ог-', 'ОГ-1', 'Ог-10/', 'нет', '%'),
    cabinet: fc.constantFrom('lko-1', 'lko-2', 'lko-9'),
    stage: fc.constantFrom(...APPEAL_STAGES),
    delivery: fc.constantFrom(...DELIVERY_STATES),
    term: fc.constantFrom(...TERM_RISKS),
  },
  { requiredKeys: [] },
);
const bounds = fc.record(
  {
    from: fc.integer({ min: 0, max: 45 }).map((days) => new Date(now - days * DAY)),
    to: fc.integer({ min: 0, max: 45 }).map((days) => new Date(now - days * DAY)),
  },
  { requiredKeys: [] },
);

describe('search over appeals', () => {
  it('finds just what fits, each once, newest receipt first, whatever the filters, sizes and patience', async () => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        bounds,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(3, 10, 1000),
        fc.constantFrom(0, 5, 1000),
        fc.constantFrom(0, 10_000),
        async (filter, days, size, step, candidates, patienceMs) => {
          const options = { filter, ...days, size, step, candidates, patienceMs };
          expect(await readAll(options)).toEqual(expected(options));
        },
      ),
      { numRuns: 120 },
    );
  }, 120_000);

  it('shows a row once though others come while it is paged through', async () => {
    const first = await searchAppeals(db, { filter: {}, finalStatuses: [], size: 5 });
    const id = await addAppealRow(db, { opaId: '101', posId: 'новое' });
    const rest: string[] = [];
    let after = first.next;
    while (after !== undefined) {
      const page: Awaited<ReturnType<typeof searchAppeals>> = await searchAppeals(db, {
        filter: {},
        finalStatuses: [],
        size: 50,
        after,
      });
      rest.push(...page.rows.map((row) => row.id));
      after = page.next;
    }
    const seen = [...first.rows.map((row) => row.id), ...rest];
    expect(seen).toEqual(all.map((one) => one.id));
    await db.query('DELETE FROM appeal WHERE id = $1', [id]);
  });

  it('finds a cabinet by its opaId too, and nothing by a name that there is not', async () => {
    expect(await readAll({ filter: { cabinet: '102' } })).toEqual(expected({ filter: { cabinet: 'lko-2' } }));
    expect(await readAll({ filter: { cabinet: "x' OR true --" } })).toEqual([]);
  });

  it('shows the newest of several cards', async () => {
    const id = await addAppealRow(db, { opaId: '103', posId: 'две-карточки' });
    await addCardRow(db, id, { number: 'СТ-1' });
    await addCardRow(db, id, { number: 'СТ-2', repetition: 'r', stage: 'received' });
    const { rows } = await searchAppeals(db, { filter: { card: 'ст-1' }, finalStatuses: [] });
    expect(rows).toEqual([expect.objectContaining({ id, cardNumber: 'СТ-2', cardStage: 'received' })]);
  });
});
