import { utils, write } from '@e965/xlsx';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCategoryFile } from '../../../src/rubrics/category-file.ts';
import { parseColumns } from '../../../src/rubrics/headings.ts';
import { pathKey, pathText } from '../../../src/rubrics/names.ts';
import { NOTE_KINDS, type Note, noteText } from '../../../src/rubrics/notes.ts';
import { readSheets } from '../../../src/rubrics/sheet-file.ts';
import { fixture, fixtureCategories, sheet } from './support.ts';

const HEAD = ['Категория', 'ID категории', 'Подкатегория', 'ID подкатегории'];

function read(...rows: readonly (readonly string[])[]) {
  return readCategoryFile([sheet([HEAD, ...rows])]);
}

function kinds(notes: readonly Note[]): Record<string, readonly number[] | number> {
  return Object.fromEntries(notes.map(({ kind, rows, count }) => [kind, rows.length > 0 ? rows : count]));
}

describe('the file of a real spreadsheet program', () => {
  const file = fixtureCategories();

  it('is read whole: both sheets, merged cells, names that stand under several categories', () => {
    expect(file.rows).toBe(251);
    // 250 sub-categories and 37 categories.
    expect(file.categories).toHaveLength(287);
    expect(new Set(file.categories.map(({ key }) => key)).size).toBe(287);
    const lights = file.categories.filter(({ subsubject }) => subsubject === 'Уличное освещение');
    expect(lights.map(({ subject, subsubjectId }) => [subject, subsubjectId])).toEqual([
      ['Автомобильные дороги', '200108'],
      ['Благоустройство', '200204'],
      ['Дворы и территории общего пользования', '200303'],
    ]);
    expect(file.categories.find(({ subsubject }) => subsubject === 'Выборы')?.subject).toBe('Органы власти');
  });

  it('tells of everything that was not as it should be', () => {
    const told = file.notes.map(({ kind, sheet: name, count }) => [kind, name, count]);
    expect(told).toEqual([
      ['merged', 'Категории', 96],
      ['blanks', 'Категории', 10],
      ['no-id', 'Категории', 3],
      ['sheet-more', 'Дополнение', 1],
      ['no-id', 'Дополнение', 1],
      ['sheet-skipped', 'О файле', 1],
      ['respelled', 'Категории', 3],
      ['same-name', '', 8],
    ]);
    expect(file.notes.filter(({ kind }) => NOTE_KINDS[kind].lost)).toEqual([]);
    expect(file.notes.map(noteText)).toContain(
      'лист «Категории»: нет идентификатора: платформе такую категорию не назвать (3; строки 162, 185, 209)',
    );
  });

  it('says the same as the text file it was made from', () => {
    const text = readCategoryFile(readSheets(fixture('pos-categories.csv'), 'pos-categories.csv'));
    expect(text.categories).toEqual(file.categories);
  });

  it('says the same as .xlsx', () => {
    const rows = readSheets(fixture('pos-categories.xls'), 'a.xls')[0]?.rows ?? [];
    const book = utils.book_new();
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows.map((row) => [...row])));
    const bytes = write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
    const again = readCategoryFile(readSheets(bytes, 'a.xlsx'));
    expect(again.categories).toEqual(
      file.categories.filter(({ key }) => again.categories.some((c) => c.key === key)),
    );
    expect(again.rows).toBe(234);
  });
});

describe('rows', () => {
  it('a category is a category too, with its id', () => {
    const { categories } = read(['Дороги', '1', 'Ямы', '11'], ['Дороги', '1', 'Знаки', '12']);
    expect(categories.map(({ key }) => key)).toEqual(['1', '1/11', '1/12']);
    expect(categories.map(pathText)).toEqual(['Дороги', 'Дороги / Ямы', 'Дороги / Знаки']);
  });

  it('an id that stands in one row of a category is that of all its rows', () => {
    const { categories } = read(['Дороги', '', 'Ямы', '11'], ['дороги', '1', 'Знаки', '12']);
    expect(categories.map(({ key }) => key)).toEqual(['1', '1/11', '1/12']);
  });

  it('two ids of one name are two categories', () => {
    const { categories } = read(['Дороги', '1', 'Ямы', '11'], ['Дороги', '2', 'Ямы', '21']);
    expect(categories.map(({ key }) => key)).toEqual(['1', '1/11', '2', '2/21']);
  });

  it('without an id are kept under their path, and told', () => {
    const { categories, notes } = read(['Дороги', '1', 'Ямы', ''], ['Реки', '', 'Мусор', '']);
    expect(categories.map(({ key }) => key)).toEqual(['1', 'дороги / ямы', 'реки', 'реки / мусор']);
    expect(kinds(notes)).toMatchObject({ 'no-id': [2, 3] });
  });

  it('a name without id beside the same with one is a repeat', () => {
    const { categories, notes } = read(['Дороги', '1', 'Ямы', ''], ['Дороги', '1', ' ЯМЫ', '11']);
    expect(categories.map(({ key }) => key)).toEqual(['1', '1/11']);
    expect(kinds(notes)).toMatchObject({ repeated: [2] });
  });

  it('twice the same is once; one id of two names is both', () => {
    const { categories, notes } = read(
      ['Дороги', '1', 'Ямы', '11'],
      ['Дороги', '1', 'Ямы', '11'],
      ['Дороги', '1', 'Выбоины', '11'],
    );
    expect(categories.map(pathText)).toEqual(['Дороги', 'Дороги / Ямы', 'Дороги / Выбоины']);
    expect(new Set(categories.map(({ key }) => key)).size).toBe(3);
    expect(kinds(notes)).toMatchObject({ repeated: [3], 'same-id': [4] });
  });

  it('a blank category is that of the row above; at the top the row is told as lost', () => {
    const { categories, notes } = read(
      ['', '', 'Ничья', '5'],
      ['Дороги', '1', 'Ямы', '11'],
      ['', '', 'Знаки', '12'],
    );
    expect(categories.map(({ key }) => key)).toEqual(['1', '1/11', '1/12']);
    expect(kinds(notes)).toEqual({ 'no-category': [2], 'filled-down': [4] });
  });

  it('a category alone may have its id in the only column of ids', () => {
    const rows = [
      ['Категория', 'Подкатегория', 'ID'],
      ['Дороги', '', '1'],
      ['Дороги', 'Ямы', '11'],
    ];
    expect(readCategoryFile([sheet(rows)]).categories.map(({ key }) => key)).toEqual(['1', '1/11']);
  });

  it('codes of the classifier are carried, several in a cell; what is none is told', () => {
    const rows = [
      ['Категория', 'Подкатегория', 'ID', 'Код ОТК'],
      ['Дороги', 'Ямы', '11', '0003.0009.0099.0742; 0003.0009.0099.0743\n0003.0009'],
      ['Дороги', 'Знаки', '12', 'нет'],
      ['Дороги', 'Мосты', '13', ''],
    ];
    const { codes, notes } = readCategoryFile([sheet(rows)]);
    expect(codes.map(({ code, category }) => [code, pathText(category)])).toEqual([
      ['0003.0009.0099.0742', 'Дороги / Ямы'],
      ['0003.0009.0099.0743', 'Дороги / Ямы'],
      ['0003.0009.0000.0000', 'Дороги / Ямы'],
    ]);
    expect(kinds(notes)).toMatchObject({ 'bad-code': [3] });
  });
});

describe('columns', () => {
  const strange = [
    ['Тема', 'Подтема', 'Номер темы'],
    ['Дороги', 'Ямы', '11'],
    ['Дворы', 'Ямы', '21'],
  ];

  it('that nobody could guess are asked for, with what stands there', () => {
    expect(() => readCategoryFile([sheet(strange)])).toThrow(
      /нет столбца «Категория» с данными; первая строка: «Тема», «Подтема», «Номер темы»/,
    );
    expect(() => readCategoryFile([sheet([])])).toThrow(/ни одной заполненной ячейки/);
  });

  it('are taken as told, of the told sheet, while others go by their headings', () => {
    const told = parseColumns('category=A,sub=B,id=C,sheet=Темы,from=2');
    const other = sheet([HEAD, ['Реки', '3', 'Мусор', '31']], 'Ещё');
    const { categories } = readCategoryFile([other, sheet(strange, 'Темы')], told);
    expect(categories.map(pathText)).toEqual([
      'Реки',
      'Реки / Мусор',
      'Дороги',
      'Дороги / Ямы',
      'Дворы',
      'Дворы / Ямы',
    ]);
  });
});

describe('any file', () => {
  const name = fc.constantFrom('Дороги', 'дороги ', 'Дворы', 'ЯМЫ', 'Ямы', '');
  const id = fc.constantFrom('', '1', '2', '11');
  const rows = fc.array(fc.tuple(name, id, name, id), { minLength: 1, maxLength: 20 });

  it('loses no path and makes no key twice', () => {
    fc.assert(
      fc.property(rows, (cells) => {
        const clean = cells.map((row) => row.map((cell) => cell.trim()));
        fc.pre(clean.some(([subject]) => subject !== ''));
        const file = readCategoryFile([sheet([HEAD, ...clean])]);
        const paths = new Set(file.categories.map(pathKey));
        for (const [subject = '', , sub = ''] of clean) {
          if (subject === '') continue;
          expect(paths).toContain(pathKey(sub === '' ? { subject } : { subject, subsubject: sub }));
        }
        expect(new Set(file.categories.map(({ key }) => key)).size).toBe(file.categories.length);
      }),
    );
  });
});
