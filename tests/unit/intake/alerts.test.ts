import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { writeJournal } from '../../../src/alerts/journal.ts';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import { inTransaction, type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let db: Queryable;
const lines: Record<string, unknown>[] = [];
const log = pino({ level: 'info', base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
const incidents = createIncidents(log);

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
});
afterAll(() => database.drop());

async function rows(scope: string) {
  return await db.query<{ code: string; detail: string | null; count: string; open: boolean }>(
    'SELECT code, detail, count, closed_at IS NULL AS open FROM incident WHERE scope = $1 ORDER BY id',
    [scope],
  );
}

describe('an incident', () => {
  it('opens once, counts, closes once; the next one is another', async () => {
    const scope = 'cabinet:a';
    await incidents.open(db, 'PLATFORM_FORBIDDEN', scope, 'первое');
    await incidents.open(db, 'PLATFORM_FORBIDDEN', scope);
    await incidents.open(db, 'PLATFORM_FORBIDDEN', scope, 'третье');
    expect(await rows(scope)).toEqual([
      { code: 'PLATFORM_FORBIDDEN', detail: 'третье', count: '3', open: true },
    ]);
    await incidents.close(db, 'PLATFORM_FORBIDDEN', scope);
    await incidents.close(db, 'PLATFORM_FORBIDDEN', scope);
    await incidents.open(db, 'PLATFORM_FORBIDDEN', scope);
    expect((await rows(scope)).map(({ count, open }) => [count, open])).toEqual([
      ['3', false],
      ['1', true],
    ]);
  });

  it('is told in the log when it opens, with what to do, and when it closes', async () => {
    lines.length = 0;
    await incidents.open(db, 'SPOOL_UNAVAILABLE', 'spool');
    await incidents.open(db, 'SPOOL_UNAVAILABLE', 'spool');
    await incidents.close(db, 'SPOOL_UNAVAILABLE', 'spool');
    await incidents.close(db, 'SPOOL_UNAVAILABLE', 'spool');
    expect(lines).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'incident opened',
        code: 'SPOOL_UNAVAILABLE',
        remedy: ERROR_CODES.SPOOL_UNAVAILABLE.remedy,
      }),
      expect.objectContaining({ level: 30, msg: 'incident closed', scope: 'spool' }),
    ]);
  });

  it('opened by twenty at once is one', async () => {
    await Promise.all(Array.from({ length: 20 }, () => incidents.open(db, 'DEFECT', 'race')));
    expect(await rows('race')).toEqual([{ code: 'DEFECT', detail: null, count: '20', open: true }]);
  });

  it('of another code or scope is another', async () => {
    await incidents.open(db, 'DEFECT', 'x:1');
    await incidents.open(db, 'SED_SILENT', 'x:1');
    await incidents.open(db, 'DEFECT', 'x:2');
    await incidents.close(db, 'DEFECT', 'x:1');
    expect((await rows('x:1')).map((row) => [row.code, row.open])).toEqual([
      ['DEFECT', false],
      ['SED_SILENT', true],
    ]);
    expect((await rows('x:2')).map((row) => row.open)).toEqual([true]);
  });

  it('that is counted shows what is true now', async () => {
    for (const count of [5, 9, 2])
      await incidents.openCounted(db, 'SED_SILENT', 'channel:c', count, `${count}`);
    expect(await rows('channel:c')).toEqual([{ code: 'SED_SILENT', detail: '2', count: '2', open: true }]);
  });

  it('rolls back with the caller’s transaction', async () => {
    const work = inTransaction(database.dataSource, async (tx) => {
      await incidents.open(tx, 'DEFECT', 'undone');
      throw new Error('killed');
    });
    await expect(work).rejects.toThrow('killed');
    expect(await rows('undone')).toEqual([]);
  });
});

describe('the journal', () => {
  const read = (event: string) =>
    db.query<{ opa_id: string | null; appeal_id: string | null; code: string | null; data: unknown }>(
      'SELECT opa_id, appeal_id, code, data FROM journal WHERE event = $1 ORDER BY id',
      [event],
    );

  it('keeps the order and what is given, and nothing for nothing', async () => {
    await writeJournal(db, []);
    await writeJournal(db, [
      { event: 'one', opaId: '1', appealId: '7', code: 'DEFECT', data: { n: 1, list: ['а', { б: null }] } },
      { event: 'one' },
    ]);
    expect(await read('one')).toEqual([
      { opa_id: '1', appeal_id: '7', code: 'DEFECT', data: { n: 1, list: ['а', { б: null }] } },
      { opa_id: null, appeal_id: null, code: null, data: {} },
    ]);
  });

  it.each([
    ['U+0000', 'a\u0000b', 'a\uFFFDb'],
    ['a lone surrogate', 'a\ud83d', 'a\uFFFD'],
    ['a backslash before what looks like one', '\\u0000 \\ud800', '\\u0000 \\ud800'],
    ['whole emoji', '👩‍🚒', '👩‍🚒'],
  ])('%s undoes no line', async (event, value, kept) => {
    await writeJournal(db, [{ event, data: { value, deep: [{ value }] } }]);
    expect((await read(event)).map((row) => row.data)).toEqual([{ value: kept, deep: [{ value: kept }] }]);
  });

  it('is rolled back with the fact', async () => {
    const work = inTransaction(database.dataSource, async (tx) => {
      await writeJournal(tx, [{ event: 'undone' }]);
      throw new Error('killed');
    });
    await expect(work).rejects.toThrow('killed');
    expect(await read('undone')).toEqual([]);
  });
});
