import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indexCategories } from '../../../src/rubrics/category-index.ts';
import { lineage } from '../../../src/rubrics/codes.ts';
import { createMapper, type MappedQuestion } from '../../../src/rubrics/mapper.ts';
import { narrowness, ruleId } from '../../../src/rubrics/rules.ts';
import { stemsOf } from '../../../src/rubrics/stems.ts';
import type { RubricRule } from '../../../src/rubrics/types.ts';
import { category, rubric, rule } from './support.ts';

const ROADS = '0003.0009.0099.0742';
const REPAIR = `${ROADS}.0110`;
const categories = [
  category('Дороги', '1'),
  category('Дороги / Ямы', '1/11'),
  category('Дороги / Ремонт', '1/12'),
  category('Дворы', '2'),
  category('Дворы / Ямы', '2/21'),
  category('Прочее / Без номера'),
  category('Архив / Старое', '3/31', true),
];
const rubrics = [rubric(ROADS), rubric(REPAIR), rubric('0003.0009.0099.0743')];

function map(rules: readonly RubricRule[], question: MappedQuestion) {
  return createMapper(rules, categories, rubrics, 7).map(question);
}

describe('which code decides', () => {
  const line = lineage(REPAIR);

  it.each(line.map((code, at) => [at, code] as const))('a rule at step %i of the line, %s', (at, code) => {
    // All rules from here to the section; the nearest must win.
    const rules = line.slice(at).map((each) => rule(each, each === code ? 'Дороги / Ямы' : 'Дворы'));
    expect(map(rules, { otkCode: REPAIR })).toEqual({ subjectId: '1', subsubjectId: '11', ruleId: code });
  });

  it('no rule, or one of a neighbour, is no rule', () => {
    expect(map([], { otkCode: REPAIR })).toEqual({ unmapped: 'no-rule' });
    expect(map([rule('0003.0009.0099.0743', 'Дороги')], { otkCode: REPAIR })).toEqual({
      unmapped: 'no-rule',
    });
    expect(map([rule('0003.0009.0098.0000', 'Дороги')], { otkCode: REPAIR })).toEqual({
      unmapped: 'no-rule',
    });
  });

  it('a category without sub-category gives its id alone', () => {
    expect(map([rule(ROADS, 'Дороги')], { otkCode: ROADS })).toEqual({ subjectId: '1', ruleId: ROADS });
  });

  it('codes outside the classifier follow the wider rules', () => {
    const rules = [rule('0003.0009.0099.0000', 'Дороги')];
    expect(map(rules, { otkCode: '0003.0009.0099.9999' })).toMatchObject({ subjectId: '1' });
    expect(map(rules, { otkCode: '0003.0009.0099.9999.0001' })).toMatchObject({ subjectId: '1' });
    expect(map(rules, { otkCode: ` ${ROADS}.0000 ` })).toMatchObject({ subjectId: '1' });
  });

  it.each(['', 'нет', '0003', '0000.0000.0000.0000', '__proto__'])(
    '«%s» is no rule and no fault',
    (otkCode) => {
      expect(map([rule('0003.0009.0000.0000', 'Дороги')], { otkCode })).toEqual({ unmapped: 'no-rule' });
    },
  );

  it('does not fill the memory with nonsense', () => {
    const mapper = createMapper([rule(ROADS, 'Дороги')], categories, rubrics);
    for (let i = 0; i < 25_000; i += 1) mapper.map({ otkCode: `x${i}` });
    expect(mapper.map({ otkCode: REPAIR })).toMatchObject({ subjectId: '1' });
    expect(mapper.map({ otkCode: 'x3' })).toEqual({ unmapped: 'no-rule' });
  });
});

describe('categories', () => {
  it.each([
    ['unknown', 'Реки', {}],
    ['without id', 'Прочее / Без номера', {}],
    ['retired', 'Архив / Старое', { subjectId: '3', subsubjectId: '31' }],
  ])('%s: unmapped, and no wider rule steps in', (_what, path, ids) => {
    const rules = [rule(ROADS, path, ids), rule('0003.0009.0000.0000', 'Дворы')];
    expect(map(rules, { otkCode: REPAIR })).toEqual({ unmapped: 'category-unknown', ruleId: ROADS });
  });

  it('a path is found in whatever case and blanks, with its own id among equal names', () => {
    expect(map([rule(ROADS, '  дВОРЫ  /  ямы ')], { otkCode: ROADS })).toMatchObject({ subsubjectId: '21' });
    expect(map([rule(ROADS, 'ДОРОГИ / ЯМЫ')], { otkCode: ROADS })).toMatchObject({ subsubjectId: '11' });
  });

  it('an id outlives a new name; a gone id falls back on the path', () => {
    const byId = rule(ROADS, 'Как звали раньше / Ямы', { subjectId: '2', subsubjectId: '21' });
    expect(map([byId], { otkCode: ROADS })).toMatchObject({ subsubjectId: '21' });
    const gone = rule(ROADS, 'Дороги / Ремонт', { subjectId: '1', subsubjectId: '99' });
    expect(map([gone], { otkCode: ROADS })).toMatchObject({ subsubjectId: '12' });
  });
});

describe('conditions', () => {
  const rules = [
    rule(ROADS, 'Дороги'),
    rule(ROADS, 'Дороги / Ямы', { cardfile: '0.A.' }),
    rule(ROADS, 'Дворы', { organization: '77' }),
    rule(ROADS, 'Дворы / Ямы', { cardfile: '0.A.', word: 'двор' }),
    rule('0003.0009.0000.0000', 'Дороги / Ремонт', { word: 'ремонт', cardfile: '0.A.', organization: '77' }),
  ];

  it.each<[string, Partial<MappedQuestion>, string]>([
    ['none', {}, ROADS],
    ['another cardfile', { cardfile: '0.B.' }, ROADS],
    ['the cardfile', { cardfile: '0.A.' }, `${ROADS}?cardfile=0.A.`],
    ['the organisation', { organization: '77' }, `${ROADS}?organization=77`],
    [
      'word and cardfile: the narrower',
      { cardfile: '0.A.', text: 'Ямы во дворах' },
      `${ROADS}?cardfile=0.A.&word=двор`,
    ],
    ['the word without its cardfile', { text: 'Ямы во дворах' }, ROADS],
    [
      'a tie: the organisation goes first',
      { cardfile: '0.A.', organization: '77' },
      `${ROADS}?organization=77`,
    ],
    [
      'a nearer code beats any conditions of a wider one',
      { cardfile: '0.B.', organization: '1', text: 'ремонт' },
      ROADS,
    ],
  ])('%s', (_what, question, id) => {
    expect(map(rules, { otkCode: ROADS, ...question })).toMatchObject({ ruleId: id });
  });

  it.each([
    ['ямы', 'Яма на дороге', true],
    ['яма', 'ЯМЫ', true],
    ['ёлка', 'Елки во дворе', true],
    ['дорога', 'дорожный', false],
    ['яма', 'ямайка', false],
    ['детская площадка', 'Площадки для детских игр', true],
    ['детская площадка', 'Площадка', false],
  ])('the word «%s» in «%s»: %s', (word, text, isThere) => {
    const result = map([rule(ROADS, 'Дороги', { word })], { otkCode: ROADS, text });
    expect('subjectId' in result).toBe(isThere);
  });

  it('a condition met by no question leaves the code to the wider rule', () => {
    const two = [rule(ROADS, 'Дороги', { cardfile: '0.A.' }), rule('0003.0000.0000.0000', 'Дворы')];
    expect(map(two, { otkCode: REPAIR })).toMatchObject({ subjectId: '2' });
    expect(map(two, { otkCode: REPAIR, cardfile: '0.A.' })).toMatchObject({ subjectId: '1' });
  });
});

describe('any rules', () => {
  const codes = lineage(REPAIR);
  const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const anyRule = fc
    .record({
      code: fc.constantFrom(...codes),
      path: fc.constantFrom('Дороги', 'Дороги / Ямы', 'Дворы', 'Реки'),
      cardfile: optional(['0.A.', '0.B.']),
      organization: optional(['77', '78']),
      word: optional(['яма', 'двор']),
    })
    .map(({ code, path, ...conditions }) =>
      rule(code, path, {
        cardfile: conditions.cardfile ?? null,
        organization: conditions.organization ?? null,
        word: conditions.word ?? null,
      }),
    );
  const anyQuestion = fc.record({
    otkCode: fc.constant(REPAIR),
    cardfile: fc.constantFrom('0.A.', '0.B.'),
    organization: fc.constantFrom('77', '78'),
    text: fc.constantFrom('яма', 'дворы и ямы', ''),
  });
  const manyRules = fc.uniqueArray(anyRule, { selector: ruleId, maxLength: 12 });

  /** The contract in the plainest words: the nearest code, then the narrowest that fits. */
  function expected(rules: readonly RubricRule[], question: MappedQuestion): readonly string[] {
    const words = new Set(stemsOf(question.text ?? ''));
    const fitting = rules.filter(
      (each) =>
        (each.cardfile === undefined || each.cardfile === question.cardfile) &&
        (each.organization === undefined || each.organization === question.organization) &&
        (each.word === undefined || stemsOf(each.word).every((stem) => words.has(stem))),
    );
    for (const code of codes) {
      const here = fitting.filter((each) => each.code === code);
      const most = Math.max(...here.map(narrowness), -1);
      if (most >= 0) return here.filter((each) => narrowness(each) === most).map(ruleId);
    }
    return [];
  }

  it('the nearest code, then the narrowest that fits; whatever the order of the rules', () => {
    fc.assert(
      fc.property(manyRules, anyQuestion, fc.infiniteStream(fc.nat()), (rules, question, noise) => {
        const result = map(rules, question);
        const right = expected(rules, question);
        if (right.length === 0) expect(result).toEqual({ unmapped: 'no-rule' });
        else expect(right).toContain(result.ruleId);
        const shuffled = rules
          .map((each) => ({ each, at: noise.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each);
        expect(map(shuffled, question)).toEqual(result);
      }),
    );
  });

  it('never names a category that the classifier does not have', () => {
    const index = indexCategories(categories);
    fc.assert(
      fc.property(manyRules, anyQuestion, (rules, question) => {
        const result = map(rules, question);
        if ('unmapped' in result) return;
        const found = index.find(result.subsubjectId ?? result.subjectId);
        expect(found.some((each) => each.subjectId === result.subjectId)).toBe(true);
      }),
    );
  });
});

it('tells its version, and whether any rule reads the text', () => {
  expect(createMapper([], [], [], 12).version).toBe(12);
  expect(createMapper([rule(ROADS, 'Дороги', { cardfile: '0.A.' })], [], []).readsText).toBe(false);
  expect(createMapper([rule(ROADS, 'Дороги', { word: 'двор' })], [], []).readsText).toBe(true);
});
