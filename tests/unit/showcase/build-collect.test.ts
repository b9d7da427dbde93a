import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { toCategory } from '../../../src/rubrics/categories.ts';
import { createMapper } from '../../../src/rubrics/mapper.ts';
import { makeRule } from '../../../src/rubrics/rules.ts';
import { collectShowcase } from '../../../src/showcase/collect.ts';
import { withShowcaseLock } from '../../../src/showcase/lock.ts';
import { writeUploads } from '../../../src/showcase/uploads.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  acceptAll,
  type BuildStand,
  buildStand,
  CODE_5,
  CODE_A,
  CODE_B,
  cardOf,
  readShowcaseFile,
  refuseAll,
  rowsOf,
  rubricsOf,
  showcaseOf,
  statesOf,
  tableMapper,
} from '../../support/showcase-build.ts';

let database: TestDatabase;
let stand: BuildStand;
const showcase = showcaseOf();

beforeAll(async () => {
  database = await createTestDatabase();
  stand = await buildStand(database);
});
beforeEach(() => stand.clear());
afterAll(async () => {
  await stand.remove();
  await database.drop();
});

async function build(over: Partial<BuildStand['deps']> = {}, settings = showcase) {
  const deps = { ...stand.deps, ...over };
  const summary = await collectShowcase(deps, settings);
  const uploads = await writeUploads(deps, settings);
  return { summary, uploads };
}

describe('the first pass', () => {
  it('stores every question, numbered, and writes what can go into a file', async () => {
    stand.archive.cardsNow = [
      cardOf('1', { rubrics: rubricsOf(CODE_A, CODE_5, CODE_B) }),
      cardOf('2', { rubrics: rubricsOf('0003.0009.0099.0000') }),
      cardOf('3', { rubrics: rubricsOf('0001.0001.0001.0001') }),
      cardOf('4', { regNumber: ' ' }),
      cardOf('5', { posId: '777', showcaseFlag: false }),
    ];
    const { summary, uploads } = await build();
    expect(summary).toMatchObject({ cards: 5, excluded: 1, questions: 6, changed: 6, removed: 0 });
    expect(await statesOf(stand.db)).toEqual([
      '1#1 sent',
      '1#2 sent',
      '1#3 sent',
      '2#0 refused',
      '3#1 unmapped',
      '4#1 refused',
    ]);
    const rows = await rowsOf(stand.db);
    expect(rows.map(({ own_code, own_field }) => [own_code, own_field]).slice(3)).toEqual([
      ['SHOWCASE_NO_QUESTION', 'otkCode'],
      ['RUBRIC_NOT_MAPPED', 'otkCode'],
      ['SHOWCASE_FIELD_MISSING', 'regNumber'],
    ]);
    expect(rows.every(({ since }) => since !== null)).toBe(true);
    expect(uploads).toHaveLength(1);
    const [header, ...lines] = await readShowcaseFile(stand.spoolDir, uploads[0]?.file ?? '');
    expect(header).toEqual({
      format: 'showcase/1',
      region: '14',
      organization: { ogrn: '1021400000000' },
      records: 3,
      from: '2026-03-02',
      to: '2026-03-02',
    });
    expect(lines.map(({ recordId, otkCode, questionsTotal }) => [recordId, otkCode, questionsTotal])).toEqual(
      [
        ['1#1', CODE_A, 3],
        ['1#2', CODE_5, 3],
        ['1#3', CODE_B, 3],
      ],
    );
  });

  it('asks the archive for the showcase’s cardfiles and days', async () => {
    await build({}, showcaseOf({ docGroups: ['0.G.'] }));
    expect(stand.archive.queries).toEqual([
      { cardfiles: ['0.A.', '0.B.'], from: '2026-01-01', undated: true, docGroups: ['0.G.'] },
    ]);
  });

  it('reads what cards are about where a rule looks for a word, and keeps nothing of it', async () => {
    const to = (subjectId: string) => toCategory({ subject: `Категория ${subjectId}`, subjectId });
    const rule = (subjectId: string, word = '') =>
      makeRule({ code: CODE_A, source: 'person', subject: `Категория ${subjectId}`, subjectId, word });
    const mapper = createMapper([rule('1'), rule('2', 'двор')], [to('1'), to('2')], []);
    stand.archive.cardsNow = [cardOf('1', { text: 'Яма во ДВОРЕ у Петровой' }), cardOf('2', { text: 'Яма' })];
    const { uploads } = await build({ mapper });
    expect(stand.archive.queries).toMatchObject([{ withText: true }]);
    const [, ...lines] = await readShowcaseFile(stand.spoolDir, uploads[0]?.file ?? '');
    expect(lines.map((line) => line['subjectId'])).toEqual(['2', '1']);
    expect(JSON.stringify([lines, await rowsOf(stand.db)])).not.toContain('Петров');
  });

  it('looks at a card that comes twice once', async () => {
    stand.archive.cardsNow = [cardOf('1'), cardOf('1', { rubrics: rubricsOf(CODE_A, CODE_B) }), cardOf('1')];
    const { summary } = await build();
    expect(summary.cards).toBe(1);
    expect(await statesOf(stand.db)).toEqual(['1#1 sent']);
  });

  it('stores keys and texts of every kind', async () => {
    stand.archive.cardsNow = [
      cardOf('a#b', { regNumber: 'пример "1"\\\u0001', address: 'д. 1\u2028, кв. 2' }),
      cardOf('bad\0\u001e\ud800', { isn: '', regNumber: '' }),
      cardOf('', { rubrics: [] }),
    ];
    await build();
    expect(await statesOf(stand.db)).toEqual(['#0 refused', 'a#b#1 sent', 'bad\ufffd\ufffd#1 refused']);
    const again = await build();
    expect(again.summary).toMatchObject({ changed: 0, removed: 0 });
  });
});

describe('the next passes', () => {
  it('send nothing when nothing has changed', async () => {
    stand.archive.cardsNow = [cardOf('1'), cardOf('2', { rubrics: [] })];
    await build();
    await acceptAll(stand.db);
    const { summary, uploads } = await build();
    expect(summary).toMatchObject({ cards: 2, questions: 2, changed: 0, removed: 0, files: 0 });
    expect(uploads).toEqual([]);
    expect((await rowsOf(stand.db)).map(({ since }) => since !== null)).toEqual([false, true]);
  });

  it('send just what has changed', async () => {
    stand.archive.cardsNow = [cardOf('1'), cardOf('2')];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow[1] = cardOf('2', { state: 'ANSWERED', answeredDate: '2026-03-20' });
    const { uploads } = await build();
    const [, ...lines] = await readShowcaseFile(stand.spoolDir, uploads[0]?.file ?? '');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ recordId: '2#1', state: 'ANSWERED', answeredDate: '2026-03-20' });
    expect(await statesOf(stand.db)).toEqual(['1#1 accepted', '2#1 sent']);
  });

  it('send what changed in flight after its report is settled, whatever the report says', async () => {
    stand.archive.cardsNow = [cardOf('1'), cardOf('2')];
    await build();
    stand.archive.cardsNow = [cardOf('1', { oktmo: '98701000' }), cardOf('2', { regNumber: '' })];
    expect((await build()).uploads).toEqual([]);
    expect(await statesOf(stand.db)).toEqual(['1#1 sent', '2#1 sent']);
    await acceptAll(stand.db);
    expect(await statesOf(stand.db)).toEqual(['1#1 ready', '2#1 refused']);
    expect((await build()).uploads.map(({ records }) => records)).toEqual([1]);
  });

  it('leave refused records alone until card or rule changes', async () => {
    stand.archive.cardsNow = [cardOf('1'), cardOf('2', { rubrics: rubricsOf('0001.0001.0001.0001') })];
    await build();
    await refuseAll(stand.db);
    expect((await build()).uploads).toEqual([]);
    expect(await statesOf(stand.db)).toEqual(['1#1 refused', '2#1 unmapped']);
    const mapper = tableMapper({ [CODE_A]: '12', '0001.0001.0001.0001': '44' });
    expect((await build({ mapper })).uploads.map(({ records }) => records)).toEqual([2]);
  });

  it('accept by itself what went back to the accepted content', async () => {
    stand.archive.cardsNow = [cardOf('1')];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [cardOf('1', { regNumber: '' })];
    await build();
    expect((await rowsOf(stand.db))[0]).toMatchObject({ state: 'refused', own_field: 'regNumber' });
    stand.archive.cardsNow = [cardOf('1')];
    await build();
    expect((await rowsOf(stand.db))[0]).toMatchObject({ state: 'accepted', since: null, own_code: null });
  });

  it('keep numbers whatever a clerk drops, adds or reorders', async () => {
    stand.archive.cardsNow = [cardOf('1', { rubrics: rubricsOf(CODE_A, CODE_B) })];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [cardOf('1', { rubrics: rubricsOf(CODE_5, CODE_B) })];
    const { uploads } = await build();
    const [, ...lines] = await readShowcaseFile(stand.spoolDir, uploads[0]?.file ?? '');
    const told = lines.map(({ recordId, otkCode, state }) => [recordId, otkCode, state]);
    expect(told.sort()).toEqual([
      ['1#1', CODE_A, 'REMOVED'],
      ['1#3', CODE_5, 'IN_WORK'],
    ]);
    await acceptAll(stand.db);
    expect(await statesOf(stand.db)).toEqual(['1#1 gone', '1#2 accepted', '1#3 accepted']);
    stand.archive.cardsNow = [cardOf('1', { rubrics: rubricsOf(CODE_B, CODE_A) })];
    await build();
    expect((await rowsOf(stand.db)).map((row) => [row.question_no, row.otk_code, row.state])).toEqual([
      [1, CODE_A, 'sent'],
      [2, CODE_B, 'accepted'],
      [3, CODE_5, 'sent'],
    ]);
  });
});

describe('taking off', () => {
  it.each([
    ['withdrawn', [cardOf('1', { state: 'REMOVED' })]],
    ['excluded by its requisite', [cardOf('1', { showcaseFlag: false })]],
    ['away from the archive', []],
  ])('a card that is %s: REMOVED once, then gone', async (_why, cards) => {
    stand.archive.cardsNow = [cardOf('1')];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [...cards];
    const { summary, uploads } = await build();
    expect(summary.removed).toBe(1);
    const [, line] = await readShowcaseFile(stand.spoolDir, uploads[0]?.file ?? '');
    expect(line).toMatchObject({ recordId: '1#1', state: 'REMOVED', otkCode: CODE_A, regNumber: 'А-1/26' });
    await acceptAll(stand.db);
    expect((await rowsOf(stand.db))[0]).toMatchObject({ state: 'gone', since: null });
    expect((await build()).uploads).toEqual([]);
  });

  it('what the platform never had is gone at once', async () => {
    stand.archive.cardsNow = [cardOf('1', { regNumber: '' }), cardOf('2', { rubrics: [] })];
    await build();
    stand.archive.cardsNow = [];
    expect((await build()).uploads).toEqual([]);
    expect(await statesOf(stand.db)).toEqual(['1#1 gone', '2#0 gone']);
    expect((await rowsOf(stand.db)).every(({ since }) => since === null)).toBe(true);
  });

  it('waits for the report of a record in flight', async () => {
    stand.archive.cardsNow = [cardOf('1'), cardOf('2')];
    await build();
    stand.archive.cardsNow = [];
    expect((await build()).uploads).toEqual([]);
    expect(await statesOf(stand.db)).toEqual(['1#1 sent', '2#1 sent']);
    await acceptAll(stand.db);
    expect((await build()).uploads.map(({ records }) => records)).toEqual([2]);
  });

  it('is forgotten when the card comes back', async () => {
    stand.archive.cardsNow = [cardOf('1')];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [cardOf('1')];
    const { uploads } = await build();
    const [, line] = await readShowcaseFile(stand.spoolDir, uploads[0]?.file ?? '');
    expect(line).toMatchObject({ recordId: '1#1', state: 'IN_WORK' });
  });

  it('of most of a large showcase waits for a person', async () => {
    const many = Array.from({ length: 210 }, (_card, at) => cardOf(String(1000 + at)));
    stand.archive.cardsNow = many;
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [...many.slice(0, 100), cardOf('new')];
    await expect(build()).rejects.toMatchObject({
      code: 'SHOWCASE_REMOVAL_HELD',
      detail: 'не найдено 110 из 211 вопросов',
    });
    // What was seen is stored all the same.
    expect((await statesOf(stand.db)).filter((state) => !state.endsWith('accepted'))).toEqual([
      'new#1 ready',
    ]);
    expect((await build({ confirmRemovals: true })).summary.removed).toBe(110);
    stand.archive.cardsNow = [];
    await expect(build()).rejects.toMatchObject({ code: 'SHOWCASE_REMOVAL_HELD' });
  });

  it('of half of it, or of a few, does not', async () => {
    const many = Array.from({ length: 210 }, (_card, at) => cardOf(String(1000 + at)));
    stand.archive.cardsNow = many;
    await build();
    stand.archive.cardsNow = many.slice(0, 105);
    expect((await build()).summary.removed).toBe(105);
    stand.archive.cardsNow = many.slice(0, 5);
    expect((await build()).summary.removed).toBe(100);
  });

  it('leaves other showcases alone', async () => {
    stand.archive.cardsNow = [cardOf('1')];
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [];
    await build({}, showcaseOf({ id: 'other' }));
    expect(await statesOf(stand.db)).toEqual(['1#1 accepted']);
  });
});

describe('a pass that does not end', () => {
  it('takes nothing off, and the next one repairs all', async () => {
    stand.archive.cardsNow = ['1', '2', '3', '4', '5'].map((key) => cardOf(key));
    await build();
    await acceptAll(stand.db);
    stand.archive.cardsNow = [
      cardOf('1', { oktmo: '98701000' }),
      ...['2', '3', '4'].map((key) => cardOf(key)),
    ];
    stand.archive.failAtPage = 1;
    stand.archive.failure = new Fault('SED_ARCHIVE_UNREACHABLE');
    await expect(build()).rejects.toMatchObject({ code: 'SED_ARCHIVE_UNREACHABLE' });
    expect((await statesOf(stand.db)).filter((state) => !state.endsWith('accepted'))).toEqual([]);
    const [failed] = await stand.db.query<{ error_code: string; finished_at: Date | null }>(
      `SELECT error_code, finished_at FROM showcase_build ORDER BY id DESC LIMIT 1`,
    );
    expect(failed).toEqual({ error_code: 'SED_ARCHIVE_UNREACHABLE', finished_at: null });
    stand.archive.failAtPage = undefined;
    expect((await build()).summary).toMatchObject({ cards: 4, changed: 1, removed: 1 });
  });

  it('stops when it is told to', async () => {
    stand.archive.cardsNow = [cardOf('1')];
    await expect(collectShowcase(stand.deps, showcase, AbortSignal.abort())).rejects.toMatchObject({
      code: 'STOPPED',
    });
    expect(await statesOf(stand.db)).toEqual([]);
  });

  it('does not begin while another one runs', async () => {
    await withShowcaseLock(database.dataSource, showcase.id, async () => {
      await expect(build()).rejects.toMatchObject({ code: 'SHOWCASE_BUSY' });
      await build({}, showcaseOf({ id: 'other' }));
    });
    await build();
  });
});
