import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utils, write } from '@e965/xlsx';
import { describe, expect, it } from '@jest/globals';
import { parseColumns } from '../../../src/rubrics/headings.ts';
import { editionOf, readOtkFile } from '../../../src/rubrics/otk-file.ts';
import { readSheets } from '../../../src/rubrics/sheet-file.ts';
import { MAPPINGS, sheet, shippedRubrics } from './support.ts';

const HEAD = ['Код', 'Наименование'];

function read(...rows: readonly (readonly string[])[]) {
  return readOtkFile([sheet([HEAD, ...rows])]);
}

describe('the shipped classifier', () => {
  it('has all levels', () => {
    const levels = Map.groupBy(shippedRubrics(), ({ level }) => level);
    expect([...levels].map(([level, list]) => [level, list.length]).sort()).toEqual([
      [1, 5],
      [2, 21],
      [3, 206],
      [4, 1225],
      [5, 651],
    ]);
  });

  it('levels and parents that follow from the codes are those of the file', () => {
    const text = readFileSync(join(MAPPINGS, 'otk-2025-10-31.tsv'), 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'));
    expect(
      shippedRubrics().map(({ code, level, parent, name }) => [code, `${level}`, parent ?? '', name]),
    ).toEqual(lines);
  });

  const shared = process.env['SHARED_DIR'];
  const source = shared === undefined ? '' : join(shared, 'data/otk_2025-10-31.tsv');
  const test = existsSync(source) ? it : it.skip;
  test('is the published one, byte for byte (skipped without SHARED_DIR)', () => {
    expect(readFileSync(join(MAPPINGS, 'otk-2025-10-31.tsv')).equals(readFileSync(source))).toBe(true);
  });
});

describe('a newer edition', () => {
  it('may come as .xlsx with headings of its own words', () => {
    const book = utils.book_new();
    const cells = [
      ['Типовой общероссийский тематический классификатор'],
      ['Код вопроса', 'Уровень', 'Наименование вопроса'],
      ['0001.0000.0000.0000', 1, 'Государство'],
      ['0001.0001.0000.0000', 2, 'Строй'],
    ];
    utils.book_append_sheet(book, utils.aoa_to_sheet(cells), 'ОТК');
    const bytes = write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
    expect(readOtkFile(readSheets(bytes, 'otk.xlsx')).rubrics).toEqual([
      { code: '0001.0000.0000.0000', level: 1, name: 'Государство' },
      { code: '0001.0001.0000.0000', level: 2, name: 'Строй', parent: '0001.0000.0000.0000' },
    ]);
  });

  it('rows that are not taken are told, each by its number', () => {
    const { rubrics, notes } = read(
      ['0001.0000.0000.0000', 'Государство'],
      ['', ''],
      ['', 'Без кода'],
      ['1.2', 'Не код'],
      ['0001.0001.0000.0000', ''],
      ['0001.0000.0000.0000', 'Государство'],
      ['0001.0000.0000.0000', 'Иное'],
      ['0002.0003.0000.0000', 'Сирота'],
    );
    expect(rubrics.map(({ code }) => code)).toEqual(['0001.0000.0000.0000', '0002.0003.0000.0000']);
    expect(
      Object.fromEntries(notes.map(({ kind, rows, count }) => [kind, rows.length > 0 ? rows : count])),
    ).toEqual({
      'no-code': [4, 5],
      'no-name': [6],
      repeated: [7],
      'code-twice': [8],
      orphan: 1,
    });
  });

  it('columns may be told', () => {
    const rows = [['x', '0001', 'Государство']];
    expect(readOtkFile([sheet(rows)], parseColumns('otk=B,name=C')).rubrics).toHaveLength(1);
  });

  it.each([[[]], [[['Категория'], ['Дороги']]], [[HEAD]]])('without codes is refused', (rows) => {
    expect(() => readOtkFile([sheet(rows as string[][])])).toThrow(/нет столбцов с кодами/);
  });
});

describe('editionOf', () => {
  it.each([
    ['otk-2025-10-31.tsv', '2025-10-31'],
    ['Классификатор от 31.10.2025.xlsx', '2025-10-31'],
    ['otk_2026_01_15.csv', '2026-01-15'],
    ['otk.tsv', undefined],
  ])('%s', (name, edition) => {
    expect(editionOf(name)).toBe(edition);
  });
});
