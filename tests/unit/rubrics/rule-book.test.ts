import { utils, write } from '@e965/xlsx';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import { isRuleBook, readRuleBook, writeRuleBook } from '../../../src/rubrics/rule-book.ts';
import { byCode, ruleId } from '../../../src/rubrics/rules.ts';
import { readSheets } from '../../../src/rubrics/sheet-file.ts';
import type { RubricRule } from '../../../src/rubrics/types.ts';
import { category, fixture, rubric, rule } from './support.ts';

const [A, B] = ['0003.0009.0099.0742', '0003.0009.0099.0743'] as const;
const categories = [
  category('Дороги', '1'),
  category('Дороги / Ямы', '1/11'),
  category('Дороги / Знаки', '1/12'),
  category('Двойная', '7'),
  category('Двойная', '8'),
  category('Прочее'),
];
const rubrics = [rubric(A, 'Дороги =1+1'), rubric(B)];

function world(rules: readonly RubricRule[]) {
  return { rules, categories, rubrics };
}

/** What a table of these rows gives, beside these rules. */
function read(rows: readonly Record<string, string>[], rules: readonly RubricRule[] = []) {
  const book = utils.book_new();
  utils.book_append_sheet(book, utils.json_to_sheet([...rows]), 'Правила');
  const bytes = write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
  return readRuleBook(readSheets(bytes, 'a.xlsx'), world(rules));
}

function faultOf(rows: readonly Record<string, string>[], rules: readonly RubricRule[] = []): string {
  try {
    read(rows, rules);
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return '';
}

describe('there and back', () => {
  const text = fc.oneof(
    fc.constantFrom(
      '=1+1',
      '007',
      '1e5',
      ' пробелы ',
      'Ёлка «в кавычках»',
      '+7',
      'a\nb',
      '<b>&amp;</b>',
      '_x0041_x0042_',
      '&#10;',
      '🚧',
      '0.2FY.1A.',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  );
  const optional = fc.option(text, { nil: null });
  const anyRule = fc
    .record({
      code: fc.constantFrom(A, B, '0003.0009.0000.0000', '0003.0009.0099.0742.0110'),
      subject: text,
      subsubject: optional,
      subjectId: optional,
      subsubjectId: optional,
      cardfile: optional,
      organization: optional,
      word: fc.option(fc.constantFrom('яма', 'двор и дом', '2024'), { nil: null }),
      note: optional,
      source: fc.constantFrom('starter', 'person', 'classifier' as const),
    })
    .map(({ code, subject, ...parts }) => rule(code, 'x', { ...parts, subject }))
    // The database has no rule without a category.
    .filter(({ subject }) => subject !== '');

  it('whatever rules there are, the table gives them back, with their origin', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyRule, { selector: ruleId, maxLength: 6 }), (rules) => {
        const sheets = readSheets(writeRuleBook(world(rules), []), 'rules.xlsx');
        expect(isRuleBook(sheets)).toBe(true);
        const again = readRuleBook(sheets, world(rules));
        expect([...again.rules].sort(byCode)).toEqual([...rules].sort(byCode));
      }),
      { numRuns: 60 },
    );
  });

  it('no cell is a number or a formula', () => {
    const bytes = writeRuleBook(world([rule(A, '=HYPERLINK("http://x")', { subjectId: '007' })]), []);
    const [rules] = readSheets(bytes, 'a.xlsx');
    expect(rules?.rows[1]?.slice(0, 5)).toEqual([A, 'Дороги =1+1', '=HYPERLINK("http://x")', '', '007']);
    expect(Buffer.from(bytes).includes('<f>')).toBe(false);
  });

  it('codes without a rule are there to be filled in, and left alone until they are', () => {
    const unmapped = [{ code: A, name: 'Дороги', cards: 12, reason: 'no-rule' as const }];
    const sheets = readSheets(writeRuleBook(world([]), unmapped), 'a.xlsx');
    expect(sheets.map(({ name }) => name)).toEqual(['Правила', 'Без правила', 'Категории']);
    expect(sheets[1]?.rows[1]).toEqual([A, 'Дороги', '', '', '', '', '', '', '', '', '12', '']);
    expect(readRuleBook(sheets, world([]))).toEqual({ rules: [], blank: 1 });
  });
});

describe('a row that a person wrote', () => {
  it('gets the ids of its category, by path or by id', () => {
    const made = {
      code: A,
      source: 'person',
      subject: 'Дороги',
      subsubject: 'Ямы',
      subjectId: '1',
      subsubjectId: '11',
    };
    expect(read([{ 'Код рубрики': A, Категория: ' дороги', Подкатегория: 'ЯМЫ' }]).rules).toEqual([made]);
    expect(read([{ 'Код рубрики': A, Категория: '', 'ID подкатегории': '11' }]).rules).toEqual([made]);
  });

  it('over a rule of the draft is a person’s, the same row stays the draft’s', () => {
    const draft = rule(A, 'Дороги', { source: 'starter' });
    expect(read([{ 'Код рубрики': A, Категория: 'Дороги' }], [draft]).rules).toEqual([draft]);
    expect(
      read([{ 'Код рубрики': A, Категория: 'Дороги', Подкатегория: 'Ямы' }], [draft]).rules,
    ).toMatchObject([{ source: 'person' }]);
  });

  it('twice the same is once', () => {
    const row = { 'Код рубрики': A, Категория: 'Дороги' };
    expect(read([row, row]).rules).toHaveLength(1);
  });

  it.each([
    ['no code', { 'Код рубрики': '12', Категория: 'Дороги' }, /строка 2: «12» не код рубрики/],
    ['an unknown category', { 'Код рубрики': A, Категория: 'Реки' }, /нет категории «Реки»/],
    [
      'a category without id',
      { 'Код рубрики': A, Категория: 'Прочее' },
      /нет категории «Прочее» с идентификатором/,
    ],
    [
      'a path of several categories',
      { 'Код рубрики': A, Категория: 'Двойная' },
      /таких категорий несколько, нужен ID/,
    ],
    [
      'a new name beside the old id',
      { 'Код рубрики': A, Категория: 'Дороги', Подкатегория: 'Знаки', 'ID подкатегории': '11' },
      /название «Дороги \/ Знаки» и ID говорят о разных категориях/,
    ],
    ['a word without letters', { 'Код рубрики': A, Категория: 'Дороги', Слово: '—!' }, /здесь нет слова/],
  ])('%s is refused with its row', (_what, row, words) => {
    const told = faultOf([row]);
    expect(told).toMatch(/^RUBRIC_RULES_INVALID: лист «Правила», строка 2: /);
    expect(told).toMatch(words);
  });

  it('a second category for the same code and conditions is refused, other conditions are not', () => {
    const rows = [
      { 'Код рубрики': A, Категория: 'Дороги', Слово: '' },
      { 'Код рубрики': A, Категория: 'Дороги', Подкатегория: 'Ямы', Слово: 'яма' },
    ];
    expect(read(rows).rules).toHaveLength(2);
    expect(
      faultOf([...rows, { 'Код рубрики': A, Категория: 'Дороги', Подкатегория: 'Ямы', Слово: '' }]),
    ).toMatch(/строка 4: такое правило уже есть выше/);
  });

  it('names the first twenty faults and counts the rest', () => {
    const rows = Array.from({ length: 25 }, () => ({ 'Код рубрики': 'x', Категория: 'Дороги' }));
    expect(faultOf(rows)).toMatch(/строка 21: .*; и ещё 5$/);
  });

  it('a file without such columns is no table of rules', () => {
    expect(faultOf([{ Категория: 'Дороги' }])).toMatch(/^CLASSIFIER_UNREADABLE/);
    expect(isRuleBook(readSheets(fixture('pos-categories.xls'), 'a.xls'))).toBe(false);
  });
});
