import type { WorkSheet } from '@e965/xlsx';
import { Fault } from '../model/errors.ts';
import { indexCategories } from './category-index.ts';
import { normalCode } from './codes.ts';
import { type ColumnRole, findLayout } from './headings.ts';
import { pathKey, pathText } from './names.ts';
import { faultOfRule, isSameRule, makeRule, ruleId } from './rules.ts';
import type { Sheet } from './sheet-file.ts';
import type { Category, Rubric, RubricRule } from './types.ts';
import type { UnmappedCode } from './unmapped.ts';
import { xlsx } from './xlsx.ts';

const SOURCE_WORDS = { starter: 'черновик', person: 'решение', classifier: 'классификатор ПОС' } as const;

const HEADINGS = [
  'Код рубрики',
  'Название рубрики',
  'Категория',
  'Подкатегория',
  'ID категории',
  'ID подкатегории',
  'Картотека',
  'Организация',
  'Слово',
  'Происхождение',
  'Ждёт карточек',
  'Примечание',
];
const WIDTHS = [26, 60, 36, 36, 14, 16, 18, 24, 16, 16, 14, 30];

/** What a table of rules is made of and compared with. */
export interface RuleBookWorld {
  readonly rules: readonly RubricRule[];
  readonly categories: readonly Category[];
  readonly rubrics: readonly Rubric[];
}

/**
 * The rules as `.xlsx` for those who map in a spreadsheet: the sheet of rules, that of codes without one, to be filled
 * in, and that of categories to copy from. `readRuleBook` reads the first two.
 */
export function writeRuleBook(world: RuleBookWorld, unmapped: readonly UnmappedCode[]): Uint8Array {
  const names = new Map(world.rubrics.map(({ code, name }) => [code, name]));
  const rules = world.rules.map((rule) => [
    rule.code,
    names.get(rule.code),
    rule.subject,
    rule.subsubject,
    rule.subjectId,
    rule.subsubjectId,
    rule.cardfile,
    rule.organization,
    rule.word,
    SOURCE_WORDS[rule.source],
    undefined,
    rule.note,
  ]);
  const blank = unmapped.map(({ code, name, cards }) => [
    code,
    name,
    ...Array.from({ length: 8 }, () => undefined),
    String(cards),
  ]);
  const categories = world.categories
    .filter(({ retired }) => !retired)
    .map((category) => [category.subject, category.subjectId, category.subsubject, category.subsubjectId]);
  const { utils, write } = xlsx();
  const book = utils.book_new();
  utils.book_append_sheet(book, toSheet([HEADINGS, ...rules], WIDTHS), 'Правила');
  utils.book_append_sheet(book, toSheet([HEADINGS, ...blank], WIDTHS), 'Без правила');
  const headings = ['Категория', 'ID категории', 'Подкатегория', 'ID подкатегории'];
  utils.book_append_sheet(book, toSheet([headings, ...categories], [40, 14, 40, 16]), 'Категории');
  const bytes: unknown = write(book, {
    type: 'buffer',
    bookType: 'xlsx',
    compression: true,
    // Else texts are written as results of formulas, and «&amp;» in one is read as «&».
    bookSST: true,
  });
  if (!(bytes instanceof Uint8Array)) throw new Error('the workbook was not written as bytes');
  return bytes;
}

/** All cells as text: a code or an id must never become a number, nor a text a formula. */
function toSheet(rows: readonly (readonly (string | undefined)[])[], widths: readonly number[]): WorkSheet {
  const cells = rows.map((row) =>
    row.map((text) => (text === undefined ? null : { t: 's', v: escaped(text), z: '@' })),
  );
  const sheet = xlsx().utils.aoa_to_sheet(cells);
  sheet['!cols'] = widths.map((wch) => ({ wch }));
  return sheet;
}

/** «_x0041_» stands for «A» in a cell's text (ECMA-376, part 1, 22.9.2.19); its underscore is written so itself. */
function escaped(text: string): string {
  return text.replace(/_(?=x[\da-f]{4}_)/gi, '_x005F_');
}

export interface RuleBook {
  readonly rules: readonly RubricRule[];
  /** Rows with a code and no category: left for later. */
  readonly blank: number;
}

/** Whether some sheet is a table of rules, not a classifier. */
export function isRuleBook(sheets: readonly Sheet[]): boolean {
  return sheets.some((sheet) => findLayout(sheet, ['otk', 'category', 'word']) !== undefined);
}

/**
 * Reads all rules of a table. A row equal to a present rule is that rule; any other is a person's, and its category
 * must be in the classifier, by id or by path.
 * @throws Fault RUBRIC_RULES_INVALID naming each row at fault; CLASSIFIER_UNREADABLE when no sheet holds rules
 */
export function readRuleBook(sheets: readonly Sheet[], world: RuleBookWorld): RuleBook {
  const present = new Map(world.rules.map((rule) => [ruleId(rule), rule]));
  const index = indexCategories(world.categories);
  const rules = new Map<string, RubricRule>();
  const faults: string[] = [];
  let blank = 0;
  let tables = 0;
  for (const sheet of sheets) {
    const layout = findLayout(sheet, ['otk', 'category']);
    if (layout === undefined) continue;
    tables += 1;
    for (const [at, cells] of sheet.rows.slice(layout.firstRow).entries()) {
      if (cells.every((cell) => cell === '')) continue;
      const cell = (role: ColumnRole) => cells[layout.columns[role] ?? -1] ?? '';
      if (['category', 'sub', 'categoryId', 'subId'].every((role) => cell(role as ColumnRole) === '')) {
        blank += 1;
        continue;
      }
      const read = readRow(cell, present, index);
      const known = typeof read === 'string' ? undefined : rules.get(ruleId(read));
      const isDouble = typeof read !== 'string' && known !== undefined && !isSameRule(known, read);
      if (typeof read === 'string' || isDouble) {
        const why = typeof read === 'string' ? read : 'такое правило уже есть выше, с другой категорией';
        faults.push(`лист «${sheet.name}», строка ${layout.firstRow + at + 1}: ${why}`);
      } else rules.set(ruleId(read), read);
    }
  }
  if (tables === 0) {
    throw new Fault('CLASSIFIER_UNREADABLE', {
      detail: 'нет листа со столбцами «Код рубрики» и «Категория»',
    });
  }
  if (faults.length > 0) {
    const more = faults.length > MOST_FAULTS ? `; и ещё ${faults.length - MOST_FAULTS}` : '';
    throw new Fault('RUBRIC_RULES_INVALID', { detail: faults.slice(0, MOST_FAULTS).join('; ') + more });
  }
  return { rules: [...rules.values()], blank };
}

const MOST_FAULTS = 20;

/** The rule of a row, or what is wrong with it. */
function readRow(
  cell: (role: ColumnRole) => string,
  present: ReadonlyMap<string, RubricRule>,
  index: ReturnType<typeof indexCategories>,
): RubricRule | string {
  const code = normalCode(cell('otk'));
  if (code === undefined) return `«${cell('otk')}» не код рубрики`;
  const rule = makeRule({
    code,
    source: 'person',
    subject: cell('category'),
    subsubject: cell('sub'),
    subjectId: cell('categoryId'),
    subsubjectId: cell('subId'),
    cardfile: cell('cardfile'),
    organization: cell('organization'),
    word: cell('word'),
    note: cell('note'),
  });
  const same = present.get(ruleId(rule));
  if (same !== undefined && isSameRule(same, rule)) return same;
  const resolved = index.resolve(rule);
  if ('missing' in resolved) return `в классификаторе нет категории «${pathText(rule)}» с идентификатором`;
  if (resolved.others.length > 0) return `«${pathText(rule)}»: таких категорий несколько, нужен ID`;
  const { subject, subsubject, subjectId, subsubjectId } = resolved.category;
  if (rule.subject !== '' && pathKey(rule) !== pathKey(resolved.category)) {
    return `название «${pathText(rule)}» и ID говорят о разных категориях: исправьте или очистите одно из них`;
  }
  const { subsubject: _name, subjectId: _subject, subsubjectId: _sub, ...rest } = rule;
  const made = makeRule({
    ...rest,
    subject,
    ...(subsubject === undefined ? {} : { subsubject }),
    ...(subjectId === undefined ? {} : { subjectId }),
    ...(subsubjectId === undefined ? {} : { subsubjectId }),
  });
  return faultOfRule(made) ?? made;
}
