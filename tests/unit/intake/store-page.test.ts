import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type PageOutcome, storeItems } from '../../../src/intake/store-page.ts';
import type { Appeal, FeedItem } from '../../../src/model/appeal.ts';
import { inTransaction } from '../../../src/store/data-source.ts';
import { appealOf, CARD_STATUSES, itemOf, NOW, rulesOf, unreadableOf } from './items.ts';
import { appealsOf, countOf, eventsOf, jobsOf, openSite, type Site, type SiteCabinet } from './site.ts';

let site: Site;
let cabinet: SiteCabinet;

beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());
beforeEach(async () => {
  cabinet = await site.addCabinet();
});

function store(items: readonly FeedItem[], rules = rulesOf()): Promise<PageOutcome> {
  return inTransaction(site.database.dataSource, (tx) =>
    storeItems(tx, site.queue, cabinet.config.opaId, items, rules, NOW),
  );
}

/** The border's own reading of an element, as a page of the feed brings it. */
function read(element: Record<string, unknown>): FeedItem {
  return site.platform.parseItem(JSON.stringify(element), 'Europe/Moscow');
}

async function changesOf(posId: string) {
  return await site.db.query<{ identity: string; change: string; readable: boolean; handled: boolean }>(
    `SELECT ch.identity, ch.change, ch.readable, ch.handled_at IS NOT NULL AS handled
     FROM appeal_change ch JOIN appeal a ON a.id = ch.appeal_id
     WHERE a.opa_id = $1 AND a.pos_id = $2 ORDER BY ch.id`,
    [cabinet.config.opaId, posId],
  );
}

async function rowOf<T>(columns: string, posId = '1001'): Promise<T | undefined> {
  const [row] = await site.db.query<T>(`SELECT ${columns} FROM appeal WHERE opa_id = $1 AND pos_id = $2`, [
    cabinet.config.opaId,
    posId,
  ]);
  return row;
}

const FILE = { fileId: 'f-1', name: 'фото.jpg', size: 10, mimeType: 'image/jpeg' };

describe('storing a page', () => {
  it('stores rows, changes, files, journal and a job for what becomes a card', async () => {
    const outcome = await store([
      itemOf({ posId: '1', attachments: [FILE] }),
      itemOf({ posId: '2', status: 'SEND_RESPONSE' }),
      itemOf({ posId: '3', change: 'WITHDRAWN' }),
      itemOf({ posId: '4', status: 'MODERATION_NEW' }),
    ]);
    expect(outcome).toEqual({ stored: 4, ringing: 1, unread: 0, mended: 0 });
    expect((await appealsOf(site, cabinet)).map(({ posId, stage }) => [posId, stage])).toEqual([
      ['1', 'open'],
      ['2', 'skipped'],
      ['3', 'withdrawn'],
      ['4', 'awaiting'],
    ]);
    expect(await jobsOf(site, cabinet)).toEqual(['1']);
    expect(await countOf(site, 'attachment', cabinet)).toBe(1);
    expect(await eventsOf(site, cabinet)).toEqual(Array(4).fill('change-stored'));
  });

  it('stored again, it changes nothing', async () => {
    const items = [
      itemOf({ attachments: [FILE] }),
      itemOf({ changeIdentity: '2', change: 'AMENDED', attachments: [FILE] }),
      unreadableOf({ posId: '1002', changeIdentity: '3' }),
      unreadableOf({ changeIdentity: 'sha256:nameless', posId: undefined } as never),
    ];
    await store(items);
    const columns = 'stage, newest, error_code, changed_at::text, due_at::text, status';
    const before = await rowOf(columns);
    const outcome = await store(items);
    expect(outcome).toEqual({ stored: 0, ringing: 0, unread: 0, mended: 0 });
    expect(await rowOf(columns)).toEqual(before);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(3);
    expect(await countOf(site, 'attachment', cabinet)).toBe(1);
    expect(await countOf(site, 'unread_item', cabinet)).toBe(1);
    expect(await countOf(site, 'journal', cabinet)).toBe(3);
    expect(await jobsOf(site, cabinet)).toEqual(['1001']);
  });

  it('jobs are rolled back with the rows they are about', async () => {
    await expect(
      inTransaction(site.database.dataSource, async (tx) => {
        await storeItems(tx, site.queue, cabinet.config.opaId, [itemOf()], rulesOf(), NOW);
        throw new Error('killed on the next line');
      }),
    ).rejects.toThrow('killed on the next line');
    expect(await appealsOf(site, cabinet)).toEqual([]);
    expect(await jobsOf(site, cabinet)).toEqual([]);
    const [left] = await site.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pgboss.job WHERE data->>'opaId' = $1`,
      [cabinet.config.opaId],
    );
    expect(left).toEqual({ n: 0 });
  });

  it('one appeal several times in a page is one row with one job', async () => {
    await store([
      itemOf({ changeIdentity: '1' }),
      itemOf({ changeIdentity: '1' }),
      itemOf({ changeIdentity: '2', change: 'AMENDED' }),
      itemOf({ changeIdentity: '3', change: 'TERM_MOVED' }),
    ]);
    expect(await appealsOf(site, cabinet)).toEqual([
      { posId: '1001', stage: 'open', reason: null, newest: '3', error: null },
    ]);
    expect(await changesOf('1001')).toEqual([
      { identity: '1', change: 'NEW', readable: true, handled: true },
      { identity: '2', change: 'AMENDED', readable: true, handled: false },
      { identity: '3', change: 'TERM_MOVED', readable: true, handled: false },
    ]);
    expect(await jobsOf(site, cabinet)).toEqual(['1001']);
  });

  it('the same number in two cabinets is two appeals', async () => {
    await store([itemOf()]);
    const first = cabinet;
    cabinet = await site.addCabinet();
    await store([itemOf({ status: 'SEND_RESPONSE' })]);
    expect((await appealsOf(site, first))[0]?.stage).toBe('open');
    expect((await appealsOf(site, cabinet))[0]?.stage).toBe('skipped');
  });

  it('an empty page is nothing', async () => {
    expect(await store([])).toEqual({ stored: 0, ringing: 0, unread: 0, mended: 0 });
  });

  it('when it rings, it also says when to ring again should the job be lost', async () => {
    await store([itemOf({ posId: '1' }), itemOf({ posId: '2', status: 'SEND_RESPONSE' })]);
    const due = (posId: string) =>
      rowOf<{ due: boolean | null }>(`due_at BETWEEN now() + '4 min' AND now() + '6 min' AS due`, posId);
    expect(await due('1')).toEqual({ due: true });
    expect(await due('2')).toEqual({ due: null });
  });

  it('an earlier appointment of the appeal is kept', async () => {
    await store([itemOf()]);
    await site.db.query(`UPDATE appeal SET due_at = now() + interval '1 min' WHERE opa_id = $1`, [
      cabinet.config.opaId,
    ]);
    await store([itemOf({ changeIdentity: '2', change: 'AMENDED' })]);
    expect(await rowOf(`due_at < now() + interval '2 min' AS kept`)).toEqual({ kept: true });
  });
});

describe('what a row tells', () => {
  it('is the newest item’s, with what it leaves out kept', async () => {
    await store([itemOf({ answerAt: new Date('2026-07-01T00:00:00Z'), repeatOf: '77' })]);
    const { category: _category, ...bare } = appealOf({
      changeIdentity: '2',
      change: 'TERM_MOVED',
      status: 'POSTPONE',
    });
    await store([{ ok: true, appeal: { ...bare, category: {} }, raw: '{}' }]);
    await store([itemOf({ changeIdentity: '1', change: 'RATED', status: 'MODERATION_NEW' })]);
    expect(await rowOf('kind, status, subject_id, answer_at, repeat_of, received_at, newest')).toEqual({
      kind: 'MESSAGE',
      status: 'POSTPONE',
      subject_id: '12',
      answer_at: new Date('2026-07-01T00:00:00Z'),
      repeat_of: '77',
      received_at: new Date('2026-06-10T09:00:00Z'),
      newest: '2',
    });
  });

  it('an error that registration put there is not the feed’s to clear', async () => {
    await store([itemOf()]);
    await site.db.query(`UPDATE appeal SET error_code = 'DEFECT', error_detail = 'место' WHERE opa_id = $1`, [
      cabinet.config.opaId,
    ]);
    await store([itemOf({ changeIdentity: '2', change: 'RATED' })]);
    expect(await rowOf('error_code, error_detail')).toEqual({ error_code: 'DEFECT', error_detail: 'место' });
  });

  it('a value of an open set that nobody knows passes, with a line in the journal', async () => {
    const item = read({
      posId: 1001,
      changeId: '1',
      change: 'NEW',
      status: 'MODERATION_ACCEPT',
      kind: 'SONG',
      source: 'DOVE',
      receivedAt: '2026-06-10T09:00:00Z',
    });
    await store([item]);
    expect(await rowOf('kind, stage')).toEqual({ kind: 'SONG', stage: 'open' });
    const lines = await site.db.query<{ value: string }>(
      `SELECT data->>'value' AS value FROM journal WHERE opa_id = $1 AND event = 'value-unknown' ORDER BY id`,
      [cabinet.config.opaId],
    );
    expect(lines.map((line) => line.value)).toEqual(['kind=SONG', 'source=DOVE']);
  });
});

describe('items of unknown shape', () => {
  it('one that names its appeal puts that before the administrator', async () => {
    const outcome = await store([read({ posId: 1001, changeId: '5', description: { a: 1 } })]);
    expect(outcome).toMatchObject({ stored: 1, ringing: 0, unread: 1 });
    expect(await rowOf('stage, error_code, error_detail, newest')).toEqual({
      stage: 'attention',
      error_code: 'APPEAL_SHAPE_UNKNOWN',
      error_detail: 'description: ожидалась строка',
      newest: null,
    });
    expect(await changesOf('1001')).toEqual([
      { identity: '5', change: 'UNKNOWN', readable: false, handled: true },
    ]);
    expect(await jobsOf(site, cabinet)).toEqual([]);
  });

  it('one that names nothing is kept whole', async () => {
    const outcome = await store([read({ changeId: '5', status: 'MODERATION_ACCEPT' })]);
    expect(outcome).toMatchObject({ stored: 0, unread: 1 });
    expect(
      await site.db.query('SELECT identity, raw, issues, settled_at FROM unread_item WHERE opa_id = $1', [
        cabinet.config.opaId,
      ]),
    ).toEqual([
      {
        identity: '5',
        raw: '{"changeId":"5","status":"MODERATION_ACCEPT"}',
        issues: 'posId: значение отсутствует',
        settled_at: null,
      },
    ]);
  });

  it('a readable item of the appeal mends it, with the receipt it tells', async () => {
    await store([unreadableOf({ changeIdentity: '5' })]);
    const outcome = await store([itemOf({ changeIdentity: '6', change: 'AMENDED' })]);
    expect(outcome).toMatchObject({ unread: 0, mended: 1, ringing: 1 });
    expect(await rowOf('stage, error_code, error_detail, kind, received_at')).toEqual({
      stage: 'open',
      error_code: null,
      error_detail: null,
      kind: 'MESSAGE',
      received_at: new Date('2026-06-10T09:00:00Z'),
    });
    expect(await jobsOf(site, cabinet)).toEqual(['1001']);
  });

  it('the very same change, understood now, mends it', async () => {
    await store([unreadableOf({ changeIdentity: '5' })]);
    expect(await store([itemOf({ changeIdentity: '5' })])).toMatchObject({
      stored: 1,
      mended: 1,
      ringing: 1,
    });
    expect(await changesOf('1001')).toEqual([
      { identity: '5', change: 'NEW', readable: true, handled: true },
    ]);
    expect(await rowOf('stage, error_code, newest')).toEqual({
      stage: 'open',
      error_code: null,
      newest: '5',
    });
    expect(await store([unreadableOf({ changeIdentity: '5' })])).toMatchObject({ stored: 0, unread: 0 });
  });

  it('unreadable and readable with one identity in one page: the readable one counts', async () => {
    const outcome = await store([unreadableOf({ changeIdentity: '5' }), itemOf({ changeIdentity: '5' })]);
    expect(outcome).toMatchObject({ stored: 1, unread: 0, ringing: 1 });
    expect(await changesOf('1001')).toMatchObject([{ identity: '5', readable: true }]);
  });

  it('one without a number that comes again with it is settled', async () => {
    await store([{ ok: false, changeIdentity: '5', raw: '{}', issues: ['posId: значение отсутствует'] }]);
    expect(await store([itemOf({ changeIdentity: '5' })])).toMatchObject({ mended: 1 });
    expect(
      await site.db.query('SELECT 1 FROM unread_item WHERE opa_id = $1 AND settled_at IS NULL', [
        cabinet.config.opaId,
      ]),
    ).toEqual([]);
  });

  it('beside good ones, they stop nothing', async () => {
    await store([itemOf({ posId: '1' }), unreadableOf({ posId: '2' }), itemOf({ posId: '3' })]);
    expect((await appealsOf(site, cabinet)).map((row) => row.stage)).toEqual(['open', 'attention', 'open']);
  });
});

describe('text that databases choke on', () => {
  const nasty = fc.oneof(
    fc.constantFrom(
      '\u0000',
      'a\u0000b',
      '\ud83d',
      '\udc00\ud800',
      '😀'.repeat(300),
      '\ufffe',
      '\\u0000',
      "';--",
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );

  it('in any field of any item is stored, raw included, and read back the same', async () => {
    let posId = 5000;
    const element = fc.record({
      kind: nasty,
      change: nasty,
      status: fc.oneof(nasty, fc.constantFrom(...CARD_STATUSES)),
      description: nasty,
      source: nasty,
      subjectId: nasty,
      repeatOf: nasty,
      changeId: nasty,
      attachments: fc.array(fc.record({ fileId: nasty, name: nasty, mimeType: nasty, sha256: nasty }), {
        maxLength: 3,
      }),
      applicant: fc.record({ kind: nasty, surname: nasty, name: nasty, epguId: nasty }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(element, { minLength: 1, maxLength: 5 }), async (elements) => {
        const items = elements.map((one) =>
          read({ posId: posId++, receivedAt: '2026-06-10T09:00:00Z', ...one }),
        );
        await store(items);
        const rows = await site.db.query<{ raw: string }>(
          `SELECT ch.raw FROM appeal_change ch JOIN appeal a ON a.id = ch.appeal_id
           WHERE a.opa_id = $1 ORDER BY ch.id DESC LIMIT $2`,
          [cabinet.config.opaId, items.length],
        );
        expect(rows.map((row) => row.raw).sort()).toEqual(items.map((item) => item.raw).sort());
        for (const row of rows) {
          const again = site.platform.parseItem(row.raw, 'Europe/Moscow');
          expect(items).toContainEqual(again);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('300 emoji as a file’s name are data', async () => {
    const name = `${'👩‍🚒'.repeat(300)}.jpg`;
    await store([
      itemOf({
        attachments: [
          { ...FILE, name },
          { ...FILE, fileId: 'f-2', name: '../../etc/passwd' },
        ],
      }),
    ]);
    const rows = await site.db.query<{ name: string; position: number }>(
      `SELECT f.name, f.position FROM attachment f JOIN appeal a ON a.id = f.appeal_id
       WHERE a.opa_id = $1 ORDER BY f.position`,
      [cabinet.config.opaId],
    );
    expect(rows).toEqual([
      { name, position: 0 },
      { name: '../../etc/passwd', position: 1 },
    ]);
  });
});

describe('attachments', () => {
  async function files() {
    return await site.db.query<{ file_id: string; state: string; sha256: string | null }>(
      `SELECT f.file_id, f.state, f.sha256 FROM attachment f JOIN appeal a ON a.id = f.appeal_id
       WHERE a.opa_id = $1 ORDER BY f.id`,
      [cabinet.config.opaId],
    );
  }
  const withFiles = (changeIdentity: string, change: string, ids: string[]): FeedItem =>
    itemOf({
      changeIdentity,
      change,
      attachments: ids.map((fileId) => ({ ...FILE, fileId })),
    } as Partial<Appeal>);

  it('are not doubled by later items, nor by one item that names a file twice', async () => {
    await store([withFiles('1', 'NEW', ['a', 'a', 'b']), withFiles('2', 'AMENDED', ['a', 'b', 'c'])]);
    await store([withFiles('3', 'RATED', ['b', 'c', 'd'])]);
    expect((await files()).map((file) => file.file_id).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('that were fetched already stay so', async () => {
    await store([withFiles('1', 'NEW', ['a'])]);
    await site.db.query(`INSERT INTO blob (sha256, size) VALUES ('ab', 10) ON CONFLICT DO NOTHING`);
    await site.db.query(
      `UPDATE attachment SET state = 'stored', sha256 = 'ab'
       WHERE appeal_id IN (SELECT id FROM appeal WHERE opa_id = $1)`,
      [cabinet.config.opaId],
    );
    await store([withFiles('2', 'AMENDED', ['a'])]);
    expect(await files()).toEqual([{ file_id: 'a', state: 'stored', sha256: 'ab' }]);
  });
});
