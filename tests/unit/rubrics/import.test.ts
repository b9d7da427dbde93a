import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readCategories, readRubrics } from '../../../src/rubrics/classifier-store.ts';
import { importCategories, importRubrics } from '../../../src/rubrics/import.ts';
import { loadMapper, loadWorld } from '../../../src/rubrics/load.ts';
import { pathText } from '../../../src/rubrics/names.ts';
import { seedRubrics } from '../../../src/rubrics/seed.ts';
import type { Category } from '../../../src/rubrics/types.ts';
import { listUnmapped } from '../../../src/rubrics/unmapped.ts';
import { addVersion, listVersions, readRules } from '../../../src/rubrics/versions.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { category, EDITION, fixtureCategories, MAPPINGS, rubric, rule } from './support.ts';

const ORIGIN = { source: 'test.xls', who: 'Иванова' };
const A = '0003.0009.0099.0742';

let database: TestDatabase;
let db: Queryable;

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
});
afterAll(() => database.drop());
beforeEach(() =>
  db.query('TRUNCATE rubric_rule, rubric_version, category, rubric, classifier_import, showcase_record'),
);

function take(categories: readonly Category[], options = {}) {
  return importCategories(database.dataSource, { categories }, ORIGIN, options);
}

async function stored(withRetired = false): Promise<readonly string[]> {
  const all = await readCategories(db, { withRetired });
  return all.map(({ key, retired }) => (retired ? `(${key})` : key));
}

const ROADS = [category('Дороги', '1'), category('Дороги / Ямы', '1/11'), category('Дороги / Знаки', '1/12')];

describe('categories', () => {
  it('of the fixture are stored whole and come back the same', async () => {
    const { categories } = fixtureCategories();
    expect(await take(categories)).toMatchObject({ taken: true, rules: [] });
    const key = (each: Category) => each.key;
    expect([...(await readCategories(db))].sort((a, b) => (key(a) < key(b) ? -1 : 1))).toEqual(
      [...categories].sort((a, b) => (key(a) < key(b) ? -1 : 1)),
    );
    const again = await take(categories);
    expect(again.diff.same).toHaveLength(categories.length);
    expect(again.diff.added).toEqual([]);
  });

  it('that are gone are retired and may come back', async () => {
    await take(ROADS);
    const { diff } = await take(ROADS.slice(0, 2));
    expect(diff.removed.map(pathText)).toEqual(['Дороги / Знаки']);
    expect(await stored()).toEqual(['1', '1/11']);
    expect(await stored(true)).toEqual(['1', '(1/12)', '1/11']);
    expect((await take(ROADS)).diff.added.map(pathText)).toEqual(['Дороги / Знаки']);
    expect(await stored()).toEqual(['1', '1/12', '1/11']);
  });

  it('that get their ids stay the same categories, known since their first import', async () => {
    await take([category('Дороги'), category('Дороги / Ямы')]);
    const { diff } = await take(ROADS.slice(0, 2));
    expect(diff.identified).toHaveLength(2);
    expect(await stored(true)).toEqual(['1', '1/11']);
    const rows = await db.query<{ same: boolean }>(
      'SELECT first_import_id = (SELECT min(id) FROM classifier_import) AS same FROM category',
    );
    expect(rows).toEqual([{ same: true }, { same: true }]);
  });

  it('two that change ids with one another both stay', async () => {
    await take(ROADS);
    await take([
      category('Дороги', '1'),
      category('Дороги / Ямы', '1/12'),
      category('Дороги / Знаки', '1/11'),
    ]);
    const all = await readCategories(db, { withRetired: true });
    expect(all.map((each) => [each.key, pathText(each), each.retired])).toEqual([
      ['1', 'Дороги', false],
      ['1/11', 'Дороги / Знаки', false],
      ['1/12', 'Дороги / Ямы', false],
    ]);
  });

  it('a look changes nothing', async () => {
    await take(ROADS);
    const plan = await take([category('Реки', '3')], { dryRun: true });
    expect(plan).toMatchObject({ taken: false, diff: { added: [{ key: '3' }] } });
    expect(await stored(true)).toEqual(['1', '1/12', '1/11']);
    expect(await db.query('SELECT FROM classifier_import')).toHaveLength(1);
  });

  it('a list that lacks more than half is refused, and taken on demand', async () => {
    await take(ROADS);
    await expect(take(ROADS.slice(0, 1))).rejects.toMatchObject({
      code: 'CLASSIFIER_SHRINKS',
      detail: 'пропадает 2 из 3',
    });
    expect(await stored()).toHaveLength(3);
    expect(await take(ROADS.slice(0, 1), { force: true })).toMatchObject({ taken: true });
  });

  it('tells which rules break, and the mapper follows', async () => {
    await take(ROADS);
    await addVersion(database.dataSource, 'person', { who: 'x', why: 'y' }, () => [
      rule(A, 'Дороги / Знаки'),
    ]);
    const { rules } = await take([...ROADS.slice(0, 2), category('Дороги / Дорожные знаки', '1/12')]);
    expect(rules).toMatchObject([{ ruleId: A, effect: 'broken' }]);
    expect((await loadMapper(db)).map({ otkCode: A })).toEqual({ unmapped: 'category-unknown', ruleId: A });
  });

  it('that carry codes make a version of the rules', async () => {
    const codes = [{ code: A, category: category('Дороги / Ямы', '1/11') }];
    const list = { categories: ROADS, codes };
    const plan = await importCategories(database.dataSource, list, ORIGIN, { dryRun: true });
    expect(plan).toMatchObject({ taken: false, carried: { carried: 1 } });
    expect(await listVersions(db)).toEqual([]);
    expect(await importCategories(database.dataSource, list, ORIGIN)).toMatchObject({
      taken: true,
      version: 1,
    });
    expect((await loadMapper(db)).map({ otkCode: A })).toMatchObject({ subsubjectId: '11' });
    expect((await listVersions(db))[0]).toMatchObject({ source: 'classifier', who: 'Иванова' });
    // The same file again brings nothing new.
    const again = await importCategories(database.dataSource, list, ORIGIN);
    expect([again.taken, again.version]).toEqual([true, undefined]);
  });

  it('two imports at a time are compared one after the other', async () => {
    const results = await Promise.all([take(ROADS), take(ROADS)]);
    const added = results.map(({ diff }) => diff.added.length).sort();
    expect(added).toEqual([0, 3]);
  });
});

describe('rubrics', () => {
  const base = ['0003.0000.0000.0000', '0003.0009.0000.0000', A, '0003.0009.0099.0743'].map((code) =>
    rubric(code),
  );
  const takeRubrics = (list: typeof base, edition = EDITION, options = {}) =>
    importRubrics(database.dataSource, list, { ...ORIGIN, edition }, options);

  it('a newer edition: added, removed and renamed; what is gone stays for old cards', async () => {
    await takeRubrics(base);
    await addVersion(database.dataSource, 'person', { who: 'x', why: 'y' }, () => [rule(A, 'Дороги')]);
    await take([category('Дороги', '1')]);
    const next = [base[0], base[1], rubric('0003.0009.0099.0743', 'Знаки'), rubric('0003.0009.0099.0744')];
    const { diff, rules } = await takeRubrics(next as typeof base, '2026-06-01');
    expect(diff.added.map(({ code }) => code)).toEqual(['0003.0009.0099.0744']);
    expect(diff.removed.map(({ code }) => code)).toEqual([A]);
    expect(diff.renamed.map(({ to }) => to.name)).toEqual(['Знаки']);
    expect(rules).toMatchObject([{ ruleId: A, effect: 'broken' }]);
    const all = await readRubrics(db, { withRetired: true });
    expect(all.map(({ code, edition, retired }) => [code, edition, retired])).toEqual([
      ['0003.0000.0000.0000', '2026-06-01', false],
      ['0003.0009.0000.0000', '2026-06-01', false],
      [A, EDITION, true],
      ['0003.0009.0099.0743', '2026-06-01', false],
      ['0003.0009.0099.0744', '2026-06-01', false],
    ]);
    expect(await readRubrics(db)).toHaveLength(4);
    expect((await loadMapper(db)).map({ otkCode: A })).toEqual({ subjectId: '1', ruleId: A });
  });

  it('a look, and a list that lacks more than half, change nothing', async () => {
    await takeRubrics(base);
    expect(await takeRubrics(base.slice(0, 3), '2026-06-01', { dryRun: true })).toMatchObject({
      taken: false,
    });
    await expect(takeRubrics(base.slice(0, 1), '2026-06-01')).rejects.toMatchObject({
      code: 'CLASSIFIER_SHRINKS',
    });
    expect((await readRubrics(db)).map(({ edition }) => edition)).toEqual(base.map(() => EDITION));
  });
});

describe('an empty database', () => {
  it('is filled from what is shipped, once, whoever else does it', async () => {
    await Promise.all([
      seedRubrics(database.dataSource, MAPPINGS),
      seedRubrics(database.dataSource, MAPPINGS),
    ]);
    expect(await readRubrics(db)).toHaveLength(2108);
    const { version, rules } = await readRules(db);
    expect(version).toBe(1);
    expect(rules.length).toBeGreaterThan(150);
    expect(rules.every(({ source }) => source === 'starter')).toBe(true);
    expect(await listVersions(db)).toMatchObject([{ source: 'starter', who: 'поставка' }]);
  });

  it('what a site has made of it stays', async () => {
    const own = [rubric(A)];
    await importRubrics(database.dataSource, own, { ...ORIGIN, edition: '2030-01-01' });
    await addVersion(database.dataSource, 'person', { who: 'x', why: 'y' }, () => [rule(A, 'Дороги')]);
    await seedRubrics(database.dataSource, MAPPINGS);
    expect((await readRubrics(db)).map(({ code }) => code)).toEqual([A]);
    expect((await readRules(db)).rules).toHaveLength(1);
  });
});

describe('unmapped codes', () => {
  beforeEach(async () => {
    await importRubrics(
      database.dataSource,
      [
        rubric('0003.0000.0000.0000'),
        rubric(A, 'Дороги'),
        rubric('0003.0009.0099.0743'),
        rubric(`${A}.0110`),
      ],
      { ...ORIGIN, edition: EDITION },
    );
    await take([category('Дороги', '1'), category('Прочее')]);
  });

  async function waiting(
    code: string,
    cards: number,
    cardfile = '0.A.',
    verdict = 'unmapped',
  ): Promise<void> {
    await db.query(
      `INSERT INTO showcase_record (showcase, card_key, otk_code, question_no, card_isn, reg_number, cardfile, verdict,
                                    since, build_id)
       SELECT 'v', $3 || $1 || n, $1, 1, '1', '1', $3, $4, '2026-01-01'::timestamptz + n * interval '1 day', 1
       FROM generate_series(1, $2::int) AS n`,
      [code, cards, cardfile, verdict],
    );
  }

  async function list(all = false): Promise<unknown[]> {
    const rows = await listUnmapped(db, await loadWorld(db), { all });
    return rows.map(({ code, cards, reason }) => [code, cards, reason]);
  }

  it('those with the most waiting cards first', async () => {
    await waiting('0003.0009.0099.0743', 2);
    await waiting(A, 5);
    await waiting(`${A}.0110`, 9, '0.A.', 'refuse');
    expect(await list()).toEqual([
      [A, 5, 'no-rule'],
      ['0003.0009.0099.0743', 2, 'no-rule'],
    ]);
    const [first] = await listUnmapped(db, await loadWorld(db));
    expect(first).toMatchObject({ name: 'Дороги', since: new Date('2026-01-02T00:00:00Z') });
  });

  it('and on demand every code that no rule maps', async () => {
    await waiting(A, 1);
    expect(await list(true)).toEqual([
      [A, 1, 'no-rule'],
      [`${A}.0110`, 0, 'no-rule'],
      ['0003.0009.0099.0743', 0, 'no-rule'],
    ]);
  });

  it('why: no rule, no id, or mapped meanwhile in every cardfile that waits', async () => {
    await waiting(A, 1, '0.A.');
    await waiting(A, 1, '0.B.');
    await waiting('0009.0009.0009.0009', 1);
    const by = { who: 'x', why: 'y' };
    await addVersion(database.dataSource, 'person', by, () => [rule(A, 'Дороги', { cardfile: '0.A.' })]);
    expect(await list()).toEqual([
      [A, 2, 'no-rule'],
      ['0009.0009.0009.0009', 1, 'no-rule'],
    ]);
    await addVersion(database.dataSource, 'person', by, () => [rule(A, 'Прочее')]);
    expect(await list()).toContainEqual([A, 2, 'category-unknown']);
    await addVersion(database.dataSource, 'person', by, () => [rule(A, 'Дороги')]);
    expect(await list()).toContainEqual([A, 2, 'rule-made']);
  });
});
