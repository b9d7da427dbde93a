import { describe, expect, it } from '@jest/globals';
import { hasIds, indexCategories } from '../../../src/rubrics/category-index.ts';
import type { Category, CategoryRef } from '../../../src/rubrics/types.ts';
import { category } from './support.ts';

const list = [
  category('Дороги', '1'),
  category('Дороги / Ямы', '1/11'),
  category('Дворы', '2'),
  category('Дворы / Ямы', '2/21'),
  // One id of a sub-category under two categories.
  category('Дороги / Общее', '1/50'),
  category('Дворы / Общее', '2/50'),
  category('Двойная', '8'),
  category('Двойная', '7'),
  category('Прочее'),
  category('Прочее / Разное', '/90'),
  category('Архив', '9', true),
];
const index = indexCategories(list);
const keys = (found: readonly Category[]) => found.map(({ key }) => key);

describe('what a rule means', () => {
  it.each<[string, CategoryRef, string]>([
    ['a path', { subject: 'дороги', subsubject: ' ЯМЫ' }, '1/11'],
    ['a category', { subject: 'Дворы' }, '2'],
    [
      'an id with another name',
      { subject: 'Раньше', subsubject: 'Так', subjectId: '1', subsubjectId: '11' },
      '1/11',
    ],
    ['the id of a category', { subject: 'Раньше', subjectId: '2' }, '2'],
    ['an id alone', { subject: '', subsubjectId: '21' }, '2/21'],
    ['an id under its own category', { subject: '', subjectId: '2', subsubjectId: '50' }, '2/50'],
    [
      'a gone id and a path',
      { subject: 'Дороги', subsubject: 'Ямы', subjectId: '1', subsubjectId: '77' },
      '1/11',
    ],
    [
      'the id of a category beside the name of a sub-category',
      { subject: 'Дворы', subsubject: 'Ямы', subjectId: '2' },
      '2/21',
    ],
  ])('%s', (_what, ref, key) => {
    expect(index.resolve(ref)).toMatchObject({ category: { key }, others: [] });
  });

  it('of several the same one, whatever their order, and the others are told', () => {
    for (const each of [index, indexCategories([...list].reverse())]) {
      expect(each.resolve({ subject: 'Двойная' })).toMatchObject({
        category: { key: '7' },
        others: [{ key: '8' }],
      });
      expect(each.resolve({ subject: '', subsubjectId: '50' })).toMatchObject({ category: { key: '1/50' } });
    }
  });

  it.each<[string, CategoryRef, string]>([
    ['nothing of the kind', { subject: 'Реки' }, 'unknown'],
    ['an unknown id without a name', { subject: '', subsubjectId: '77' }, 'unknown'],
    ['retired', { subject: 'Архив' }, 'retired'],
    ['retired, by its id', { subject: '', subjectId: '9' }, 'retired'],
    ['a category without id', { subject: 'Прочее' }, 'no-id'],
    ['a sub-category of one without id', { subject: 'Прочее', subsubject: 'Разное' }, 'no-id'],
  ])('%s', (_what, ref, missing) => {
    expect(index.resolve(ref)).toMatchObject({ missing });
  });
});

describe('what a person means', () => {
  it.each([
    ['1/11', ['1/11']],
    ['21', ['2/21']],
    ['2', ['2']],
    [' дворы / ямы ', ['2/21']],
    ['50', ['1/50', '2/50']],
    ['двойная', ['8', '7']],
    ['прочее', ['прочее']],
    ['Архив', []],
    ['Ямы', []],
    ['', []],
  ])('«%s»', (text, expected) => {
    expect(keys(index.find(text))).toEqual(expected);
  });
});

it.each([
  [category('Дороги', '1'), true],
  [category('Дороги'), false],
  [category('Дороги / Ямы', '1/11'), true],
  [category('Дороги / Ямы', '1'), false],
  [category('Дороги / Ямы', '/11'), false],
])('the platform can be told %j: %s', (each, can) => {
  expect(hasIds(each)).toBe(can);
});
