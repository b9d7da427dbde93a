import { describe, expect, it } from '@jest/globals';
import { findLayout, parseColumns, roleOf, toldLayout } from '../../../src/rubrics/headings.ts';
import { sheet } from './support.ts';

describe('roleOf', () => {
  it.each([
    ['Категория', 'category'],
    ['КАТЕГОРИЯ', 'category'],
    [' Категория  обращения ', 'category'],
    ['Наименование категории', 'category'],
    ['Категория (наименование)', 'category'],
    ['subject', 'category'],
    ['Подкатегория', 'sub'],
    ['Под-категория', 'sub'],
    ['Название подкатегории сообщения', 'sub'],
    ['ID категории', 'categoryId'],
    ['Идентификатор категории', 'categoryId'],
    ['Код категории', 'categoryId'],
    ['Категория, ID', undefined],
    ['Категория ID', 'categoryId'],
    ['subjectId', 'categoryId'],
    ['subject_id', 'categoryId'],
    ['ID подкатегории', 'subId'],
    ['Ид. подкатегории', 'subId'],
    ['subsubjectId', 'subId'],
    ['ID', 'id'],
    ['Код', 'id'],
    ['Идентификатор', 'id'],
    ['Код ОТК', 'otk'],
    ['ОТК', 'otk'],
    ['Рубрика ССТУ', 'otk'],
    ['Код по тематическому классификатору', 'otk'],
    ['Код рубрики', 'otk'],
    ['code', 'otk'],
    ['Название рубрики', 'name'],
    ['Наименование', 'name'],
    ['name', 'name'],
    ['Картотека (DUE)', 'cardfile'],
    ['Слово', 'word'],
    ['Примечание', 'note'],
    ['№ п/п', undefined],
    ['Категории и подкатегории сообщений', undefined],
    ['Ответственный', undefined],
    ['', undefined],
  ])('«%s» is %s', (heading, role) => {
    expect(roleOf(heading)).toBe(role);
  });
});

describe('findLayout', () => {
  it('looks under titles, and takes the first of two equal headings', () => {
    const rows = [
      ['Классификатор'],
      [],
      ['№', 'Подкатегория', 'Категория', 'Категория'],
      ['1', 'Ямы', 'Дороги', ''],
    ];
    expect(findLayout(sheet(rows), ['category', 'sub'])).toEqual({
      columns: { sub: 1, category: 2 },
      firstRow: 3,
    });
  });

  it('finds nothing where a needed column is missing', () => {
    expect(findLayout(sheet([['Категория', 'ID']]), ['category', 'sub'])).toBeUndefined();
    expect(findLayout(sheet([]), ['category'])).toBeUndefined();
  });

  it('does not take data far down for headings', () => {
    const rows = [...Array.from({ length: 40 }, () => ['x']), ['Категория']];
    expect(findLayout(sheet(rows), ['category'])).toBeUndefined();
  });
});

describe('told columns', () => {
  it.each([
    ['category=A,sub=B,id=C', { columns: { category: 0, sub: 1, id: 2 } }],
    ['otk=b, name=AA', { columns: { otk: 1, name: 26 } }],
    ['category=A,sheet=Лист 2,from=5', { columns: { category: 0 }, sheet: 'Лист 2', from: 5 }],
  ])('%s', (text, expected) => {
    expect(parseColumns(text)).toEqual(expected);
  });

  it.each(['', 'A', 'category', 'category=1', 'category=ABC', 'price=A', 'from=0', 'sheet='])(
    '«%s» is refused with an example',
    (text) => {
      expect(() => parseColumns(text)).toThrow(/category=A,sub=B,id=C/);
    },
  );

  it('start under their headings, at the top without any, or where they are told to', () => {
    const rows = [['Заголовок'], ['Категория', 'Подкатегория'], ['Дороги', 'Ямы']];
    expect(toldLayout(parseColumns('category=A,sub=B'), sheet(rows)).firstRow).toBe(2);
    expect(toldLayout(parseColumns('category=A,sub=B'), sheet(rows.slice(2))).firstRow).toBe(0);
    expect(toldLayout(parseColumns('category=A,sub=B,from=3'), sheet(rows)).firstRow).toBe(2);
  });
});
