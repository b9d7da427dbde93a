import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { collectShowcase } from '../../../src/showcase/collect.ts';
import { CHART_MONTHS, chartOf } from '../../../src/showcase/preview/chart.ts';
import { type PreviewFigures, readFigures } from '../../../src/showcase/preview/figures.ts';
import { HEAT_STEPS, heatOf, matrixOf } from '../../../src/showcase/preview/matrix.ts';
import { previewPage } from '../../../src/showcase/preview/page.ts';
import { monthName, numberText, placeName } from '../../../src/showcase/preview/words.ts';
import { writeUploads } from '../../../src/showcase/uploads.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  acceptAll,
  type BuildStand,
  buildStand,
  CODE_A,
  CODE_B,
  cardOf,
  rubricsOf,
  showcaseOf,
} from '../../support/showcase-build.ts';

let database: TestDatabase;
let stand: BuildStand;

beforeAll(async () => {
  database = await createTestDatabase();
  stand = await buildStand(database);
});
beforeEach(() => stand.clear());
afterAll(async () => {
  await stand.remove();
  await database.drop();
});

const NONE = { total: 0, fresh: 0, repeated: 0, overdue: 0 };

describe('figures', () => {
  it('of nothing are nothing', async () => {
    expect(await readFigures(stand.db, 'yakutsk')).toEqual({
      total: { ...NONE, accepted: 0 },
      cells: [],
      periods: [],
    });
  });

  it('count questions by municipality, category and month, each once', async () => {
    const future = { dueDate: '2027-01-01' };
    stand.archive.cardsNow = [
      cardOf('1', { rubrics: rubricsOf(CODE_A, CODE_B), oktmo: '98701000', ...future }),
      // A settlement counts with its municipality; missed and repeated.
      cardOf('2', { oktmo: '98701000101', repeated: true, dueDate: '2026-03-10' }),
      cardOf('3', { regDate: '2026-04-01', ...future }),
      // Neither is shown: one is refused, one has no category.
      cardOf('4', { regNumber: '' }),
      cardOf('5', { rubrics: rubricsOf('0001.0001.0001.0001') }),
    ];
    await collectShowcase(stand.deps, showcaseOf());
    await collectShowcase({ ...stand.deps }, showcaseOf({ id: 'other' }));
    await writeUploads(stand.deps, showcaseOf());
    await acceptAll(stand.db);
    stand.archive.cardsNow.push(cardOf('6', { oktmo: '98702000', ...future }));
    await collectShowcase(stand.deps, showcaseOf());
    const figures = await readFigures(stand.db, 'yakutsk');
    expect(figures.total).toEqual({ total: 5, fresh: 4, repeated: 1, overdue: 1, accepted: 4 });
    expect(figures.cells).toEqual([
      { oktmo: '', subjectId: '11', total: 1, fresh: 1, repeated: 0, overdue: 0 },
      { oktmo: '98701000', subjectId: '11', total: 2, fresh: 1, repeated: 1, overdue: 1 },
      { oktmo: '98701000', subjectId: '22', total: 1, fresh: 1, repeated: 0, overdue: 0 },
      { oktmo: '98702000', subjectId: '11', total: 1, fresh: 1, repeated: 0, overdue: 0 },
    ]);
    expect(figures.periods.map(({ period, total }) => [period, total])).toEqual([
      ['2026-03', 4],
      ['2026-04', 1],
    ]);
  });

  it('leave out what is taken off', async () => {
    stand.archive.cardsNow = [cardOf('1')];
    await collectShowcase(stand.deps, showcaseOf());
    await writeUploads(stand.deps, showcaseOf());
    await acceptAll(stand.db);
    stand.archive.cardsNow = [];
    await collectShowcase(stand.deps, showcaseOf());
    expect((await readFigures(stand.db, 'yakutsk')).total.total).toBe(0);
  });
});

function counts(total: number, overdue = 0): typeof NONE {
  return { total, fresh: total, repeated: 0, overdue };
}

const CELLS: PreviewFigures['cells'] = [
  { oktmo: '98701000', subjectId: '11', ...counts(5, 2) },
  { oktmo: '98701000', subjectId: '22', ...counts(1) },
  { oktmo: '', subjectId: '22', ...counts(90) },
];

describe('the matrix', () => {
  it('has the fullest rows and columns first, and a place for every pair', () => {
    const { rows, categories, largest } = matrixOf({ cells: CELLS });
    expect(categories.map(({ subjectId, sum }) => [subjectId, sum.total])).toEqual([
      ['22', 91],
      ['11', 5],
    ]);
    expect(rows.map(({ oktmo, sum, cells }) => [oktmo, sum.total, cells.map((cell) => cell?.total)])).toEqual(
      [
        ['', 90, [90, undefined]],
        ['98701000', 6, [1, 5]],
      ],
    );
    expect(largest).toEqual({ total: 90, fresh: 90, repeated: 0, overdue: 2 });
  });

  it.each([
    [0, 90, 0],
    [1, 90, 1],
    [90, 90, HEAT_STEPS],
    [22, 90, 3],
    [5, 0, 0],
  ])('%d of %d has the heat %d', (value, largest, heat) => expect(heatOf(value, largest)).toBe(heat));
});

describe('the page', () => {
  const page = (over: Partial<Parameters<typeof previewPage>[0]> = {}) =>
    previewPage({
      showcase: 'yakutsk',
      region: '14',
      at: '15.06.2026 18:00',
      figures: {
        total: { ...counts(96, 2), accepted: 90 },
        cells: CELLS,
        periods: [{ period: '2026-03', ...counts(96, 2) }],
      },
      categoryName: (id) => (id === '11' ? 'Дороги <и> "мосты"' : undefined),
      ...over,
    });

  it('tells each number, names what it knows, and escapes what came from outside', () => {
    const text = page();
    expect(text).toContain('Дороги &lt;и&gt; &quot;мосты&quot;');
    expect(text).toContain('категория 22');
    expect(text).toContain('не указан');
    expect(text).toContain('<span class="m-total h5">90</span>');
    expect(text).toContain('март 2026');
    expect(page({ showcase: '</title><script>' })).not.toContain('<script>');
  });

  it('needs nothing from outside and no scripts', () => {
    expect(page()).not.toMatch(/https?:|<script|<link|@import|src=/);
  });

  it('of an empty showcase says so', () => {
    const figures = { total: { ...NONE, accepted: 0 }, cells: [], periods: [] };
    const text = page({ figures });
    expect(text).toContain('пока нет ни одного вопроса');
    expect(text).not.toContain('<table');
  });

  it('draws the last months and lists all', () => {
    const periods = Array.from({ length: 30 }, (_period, at) => ({
      period: `${2024 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`,
      ...counts(at),
    }));
    const { markup } = chartOf(periods);
    expect(markup.match(/<g>/g)).toHaveLength(CHART_MONTHS);
    expect(markup).not.toContain('январь 2024');
    const text = page({ figures: { total: { ...counts(9), accepted: 0 }, cells: CELLS, periods } });
    expect(text).toContain('январь 2024');
    expect(text).toContain('последние 24 месяца');
  });
});

describe('words', () => {
  it.each([
    ['2026-01', 'январь 2026'],
    ['2026-12', 'декабрь 2026'],
    ['2026-13', '2026-13'],
    ['', ''],
  ])('month %j is «%s»', (period, name) => expect(monthName(period)).toBe(name));

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1\u202f000'],
    [1234567, '1\u202f234\u202f567'],
  ])('number %d is «%s»', (value, text) => expect(numberText(value)).toBe(text));

  it('a municipality is named by its code', () => {
    expect([placeName('98701000'), placeName('')]).toEqual(['98701000', 'не указан']);
  });
});
