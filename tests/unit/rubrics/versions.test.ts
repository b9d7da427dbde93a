import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mapCode, unmapCode } from '../../../src/rubrics/edit-rules.ts';
import { importCategories, importRubrics } from '../../../src/rubrics/import.ts';
import { loadMapper } from '../../../src/rubrics/load.ts';
import { pathText } from '../../../src/rubrics/names.ts';
import { byCode, ruleId } from '../../../src/rubrics/rules.ts';
import type { RubricRule } from '../../../src/rubrics/types.ts';
import { addVersion, diffRules, listVersions, readRules, rollBack } from '../../../src/rubrics/versions.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { category, EDITION, rubric, rule } from './support.ts';

const BY = { who: 'Иванова', why: 'проверка' };
const ORIGIN = { source: 'test.xls', who: 'Иванова' };
const CODE = '0003.0009.0099.0742';
const [A, B] = [CODE, '0003.0009.0099.0743'] as const;

let database: TestDatabase;
let db: Queryable;

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await db.query('TRUNCATE rubric_rule, rubric_version, category, rubric, classifier_import');
  const categories = [
    category('Дороги', '1'),
    category('Дороги / Ямы', '1/11'),
    category('Дворы', '2'),
    category('Дворы / Ямы', '2/21'),
    category('Прочее'),
    category('Двойная', '7'),
    category('Двойная', '8'),
  ];
  await importCategories(database.dataSource, { categories }, ORIGIN);
  const rubrics = ['0003.0000.0000.0000', '0003.0009.0000.0000', '0003.0009.0099.0000', A, B, `${A}.0110`];
  await importRubrics(
    database.dataSource,
    rubrics.map((code) => rubric(code)),
    { ...ORIGIN, edition: EDITION },
  );
});

async function set(...rules: readonly RubricRule[]): Promise<number | undefined> {
  return (await addVersion(database.dataSource, 'person', BY, () => rules))?.version;
}

async function now(version?: number): Promise<Record<string, string>> {
  const { rules } = await readRules(db, version);
  return Object.fromEntries(rules.map((each) => [ruleId(each), pathText(each)]));
}

describe('versions', () => {
  it('start at 1, each with all its rules, who, when and why', async () => {
    expect(await readRules(db)).toEqual({ version: 0, rules: [] });
    expect(await set(rule(A, 'Дороги'))).toBe(1);
    expect(await set(rule(A, 'Дороги'), rule(B, 'Дворы'))).toBe(2);
    expect(await now(1)).toEqual({ [A]: 'Дороги' });
    expect(await now()).toEqual({ [A]: 'Дороги', [B]: 'Дворы' });
    expect(await listVersions(db)).toMatchObject([
      { version: 2, rules: 2, source: 'person', ...BY },
      { version: 1, rules: 1, source: 'person', ...BY },
    ]);
  });

  it('rules come back as they were stored, whatever is in them', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const anyRule = fc
      .record({
        code: fc.constantFrom(A, B, '0003.0009.0000.0000'),
        subject: text,
        subsubject: text,
        subjectId: text,
        cardfile: text,
        organization: text,
        note: text,
        word: fc.constantFrom('', 'яма', '<&>слово\u0000'),
      })
      .map(({ code, ...parts }) => rule(code, 'x', parts))
      .filter(({ subject }) => subject !== '');
    const list = fc.uniqueArray(anyRule, { selector: ruleId, minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(list, async (rules) => {
        await set(...rules);
        expect((await readRules(db)).rules).toEqual([...rules].sort(byCode));
      }),
      { numRuns: 25 },
    );
  });

  it('the same rules again are no new version', async () => {
    await set(rule(A, 'Дороги'));
    expect(await set(rule(A, ' ДОРОГИ'))).toBeUndefined();
    expect(await listVersions(db)).toHaveLength(1);
  });

  it.each([
    ['who', { who: ' ', why: 'x' }],
    ['why', { who: 'x', why: '' }],
  ])('without %s nothing is stored', async (field, by) => {
    await expect(
      addVersion(database.dataSource, 'person', by, () => [rule(A, 'Дороги')]),
    ).rejects.toMatchObject({
      code: 'COMMAND_INVALID',
      field: `--${field}`,
    });
    expect(await listVersions(db)).toEqual([]);
  });

  it('two rules of one code and the same conditions are refused whole', async () => {
    await expect(
      set(rule(A, 'Дороги', { word: 'Ёлка' }), rule(A, 'Дворы', { word: 'елка' })),
    ).rejects.toMatchObject({
      code: 'COMMAND_INVALID',
    });
    expect((await readRules(db)).version).toBe(0);
  });

  it('are never changed, not even by a statement', async () => {
    await set(rule(A, 'Дороги'));
    for (const statement of [
      `UPDATE rubric_rule SET subject = 'x'`,
      'DELETE FROM rubric_rule',
      `UPDATE rubric_version SET who = 'x'`,
      'DELETE FROM rubric_version',
    ]) {
      await expect(db.query(statement)).rejects.toThrow(/P0001/);
    }
    expect(await now()).toEqual({ [A]: 'Дороги' });
  });

  it('made at the same time come one after the other; none is lost', async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        mapCode(database.dataSource, { code: A, category: 'Дороги', cardfile: `0.${i}.` }, BY),
      ),
    );
    expect(Object.keys(await now())).toHaveLength(8);
    expect((await listVersions(db)).map(({ version, rules }) => [version, rules])).toEqual(
      [8, 7, 6, 5, 4, 3, 2, 1].map((n) => [n, n]),
    );
  });
});

describe('a roll-back', () => {
  it('is a new version equal to the old one', async () => {
    await set(rule(A, 'Дороги'), rule(B, 'Дворы'));
    await set(rule(A, 'Дворы'));
    const made = await rollBack(database.dataSource, 1, BY);
    expect(made?.version).toBe(3);
    expect(await now(3)).toEqual(await now(1));
    expect((await listVersions(db))[0]).toMatchObject({ version: 3, equalTo: 1, source: 'rollback' });
    expect(await rollBack(database.dataSource, 1, BY)).toBeUndefined();
  });

  it('to a version that is not there is refused', async () => {
    await expect(rollBack(database.dataSource, 5, BY)).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
  });
});

describe('a difference', () => {
  it('tells added, removed and changed rules by code and conditions', () => {
    const before = [rule(A, 'Дороги'), rule(B, 'Дворы'), rule(A, 'Дворы', { word: 'двор' })];
    const after = [
      rule(A, 'Дворы'),
      rule(A, 'Дворы', { word: 'двор' }),
      rule(A, 'Дворы', { cardfile: '0.A.' }),
    ];
    const diff = diffRules(before, after);
    expect(diff.added.map(ruleId)).toEqual([`${A}?cardfile=0.A.`]);
    expect(diff.removed.map(ruleId)).toEqual([B]);
    expect(diff.changed.map(({ to }) => ruleId(to))).toEqual([A]);
    expect(diffRules(before, before)).toEqual({ added: [], removed: [], changed: [] });
  });
});

describe('mapping by hand', () => {
  const map = (request: Partial<Parameters<typeof mapCode>[1]> = {}) =>
    mapCode(database.dataSource, { code: A, category: 'Дороги / Ямы', ...request }, BY);

  it.each([
    ['a path', 'дороги / ЯМЫ'],
    ['a key', '1/11'],
    ['the id of the sub-category', '11'],
  ])('to %s', async (_what, text) => {
    const { rule: made, version, isUsable } = await map({ category: text });
    expect({ version, isUsable }).toEqual({ version: 1, isUsable: true });
    expect(made).toMatchObject({ subject: 'Дороги', subsubject: 'Ямы', subjectId: '1', subsubjectId: '11' });
    expect((await loadMapper(db)).map({ otkCode: `${A}.0110` })).toEqual({
      subjectId: '1',
      subsubjectId: '11',
      ruleId: A,
    });
  });

  it('replaces the rule of the same code and conditions, and says what was there', async () => {
    await map();
    expect(await map({ category: 'Дворы' })).toMatchObject({ version: 2, before: { subject: 'Дороги' } });
    expect(await now()).toEqual({ [A]: 'Дворы' });
    const again = await map({ category: 'Дворы' });
    expect([again.version, again.before?.subject]).toEqual([undefined, 'Дворы']);
  });

  it('makes a rule of the draft a decision, though its category stays', async () => {
    await addVersion(database.dataSource, 'starter', BY, () => [rule(A, 'Дороги', { source: 'starter' })]);
    expect(await map({ category: 'Дороги' })).toMatchObject({ version: 2, before: { source: 'starter' } });
  });

  it('narrowed stands beside the wider rule', async () => {
    await map();
    await map({ category: 'Дворы', cardfile: '0.A.', word: 'двор' });
    const mapper = await loadMapper(db);
    expect(mapper.map({ otkCode: A, cardfile: '0.A.', text: 'во дворе' })).toMatchObject({ subjectId: '2' });
    expect(mapper.map({ otkCode: A, cardfile: '0.A.' })).toMatchObject({ subjectId: '1' });
    expect(mapper.version).toBe(2);
  });

  it('to a category without id is possible, and told', async () => {
    expect(await map({ category: 'Прочее' })).toMatchObject({ isUsable: false, version: 1 });
    expect((await loadMapper(db)).map({ otkCode: A })).toEqual({ unmapped: 'category-unknown', ruleId: A });
  });

  it.each([
    ['a code that is none', { code: '12' }, /«12» не код рубрики/],
    ['a code that is not there', { code: '0003.0009.0099.9999' }, /нет кода 0003.0009.0099.9999/],
    ['an unknown category', { category: 'Реки' }, /нет категории «Реки»/],
    [
      'a path of two categories',
      { category: 'двойная' },
      /несколько, назовите одну: 7 \(Двойная\); 8 \(Двойная\)/,
    ],
    ['a word without letters', { word: '!' }, /здесь нет слова/],
  ])('%s is refused', async (_what, request, words) => {
    await expect(map(request)).rejects.toMatchObject({
      code: 'COMMAND_INVALID',
      detail: expect.stringMatching(words),
    });
    expect((await readRules(db)).version).toBe(0);
  });

  it('before any categories are there says what to do', async () => {
    await db.query('TRUNCATE category');
    await expect(map()).rejects.toMatchObject({ detail: expect.stringMatching(/ещё не загружены/) });
  });

  it('is taken back by its code and exactly its conditions', async () => {
    await map();
    await map({ category: 'Дворы', word: 'двор' });
    const unmap = (target: Parameters<typeof unmapCode>[1]) => unmapCode(database.dataSource, target, BY);
    expect(await unmap({ code: A, cardfile: '0.A.' })).toBeUndefined();
    expect(await unmap({ code: A, word: 'ДВОР' })).toMatchObject({
      version: 3,
      removed: { subject: 'Дворы' },
    });
    expect(await now()).toEqual({ [A]: 'Дороги / Ямы' });
    expect(await unmap({ code: B })).toBeUndefined();
    await expect(unmap({ code: 'x' })).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
  });
});
