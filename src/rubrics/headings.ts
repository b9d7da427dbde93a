import { Fault } from '../model/errors.ts';
import { nameKey } from './names.ts';
import type { Sheet } from './sheet-file.ts';

/** What a column of a classifier or of a table of rules may hold. */
export const COLUMN_ROLES = [
  'category',
  'sub',
  'categoryId',
  'subId',
  'id',
  'otk',
  'name',
  'cardfile',
  'organization',
  'word',
  'note',
] as const;
export type ColumnRole = (typeof COLUMN_ROLES)[number];

/** Columns of a sheet, counted from 0, and where its data starts. */
export interface Layout {
  readonly columns: Readonly<Partial<Record<ColumnRole, number>>>;
  readonly firstRow: number;
}

const CATEGORY = '(категори[яи]|subject|раздел)';
const SUB = '(под ?категори[яи]|subsubject|подраздел)';
const NAME = '(наименование|название|имя|name)';
const ID = '(id|ид|идентификатор|код|номер)';
const MESSAGE = '( (обращени[яй]|сообщени[яй]|пос))?';

const either = (what: string, of: string) =>
  new RegExp(`^(${what} ${of}${MESSAGE}|${of}${MESSAGE} ${what})$`);

/** Spellings seen in files and those near them; the first that fits decides. */
const SPELLINGS: readonly (readonly [ColumnRole, RegExp])[] = [
  ['otk', /(^|\W)(отк|ссту)(\W|$)|тематическ\S+ классификатор|^код (рубрики|вопроса)|^(otk ?)?code$/u],
  ['subId', either(ID, SUB)],
  ['subId', /^subsubject ?id$/],
  ['categoryId', either(ID, CATEGORY)],
  ['categoryId', /^subject ?id$/],
  ['sub', new RegExp(`^(${NAME} )?${SUB}${MESSAGE}( ${NAME})?$`)],
  ['category', new RegExp(`^(${NAME} )?${CATEGORY}${MESSAGE}( ${NAME})?$`)],
  ['id', new RegExp(`^${ID}$`)],
  ['cardfile', /^картотека( \(due\))?$/],
  ['organization', /^организация$/],
  ['word', /^слово( в тексте)?$/],
  ['note', /^(примечание|комментарий)$/],
  ['name', new RegExp(`^${NAME}( (рубрики|вопроса|темы))?$`)],
];

/** A line of headings stands among the first ones, under a title perhaps. */
const LOOK_AT_ROWS = 30;

/** What a heading says its column holds. */
export function roleOf(heading: string): ColumnRole | undefined {
  const words = nameKey(heading)
    .replace(/[_\-.:№#]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  // «Рубрика (ОТК)» and «ID (подкатегория)» as well as the bare words.
  const bare = words.replace(/[()]/g, '').trim();
  return SPELLINGS.find(([, spelling]) => spelling.test(words) || spelling.test(bare))?.[0];
}

/** The row of headings: the first one with all `needed`; undefined when no row near the top is one. */
export function findLayout(sheet: Sheet, needed: readonly ColumnRole[]): Layout | undefined {
  for (const [at, row] of sheet.rows.slice(0, LOOK_AT_ROWS).entries()) {
    const columns: Partial<Record<ColumnRole, number>> = {};
    for (const [column, heading] of row.entries()) {
      const role = roleOf(heading);
      if (role !== undefined) columns[role] ??= column;
    }
    if (needed.every((role) => columns[role] !== undefined)) return { columns, firstRow: at + 1 };
  }
  return undefined;
}

/** Columns as a person names them: «category=A,sub=B,id=C,sheet=Лист1,from=2». */
export interface ToldColumns {
  readonly columns: Layout['columns'];
  /** Name of the sheet; otherwise the first. */
  readonly sheet?: string;
  /** First row of data, counted from 1. */
  readonly from?: number;
}

/** Reads `--columns`. @throws Fault COMMAND_INVALID saying what may be written */
export function parseColumns(text: string): ToldColumns {
  const columns: Partial<Record<ColumnRole, number>> = {};
  let sheet: string | undefined;
  let from: number | undefined;
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((side) => side.trim());
    const role = COLUMN_ROLES.find((candidate) => candidate === name);
    if (role !== undefined && /^[A-Za-z]{1,2}$/.test(value)) columns[role] = columnNumber(value);
    else if (name === 'sheet' && value !== '') sheet = value;
    else if (name === 'from' && /^[1-9]\d{0,5}$/.test(value)) from = Number(value);
    else throw wrongColumns(part);
  }
  return {
    columns,
    ...(sheet === undefined ? {} : { sheet }),
    ...(from === undefined ? {} : { from }),
  };
}

function columnNumber(letters: string): number {
  return [...letters.toUpperCase()].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function wrongColumns(part: string): Fault {
  return new Fault('COMMAND_INVALID', {
    field: '--columns',
    detail: `--columns: непонятно «${part.trim()}»; пишите, например, category=A,sub=B,id=C или otk=A,name=B, при нужде sheet=Лист1 и from=2 (первая строка данных)`,
  });
}

/** Where a told sheet's data starts: as told, else under its headings, else at the top. */
export function toldLayout(told: ToldColumns, sheet: Sheet): Layout {
  const { columns, from } = told;
  if (from !== undefined) return { columns, firstRow: from - 1 };
  const heading = sheet.rows
    .slice(0, LOOK_AT_ROWS)
    .findIndex((row) => Object.values(columns).every((column) => roleOf(row[column] ?? '') !== undefined));
  return { columns, firstRow: heading + 1 };
}
