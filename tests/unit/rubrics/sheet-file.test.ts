import { utils, write } from '@e965/xlsx';
import { describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { readSheets } from '../../../src/rubrics/sheet-file.ts';
import { fixture } from './support.ts';

function rows(text: string | Uint8Array, name = 'a.csv') {
  return readSheets(typeof text === 'string' ? Buffer.from(text) : text, name)[0]?.rows;
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof Fault ? error.code : String(error);
  }
  return undefined;
}

describe('text with separators', () => {
  it.each([
    ['semicolons', 'Код;Имя\n007;Ямы'],
    ['commas', 'Код,Имя\n007,Ямы'],
    ['tabs', 'Код\tИмя\n007\tЯмы'],
    ['a mark of UTF-8', '\uFEFFКод;Имя\r\n007;Ямы'],
    ['quotes', '"Код";"Имя"\n"007";"Ямы"'],
  ])('with %s, digits as they stand', (_what, text) => {
    expect(rows(text)).toEqual([
      ['Код', 'Имя'],
      ['007', 'Ямы'],
    ]);
  });

  it('in windows-1251', () => {
    const bytes = Buffer.from([0xca, 0xee, 0xe4, 0x3b, 0x31]);
    expect(rows(bytes)).toEqual([['Код', '1']]);
  });

  it('.tsv knows no quoting', () => {
    expect(rows('code\tname\n0001\tЗвание "Ветеран труда", "Участник"', 'otk.tsv')).toEqual([
      ['code', 'name'],
      ['0001', 'Звание "Ветеран труда", "Участник"'],
    ]);
  });

  it('invisible blanks are cut and counted', () => {
    const [sheet] = readSheets(Buffer.from('a;\u00A0b\u200B ;c  d'), 'a.csv');
    expect(sheet?.rows).toEqual([['a', 'b', 'c d']]);
    expect(sheet?.blanksCut).toBe(2);
  });
});

describe('spreadsheets', () => {
  function book(cells: unknown[][], merges: string[] = []): Uint8Array {
    const sheet = utils.aoa_to_sheet(cells);
    sheet['!merges'] = merges.map((range) => utils.decode_range(range));
    const workbook = utils.book_new();
    utils.book_append_sheet(workbook, sheet, 'Лист');
    return write(workbook, { type: 'buffer', bookType: 'xlsx' }) as Uint8Array;
  }

  it('numbers are their digits, not what the cell shows', () => {
    const sheet = utils.aoa_to_sheet([[200101, 12345678901, 1.5]]);
    const cell = sheet['A1'] as { z?: string };
    cell.z = '0.0E+00';
    const workbook = utils.book_new();
    utils.book_append_sheet(workbook, sheet, 'Лист');
    expect(rows(write(workbook, { type: 'buffer', bookType: 'xlsx' }) as Uint8Array)).toEqual([
      ['200101', '12345678901', '1.5'],
    ]);
  });

  it('a merge down fills its rows, a merge across is a title', () => {
    const [sheet] = readSheets(
      book(
        [
          ['Заголовок', null],
          ['Дороги', 'Ямы'],
          [null, 'Знаки'],
          ['Дворы', 'Ямы'],
        ],
        ['A1:B1', 'A2:A3'],
      ),
      'a.xlsx',
    );
    expect(sheet?.rows).toEqual([
      ['Заголовок', ''],
      ['Дороги', 'Ямы'],
      ['Дороги', 'Знаки'],
      ['Дворы', 'Ямы'],
    ]);
    expect(sheet?.mergedCells).toBe(1);
  });

  it('BIFF8 of a real program: all sheets in their order', () => {
    expect(readSheets(fixture('pos-categories.xls'), 'a.xls').map(({ name }) => name)).toEqual([
      'Категории',
      'Дополнение',
      'О файле',
    ]);
  });
});

describe('what is no table', () => {
  const xls = fixture('pos-categories.xls');

  it('an empty file, a huge one', () => {
    expect(codeOf(() => readSheets(new Uint8Array(), 'a.xls'))).toBe('CLASSIFIER_UNREADABLE');
    expect(codeOf(() => readSheets(new Uint8Array(33 * 1024 * 1024), 'a.xls'))).toBe('CLASSIFIER_UNREADABLE');
  });

  it.each([0.1, 0.3, 0.5, 0.9])(
    'a file cut at %d of its length is read or refused, never a defect',
    (part) => {
      const code = codeOf(() => readSheets(xls.subarray(0, Math.floor(xls.length * part)), 'a.xls'));
      expect([undefined, 'CLASSIFIER_UNREADABLE']).toContain(code);
    },
  );

  it('a zip that is none', () => {
    expect(codeOf(() => readSheets(Buffer.from('PK\u0003\u0004 nonsense'), 'a.xlsx'))).toBe(
      'CLASSIFIER_UNREADABLE',
    );
  });
});
