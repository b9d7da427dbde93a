import type { CellObject, WorkSheet } from '@e965/xlsx';
import { Fault } from '../model/errors.ts';
import { cleanName } from './names.ts';
import { xlsx } from './xlsx.ts';

/** A sheet as rows of texts: merged cells filled downwards, blanks at the ends gone. Row 1 of the sheet is at 0. */
export interface Sheet {
  readonly name: string;
  readonly rows: readonly (readonly string[])[];
  /** Cells whose value stands in the first cell of their merge, above them. */
  readonly mergedCells: number;
  /** Cells with blanks at their ends, or with invisible ones. */
  readonly blanksCut: number;
}

/** Largest file that is read, bytes: both classifiers together are under one megabyte. */
const LARGEST_FILE = 32 * 1024 * 1024;
const MOST_ROWS = 100_000;

/**
 * Reads a spreadsheet: `.xls` (BIFF), `.xlsx`, `.ods`, or text with separators (UTF-8, else windows-1251), told apart
 * by its content; `.tsv` has tabs and no quoting.
 * @throws Fault CLASSIFIER_UNREADABLE
 */
export function readSheets(bytes: Uint8Array, fileName: string): readonly Sheet[] {
  if (bytes.length === 0) throw unreadable('файл пуст');
  if (bytes.length > LARGEST_FILE) throw unreadable('файл больше 32 МБ');
  if (fileName.toLowerCase().endsWith('.tsv')) return [readTabs(decode(bytes))];
  try {
    const { read } = xlsx();
    const book = isBinary(bytes)
      ? read(bytes, { type: 'array', sheetRows: MOST_ROWS })
      : read(decode(bytes), { type: 'string', raw: true, sheetRows: MOST_ROWS });
    return book.SheetNames.flatMap((name) => {
      const sheet = book.Sheets[name];
      return sheet === undefined ? [] : [readSheet(name, sheet)];
    });
  } catch (cause) {
    // The library's own words quote the file.
    throw unreadable('это не таблица или она повреждена', cause);
  }
}

function readSheet(name: string, sheet: WorkSheet): Sheet {
  if (sheet['!ref'] === undefined) return { name, rows: [], mergedCells: 0, blanksCut: 0 };
  const { utils } = xlsx();
  const { e: end } = utils.decode_range(sheet['!ref']);
  let blanksCut = 0;
  const rows: string[][] = [];
  for (let r = 0; r <= Math.min(end.r, MOST_ROWS); r += 1) {
    const row: string[] = [];
    for (let c = 0; c <= end.c; c += 1) {
      const raw = textOf(sheet[utils.encode_cell({ r, c })] as CellObject | undefined);
      const text = cleanName(raw);
      if (text !== raw) blanksCut += 1;
      row.push(text);
    }
    rows.push(row);
  }
  return { name, rows, mergedCells: fillMerges(sheet, rows), blanksCut };
}

/** A value that stands for several rows is theirs; one that stands for several columns is a title. */
function fillMerges(sheet: WorkSheet, rows: string[][]): number {
  let filled = 0;
  for (const { s, e } of sheet['!merges'] ?? []) {
    const value = rows[s.r]?.[s.c];
    if (value === undefined || value === '') continue;
    for (let r = s.r + 1; r <= e.r; r += 1) {
      const row = rows[r];
      if (row === undefined || row[s.c] !== '') continue;
      row[s.c] = value;
      filled += 1;
    }
  }
  return filled;
}

/** A number by its value, not as the cell shows it: an id may be shown as «2,0E+05». */
function textOf(cell: CellObject | undefined): string {
  if (cell === undefined || cell.t === 'e' || cell.t === 'z') return '';
  if (typeof cell.v === 'number')
    return Number.isInteger(cell.v) ? String(cell.v) : (cell.w ?? String(cell.v));
  return typeof cell.v === 'string' ? cell.v : (cell.w ?? '');
}

function readTabs(text: string): Sheet {
  const rows = text.split(/\r\n|\r|\n/).map((line) => line.split('\t').map(cleanName));
  return { name: '', rows: rows.slice(0, MOST_ROWS), mergedCells: 0, blanksCut: 0 };
}

/** OLE (`.xls`) or zip (`.xlsx`, `.ods`). */
function isBinary(bytes: Uint8Array): boolean {
  const [a, b] = bytes;
  return (a === 0xd0 && b === 0xcf) || (a === 0x50 && b === 0x4b);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1251').decode(bytes);
  }
}

function unreadable(detail: string, cause?: unknown): Fault {
  return new Fault('CLASSIFIER_UNREADABLE', { detail, ...(cause === undefined ? {} : { cause }) });
}
