import { Fault } from '../model/errors.ts';
import { levelOf, normalCode, parentOf } from './codes.ts';
import { findLayout, type ToldColumns, toldLayout } from './headings.ts';
import { type Note, noteBook } from './notes.ts';
import type { Sheet } from './sheet-file.ts';
import type { Rubric } from './types.ts';

/** What a file of the thematic classifier says. */
export interface OtkFile {
  readonly rubrics: readonly Rubric[];
  readonly notes: readonly Note[];
}

/**
 * Reads the thematic classifier: columns of codes and names, by their headings or as told. Level and parent follow from
 * the code, whatever other columns say. Rows that are not taken are in the notes.
 * @throws Fault CLASSIFIER_UNREADABLE when no sheet has such columns, or none has a code
 */
export function readOtkFile(sheets: readonly Sheet[], told?: ToldColumns): OtkFile {
  const notes = noteBook();
  const byCode = new Map<string, Rubric>();
  for (const [at, sheet] of sheets.entries()) {
    const isTold = told !== undefined && (told.sheet === undefined ? at === 0 : told.sheet === sheet.name);
    const layout = isTold
      ? toldLayout(told, sheet)
      : (findLayout(sheet, ['otk', 'name']) ?? findLayout(sheet, ['id', 'name']));
    if (layout === undefined) {
      if (sheet.rows.some((row) => row.some((cell) => cell !== ''))) notes.sheet('sheet-skipped', sheet.name);
      continue;
    }
    const { columns, firstRow } = layout;
    const codeColumn = columns.otk ?? columns.id ?? -1;
    for (const [offset, cells] of sheet.rows.slice(firstRow).entries()) {
      const row = firstRow + offset + 1;
      if (cells.every((cell) => cell === '')) continue;
      const code = normalCode(cells[codeColumn] ?? '');
      const name = cells[columns.name ?? -1] ?? '';
      if (code === undefined) notes.row('no-code', sheet.name, row);
      else if (name === '') notes.row('no-name', sheet.name, row);
      else {
        const known = byCode.get(code);
        if (known === undefined) byCode.set(code, toRubric(code, name));
        else notes.row(known.name === name ? 'repeated' : 'code-twice', sheet.name, row);
      }
    }
  }
  if (byCode.size === 0) {
    throw new Fault('CLASSIFIER_UNREADABLE', { detail: 'нет столбцов с кодами рубрик и их названиями' });
  }
  const rubrics = [...byCode.values()];
  const orphans = rubrics.filter(({ parent }) => parent !== undefined && !byCode.has(parent)).length;
  if (orphans > 0) notes.count('orphan', '', orphans);
  return { rubrics, notes: notes.all() };
}

function toRubric(code: string, name: string): Rubric {
  const parent = parentOf(code);
  return { code, level: levelOf(code), name, ...(parent === undefined ? {} : { parent }) };
}

/** The edition by the day in the file's name, «otk-2025-10-31.tsv» or «… от 31.10.2025.xlsx»; undefined if none. */
export function editionOf(fileName: string): string | undefined {
  const iso = /(\d{4})[-_.](\d{2})[-_.](\d{2})/.exec(fileName);
  if (iso !== null) return `${iso[1]}-${iso[2]}-${iso[3]}`;
  const russian = /(\d{2})\.(\d{2})\.(\d{4})/.exec(fileName);
  return russian === null ? undefined : `${russian[3]}-${russian[2]}-${russian[1]}`;
}
