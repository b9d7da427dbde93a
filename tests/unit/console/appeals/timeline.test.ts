import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { entryTone, titleOf } from '../../../../src/console/pages/appeals/event-words.ts';
import {
  isTimelineKey,
  readTimeline,
  SOURCES,
  type TimelineEntry,
} from '../../../../src/console/pages/appeals/timeline.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addChangeRow,
  addDeliveryRow,
  addEventRow,
  addPackageRow,
} from '../../../support/console-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

let database: TestDatabase;
let db: Queryable;
let id: string;
let other: string;

/** Everything happened at three moments: order among equals counts. */
beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  await addCabinetRow(db, '101', 'lko-1');
  id = await fill();
  other = await fill();
}, 120_000);
afterAll(() => database.drop());

async function fill(): Promise<string> {
  const moments = ['2026-05-01T10:00:00.001Z', '2026-05-01T10:00:00.002Z', '2026-05-02T00:00:00Z'];
  const at = (index: number) => new Date(moments[index % 3] ?? '');
  const appealId = await addAppealRow(db, { opaId: '101' });
  const cardId = await addCardRow(db, appealId, { number: 'ОГ-1' });
  let changeId = '';
  for (let index = 0; index < 7; index += 1) changeId = await addChangeRow(db, appealId, { at: at(index) });
  await addPackageRow(db, { cardId, changeId });
  // A Report that repeats what is known brings no event, and belongs to the journey all the same.
  await db.query(
    `INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, raw, files)
     SELECT channel, 'repeat-' || id, 'x', 'Report', return_id, '<Report/>', '[]' FROM package WHERE card_id = $1`,
    [cardId],
  );
  for (let index = 0; index < 8; index += 1) {
    const { eventId } = await addEventRow(
      db,
      { cardId },
      { kind: index === 0 ? 'registration' : 'consideration', at: at(index) },
    );
    await addDeliveryRow(db, { appealId, cardId, eventId }, { state: 'done', settledAt: at(index) });
  }
  await db.query(
    `INSERT INTO sed_reply (delivery_id, kind, subject) SELECT id, 'reception', '' FROM delivery WHERE appeal_id = $1`,
    [appealId],
  );
  for (let index = 0; index < 9; index += 1) {
    await db.query(`INSERT INTO journal (at, opa_id, appeal_id, event) VALUES ($1, '101', $2, $3)`, [
      at(index),
      appealId,
      index % 2 === 0 ? 'change-stored' : 'card-refused',
    ]);
  }
  for (const action of ['card-resent', 'appeal-viewed', 'appeal-raw-viewed']) {
    await db.query(`INSERT INTO audit (who, action, object, why) VALUES ('oper', $1, $2, 'так')`, [
      action,
      `appeal:${appealId}`,
    ]);
  }
  await db.query(
    `INSERT INTO audit (who, action, object, why) SELECT 'oper', 'delivery-resent', 'delivery:' || id, 'так'
     FROM delivery WHERE appeal_id = $1 ORDER BY id LIMIT 1`,
    [appealId],
  );
  return appealId;
}

async function readAll(options: { order: 'newest' | 'oldest'; size: number; all: boolean }) {
  const entries: TimelineEntry[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 200; pages += 1) {
    const page = await readTimeline(db, id, { ...options, ...(after === undefined ? {} : { after }) });
    expect(page.entries.length).toBeLessThanOrEqual(options.size);
    entries.push(...page.entries);
    if (page.next === undefined) return entries;
    expect(isTimelineKey(page.next)).toBe(true);
    after = page.next;
  }
  throw new Error('the timeline never ends');
}

const nameOf = ({ source, id: entry }: TimelineEntry) => `${source}:${entry}`;

describe('the timeline of an appeal', () => {
  it('holds everything of this appeal and of no other', async () => {
    const entries = await readAll({ order: 'newest', size: 1000, all: true });
    const counts = SOURCES.map((source) => entries.filter((entry) => entry.source === source).length);
    expect(Object.fromEntries(SOURCES.map((source, index) => [source, counts[index]]))).toEqual({
      change: 7,
      package: 1,
      message: 9,
      event: 8,
      delivery: 8,
      reply: 8,
      journal: 9,
      audit: 2,
    });
    const foreign = await readTimeline(db, other, { order: 'newest', all: true, size: 1000 });
    const own = new Set(entries.map(nameOf));
    expect(foreign.entries.some((entry) => own.has(nameOf(entry)))).toBe(false);
  });

  it('leaves out of the journal what another entry says already, unless it is asked for', async () => {
    const brief = await readAll({ order: 'newest', size: 1000, all: false });
    expect(brief.filter(({ source }) => source === 'journal').map(({ what }) => what)).toEqual(
      Array.from({ length: 4 }, () => 'card-refused'),
    );
  });

  it('is paged without gaps and doubles, both ways, and one way is the other turned round', async () => {
    const whole = (await readAll({ order: 'newest', size: 1000, all: true })).map(nameOf);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom('newest', 'oldest'),
        async (size, order) => {
          const paged = (await readAll({ order, size, all: true })).map(nameOf);
          expect(order === 'newest' ? paged : paged.toReversed()).toEqual(whole);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('is in the order of time', async () => {
    const entries = await readAll({ order: 'oldest', size: 1000, all: true });
    const times = entries.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it.each(['', 'x', '2026-01-01 00:00:00+00|9|1', "2026-01-01 00:00:00+00|1|1'"])(
    'takes «%s» for no place',
    async (after) => {
      expect(isTimelineKey(after)).toBe(false);
      const page = await readTimeline(db, id, { order: 'newest', after, size: 1000 });
      expect(page.entries.length).toBeGreaterThan(0);
    },
  );

  it('has words and a tone for every entry, in both languages, and for those of a later version', async () => {
    const entries = await readAll({ order: 'newest', size: 1000, all: true });
    for (const entry of [...entries, { ...(entries[0] as TimelineEntry), what: 'НЕВЕДОМО' }]) {
      for (const lang of ['ru', 'en'] as const) {
        const title = titleOf(lang, entry);
        expect(title).not.toBe('');
        expect(title).not.toMatch(/undefined|null/);
      }
      expect(['', 'good', 'warn', 'bad']).toContain(entryTone(entry));
    }
  });
});

describe('words of the journal', () => {
  it.each(['ru', 'en'] as const)('has some for every event of an appeal (%s)', async (lang) => {
    const sources = await Promise.all(
      ['intake', 'registration', 'replies'].map(async (part) => {
        const folder = new URL(`../../../../src/${part}/`, import.meta.url);
        const names = await readdir(folder);
        return await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
      }),
    );
    const found = sources
      .flat()
      .flatMap((text) =>
        [...text.matchAll(/event: '([a-z-]+)'|entry\(report, '([a-z-]+)'/g)].map(([, a, b]) => a ?? b ?? ''),
      );
    expect(found.length).toBeGreaterThan(15);
    // Those of cabinets and of messages that no appeal is known of never stand in an appeal's timeline.
    const ofAppeals = new Set(found.filter((name) => !/^(cabinet|feed|backfill)-|-orphan$/.test(name)));
    const untold = [...ofAppeals].filter((what) => titleOf(lang, { ...ENTRY, what }) === what);
    expect(untold).toEqual([]);
  });
});

const ENTRY: TimelineEntry = {
  source: 'journal',
  id: '1',
  at: new Date(0),
  what: '',
  code: null,
  data: {},
  hasRaw: false,
  key: '',
};
