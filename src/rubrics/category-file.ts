import { Fault } from '../model/errors.ts';
import { completeCategories } from './categories.ts';
import { normalCode } from './codes.ts';
import { type ColumnRole, findLayout, type Layout, type ToldColumns, toldLayout } from './headings.ts';
import { nameKey } from './names.ts';
import { type Note, type NoteKind, noteBook } from './notes.ts';
import type { Sheet } from './sheet-file.ts';
import type { Category, CategoryRef } from './types.ts';

/** A category and a code of the classifier that the file itself gives it. */
export interface CarriedCode {
  readonly code: string;
  readonly category: CategoryRef;
}

/** What a file of categories says. */
export interface CategoryFile {
  readonly categories: readonly Category[];
  /** Codes that the file itself gives to categories, in the order of its rows. */
  readonly codes: readonly CarriedCode[];
  readonly notes: readonly Note[];
  /** Rows with data that were read. */
  readonly rows: number;
}

interface Line extends CategoryRef {
  readonly sheet: string;
  readonly row: number;
  readonly codes: readonly string[];
}

/**
 * Reads the platform's categories from a spreadsheet (contracts/platform-rest.md, section 5): every sheet with headings,
 * or the one whose columns are told. Whatever is not as it should be is in the notes.
 * @throws Fault CLASSIFIER_UNREADABLE when no sheet has a column of categories, or none has a category
 */
export function readCategoryFile(sheets: readonly Sheet[], told?: ToldColumns): CategoryFile {
  const notes = noteBook();
  const lines: Line[] = [];
  for (const [at, sheet] of sheets.entries()) {
    const layout = layoutOf(sheet, at, told);
    if (layout === undefined) {
      if (sheet.rows.some((row) => row.some((cell) => cell !== ''))) notes.sheet('sheet-skipped', sheet.name);
      continue;
    }
    if (lines.length > 0) notes.sheet('sheet-more', sheet.name);
    if (sheet.mergedCells > 0) notes.count('merged', sheet.name, sheet.mergedCells);
    if (sheet.blanksCut > 0) notes.count('blanks', sheet.name, sheet.blanksCut);
    readLines(sheet, layout, notes.row, lines);
  }
  if (lines.length === 0) throw new Fault('CLASSIFIER_UNREADABLE', { detail: whyNone(sheets) });
  const { categories, repeated, sameId, respelled } = completeCategories(lines);
  for (const [kind, places] of [
    ['repeated', repeated],
    ['same-id', sameId],
    ['respelled', respelled],
  ] as const) {
    for (const at of places) notes.row(kind, lines[at]?.sheet ?? '', lines[at]?.row ?? 0);
  }
  const shared = sharedNames(categories);
  if (shared > 0) notes.count('same-name', '', shared);
  const codes = lines.flatMap((line) => line.codes.map((code) => ({ code, category: line })));
  return { categories, codes, notes: notes.all(), rows: lines.length };
}

function layoutOf(sheet: Sheet, at: number, told: ToldColumns | undefined): Layout | undefined {
  const isTold = told !== undefined && (told.sheet === undefined ? at === 0 : told.sheet === sheet.name);
  if (isTold) return toldLayout(told, sheet);
  // A sheet that only lists codes by category is no list of categories: both names, or the category alone with its id.
  return findLayout(sheet, ['category', 'sub']) ?? findLayout(sheet, ['category']);
}

function readLines(
  sheet: Sheet,
  { columns, firstRow }: Layout,
  note: (kind: NoteKind, sheet: string, row: number) => void,
  lines: Line[],
): void {
  let above: CategoryRef | undefined;
  for (const [at, cells] of sheet.rows.slice(firstRow).entries()) {
    const row = firstRow + at + 1;
    const cell = (role: ColumnRole) => cellAt(cells, columns[role]);
    const subsubject = cell('sub');
    const subject = cell('category') ?? (subsubject === undefined ? undefined : above?.subject);
    if (subject === undefined) {
      if (cells.some((text) => text !== '')) note('no-category', sheet.name, row);
      continue;
    }
    const isFilled = cell('category') === undefined;
    if (isFilled) note('filled-down', sheet.name, row);
    const own = cell('id');
    const subjectId =
      cell('categoryId') ??
      (subsubject === undefined ? own : undefined) ??
      (above !== undefined && nameKey(above.subject) === nameKey(subject) ? above.subjectId : undefined);
    const subsubjectId = subsubject === undefined ? undefined : (cell('subId') ?? own);
    const line = {
      subject,
      ...(subjectId === undefined ? {} : { subjectId }),
      ...(subsubject === undefined ? {} : { subsubject }),
      ...(subsubjectId === undefined ? {} : { subsubjectId }),
    };
    if ((subsubject === undefined ? subjectId : subsubjectId) === undefined) note('no-id', sheet.name, row);
    above = line;
    const { codes, isClean } = codesOf(cell('otk') ?? '');
    if (!isClean) note('bad-code', sheet.name, row);
    lines.push({ ...line, codes, sheet: sheet.name, row });
  }
}

/** Codes of a cell, separated by whatever is no digit and no full stop. */
function codesOf(text: string): { codes: readonly string[]; isClean: boolean } {
  const parts = text.split(/[^\d.]+/).filter((part) => part !== '');
  const codes = parts.flatMap((part) => normalCode(part) ?? []);
  return { codes, isClean: codes.length === parts.length && (text === '' || parts.length > 0) };
}

function cellAt(cells: readonly string[], column: number | undefined): string | undefined {
  const text = column === undefined ? undefined : cells[column];
  return text === undefined || text === '' ? undefined : text;
}

/** Names of sub-categories that stand under several categories. */
function sharedNames(categories: readonly Category[]): number {
  const times = new Map<string, number>();
  for (const { subsubject } of categories) {
    if (subsubject === undefined) continue;
    const key = nameKey(subsubject);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return [...times.values()].filter((count) => count > 1).length;
}

function whyNone(sheets: readonly Sheet[]): string {
  const seen = sheets.flatMap(({ rows }) => rows.find((row) => row.some((cell) => cell !== '')) ?? []);
  const words = seen
    .filter((cell) => cell !== '')
    .slice(0, 8)
    .map((cell) => `«${cell.slice(0, 40)}»`);
  return words.length === 0
    ? 'в файле нет ни одной заполненной ячейки'
    : `нет столбца «Категория» с данными; первая строка: ${words.join(', ')}`;
}
