import { beforeAll, describe, expect, it } from '@jest/globals';
import { nameKey, pathKey, pathText } from '../../../src/rubrics/names.ts';
import { createSuggester, type Suggester } from '../../../src/rubrics/suggest.ts';
import type { Category } from '../../../src/rubrics/types.ts';
import { category, fixture, fixtureCategories, rubric, rule, shippedRubrics } from './support.ts';

interface Pair {
  readonly code: string;
  readonly right: readonly string[];
}

const PAIRS: readonly Pair[] = fixture('rubric-pairs.tsv')
  .toString('utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => {
    const [code = '', paths = ''] = line.split('\t');
    return { code, right: paths.split(' | ').map(nameKey) };
  });

describe('the labelled pairs', () => {
  let categories: readonly Category[];
  let suggester: Suggester;
  beforeAll(() => {
    categories = fixtureCategories().categories;
    suggester = createSuggester(shippedRubrics(), categories, []);
  });

  it('are a hundred, of codes and categories that exist', () => {
    const codes = new Set(shippedRubrics().map(({ code }) => code));
    const paths = new Set(categories.map(pathKey));
    expect(new Set(PAIRS.map(({ code }) => code)).size).toBe(100);
    for (const { code, right } of PAIRS) {
      expect(codes).toContain(code);
      for (const path of right) expect(paths).toContain(path);
    }
  });

  it('have a right category among the first three in at least 60 of them', () => {
    const found = PAIRS.filter(({ code, right }) =>
      suggester.suggest(code, 3).some((each) => right.includes(pathKey(each.category))),
    );
    expect(found.length).toBeGreaterThanOrEqual(60);
  });

  it('are found better when the site has mapped their neighbours', () => {
    const first = (rules: Parameters<typeof createSuggester>[2], code: string) =>
      pathText(
        createSuggester(shippedRubrics(), categories, rules).suggest(code)[0]?.category ?? category('нет'),
      );
    const code = '0002.0013.0139.0335.0033';
    const beside = ['0031', '0032', '0034'].map((last) =>
      rule(`0002.0013.0139.0335.${last}`, 'Образование / Школьный автобус'),
    );
    expect(first([], code)).not.toBe('Образование / Школьный автобус');
    expect(first(beside, code)).toBe('Образование / Школьный автобус');
  });
});

describe('what is near by', () => {
  const rubrics = [
    rubric('0003.0000.0000.0000', 'Экономика'),
    rubric('0003.0009.0000.0000', 'Хозяйство'),
    rubric('0003.0009.0099.0000', 'Транспорт'),
    rubric('0003.0009.0099.0742', 'Дороги'),
    rubric('0003.0009.0099.0742.0110', 'ремонт'),
    rubric('0003.0009.0099.0742.0111', 'содержание'),
  ];
  const categories = [
    category('Дороги', '1'),
    category('Дороги / Ремонт', '1/11'),
    category('Парки', '2'),
    category('Парки / Лавочки', '2/21'),
    category('Парки / Газоны', '2/22'),
    category('Реки', '3', true),
  ];
  const CODE = '0003.0009.0099.0742.0110';

  it('is named, and adds to the likeness of words', () => {
    const rules = [rule('0003.0009.0099.0742.0111', 'Парки / Лавочки')];
    const found = createSuggester(rubrics, categories, rules).suggest(CODE, 5);
    expect(found.map((each) => [each.category.key, each.near])).toEqual([
      ['1/11', []],
      ['2/21', ['0003.0009.0099.0742.0111']],
      ['1', []],
      ['2/22', []],
    ]);
  });

  it.each([
    ['the shipped draft', [rule('0003.0009.0099.0742.0111', 'Парки / Лавочки', { source: 'starter' })]],
    ['the rule of the code itself', [rule(CODE, 'Парки / Лавочки')]],
    ['a rule without a category', [rule('0003.0009.0099.0742.0111', 'Моря')]],
    ['a retired category', [rule('0003.0009.0099.0742.0111', 'Реки')]],
    ['a rule far away', [rule('0003.0000.0000.0000', 'Парки / Лавочки')]],
  ])('%s does not count', (_what, rules) => {
    const found = createSuggester(rubrics, categories, rules).suggest(CODE, 5);
    expect(found.map((each) => each.category.key)).toEqual(['1/11', '1']);
  });

  it('a code that is not there, or an empty classifier: nothing', () => {
    expect(createSuggester(rubrics, categories, []).suggest('0009.0009.0009.0009')).toEqual([]);
    expect(createSuggester(rubrics, [], []).suggest(CODE)).toEqual([]);
  });

  it('never suggests what is retired, nor more than asked', () => {
    const found = createSuggester([...rubrics, rubric('0003.0009.0099.0800', 'Реки')], categories, []);
    expect(found.suggest('0003.0009.0099.0800')).toEqual([]);
    expect(found.suggest(CODE, 1)).toHaveLength(1);
  });
});
