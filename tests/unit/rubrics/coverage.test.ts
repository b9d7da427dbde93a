import { describe, expect, it } from '@jest/globals';
import { findConflicts, findProblems, reportCoverage } from '../../../src/rubrics/coverage.ts';
import { category, rubric, rule } from './support.ts';

const CODE = '0003.0009.0099.0742';
const categories = [
  category('Дороги', '1'),
  category('Дороги / Ямы', '1/11'),
  category('Дворы', '2'),
  category('Прочее'),
  category('Архив', '9', true),
];
const rubrics = [
  rubric('0003.0000.0000.0000', 'Экономика'),
  rubric('0003.0009.0000.0000'),
  rubric('0003.0009.0099.0000'),
  rubric(CODE),
  rubric(`${CODE}.0110`),
  rubric(`${CODE}.0111`),
  rubric('0003.0009.0099.0743'),
  { ...rubric('0003.0009.0099.0744'), retired: true },
];

describe('coverage', () => {
  it('counts the codes that a question can have, each once, by what decides it', () => {
    const rules = [
      rule(CODE, 'Дороги', { source: 'starter' }),
      rule(`${CODE}.0110`, 'Дороги / Ямы'),
      rule(`${CODE}.0111`, 'Прочее'),
      rule('0003.0009.0099.0743', 'Дворы', { cardfile: '0.A.' }),
    ];
    const report = reportCoverage(5, rules, categories, rubrics);
    const share = { codes: 4, mapped: 2, byDraft: 1, categoryUnknown: 1, conditionalOnly: 1, unmapped: 0 };
    expect(report).toMatchObject({ version: 5, all: share });
    expect(report.sections).toEqual([{ code: '0003.0000.0000.0000', name: 'Экономика', ...share }]);
  });

  it('without rules nothing is mapped', () => {
    expect(reportCoverage(0, [], categories, rubrics).all).toMatchObject({
      codes: 4,
      mapped: 0,
      unmapped: 4,
    });
  });
});

describe('rules that cannot do what they say', () => {
  it.each([
    ['category-unknown', rule(CODE, 'Реки')],
    ['category-retired', rule(CODE, 'Архив')],
    ['category-without-id', rule(CODE, 'Прочее')],
    ['code-unknown', rule('0003.0009.0099.9999', 'Дороги')],
    ['code-retired', rule('0003.0009.0099.0744', 'Дороги')],
  ])('%s', (problem, each) => {
    expect(findProblems([each], categories, rubrics).map((found) => found.problem)).toEqual([problem]);
  });

  it('a path that several ids share is told, though the mapper takes always the same', () => {
    const twice = [...categories, category('Дороги', '8')];
    expect(findProblems([rule(CODE, 'Дороги')], twice, rubrics)).toMatchObject([
      { problem: 'category-ambiguous' },
    ]);
    expect(findProblems([rule(CODE, 'Дороги', { subjectId: '8' })], twice, rubrics)).toEqual([]);
  });
});

describe('conflicts', () => {
  it.each([
    ['cardfile and organisation', { cardfile: '0.A.' }, { organization: '77' }, true],
    ['two words', { word: 'яма' }, { word: 'двор' }, true],
    ['two cardfiles never meet', { cardfile: '0.A.' }, { cardfile: '0.B.' }, false],
    ['the narrower wins', { cardfile: '0.A.' }, { cardfile: '0.A.', word: 'яма' }, false],
    ['none and one', {}, { cardfile: '0.A.' }, false],
  ])('%s', (_what, one, other, isConflict) => {
    const rules = [rule(CODE, 'Дороги', one), rule(CODE, 'Дворы', other)];
    expect(findConflicts(rules, categories)).toHaveLength(isConflict ? 1 : 0);
    expect(findConflicts([...rules].reverse(), categories)).toEqual(findConflicts(rules, categories));
  });

  it('names the winner', () => {
    const rules = [rule(CODE, 'Дороги', { cardfile: '0.A.' }), rule(CODE, 'Дворы', { organization: '77' })];
    expect(findConflicts(rules, categories)).toEqual([
      { code: CODE, wins: `${CODE}?organization=77`, loses: `${CODE}?cardfile=0.A.` },
    ]);
  });

  it('to one category is none, nor between codes', () => {
    const same = [rule(CODE, 'Дороги', { word: 'яма' }), rule(CODE, 'ДОРОГИ', { word: 'двор' })];
    expect(findConflicts(same, categories)).toEqual([]);
    const apart = [rule(CODE, 'Дороги', { word: 'яма' }), rule(`${CODE}.0110`, 'Дворы', { word: 'двор' })];
    expect(findConflicts(apart, categories)).toEqual([]);
  });
});
