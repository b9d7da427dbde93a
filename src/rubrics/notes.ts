/** What a reader of a spreadsheet has to say of it; `lost` kinds are rows that were not taken. */
export const NOTE_KINDS = {
  'sheet-skipped': { text: 'лист без столбцов классификатора не прочитан', lost: false },
  'sheet-more': { text: 'прочитан и ещё один лист', lost: false },
  merged: { text: 'значение взято из объединённых ячеек', lost: false },
  blanks: { text: 'убраны лишние пробелы', lost: false },
  'filled-down': { text: 'категория взята из строки выше', lost: false },
  respelled: { text: 'категория написана иначе, чем выше: считается той же', lost: false },
  repeated: { text: 'повтор уже прочитанной строки', lost: false },
  'no-id': { text: 'нет идентификатора: платформе такую категорию не назвать', lost: false },
  'same-id': { text: 'идентификатор уже занят другим названием: оставлены оба', lost: false },
  'same-name': { text: 'одно название в нескольких категориях: оставлены все', lost: false },
  'bad-code': { text: 'в столбце кода рубрики не код', lost: false },
  'no-category': { text: 'не названа категория: строка не принята', lost: true },
  'no-code': { text: 'нет кода рубрики: строка не принята', lost: true },
  'no-name': { text: 'у рубрики нет названия: строка не принята', lost: true },
  'code-twice': { text: 'код уже был с другим названием: строка не принята', lost: true },
  orphan: { text: 'нет рубрики уровнем выше', lost: false },
} as const satisfies Record<string, { text: string; lost: boolean }>;
export type NoteKind = keyof typeof NOTE_KINDS;

/** One remark about a file. Of a sheet's remarks of one kind the rows are counted from 1. */
export interface Note {
  readonly kind: NoteKind;
  readonly sheet: string;
  readonly rows: readonly number[];
  readonly count: number;
}

export interface NoteBook {
  row(kind: NoteKind, sheet: string, row: number): void;
  sheet(kind: NoteKind, sheet: string): void;
  count(kind: NoteKind, sheet: string, count: number): void;
  all(): readonly Note[];
}

/** Gathers remarks, one for each kind and sheet. */
export function noteBook(): NoteBook {
  const notes = new Map<string, { kind: NoteKind; sheet: string; rows: number[]; count: number }>();
  const note = (kind: NoteKind, sheet: string) => {
    const key = `${kind}\n${sheet}`;
    const found = notes.get(key) ?? { kind, sheet, rows: [], count: 0 };
    notes.set(key, found);
    return found;
  };
  return {
    row(kind, sheet, row) {
      const found = note(kind, sheet);
      found.rows.push(row);
      found.count += 1;
    },
    sheet(kind, sheet) {
      note(kind, sheet).count += 1;
    },
    count(kind, sheet, count) {
      note(kind, sheet).count += count;
    },
    all: () => [...notes.values()],
  };
}

const ROWS_SHOWN = 10;

/** A remark for a person, with the first of its rows. */
export function noteText({ kind, sheet, rows, count }: Note): string {
  const { text } = NOTE_KINDS[kind];
  const where = sheet === '' ? '' : `лист «${sheet}»: `;
  const more = rows.length > ROWS_SHOWN ? ' и другие' : '';
  const which = rows.length === 0 ? '' : `; строки ${rows.slice(0, ROWS_SHOWN).join(', ')}${more}`;
  return `${where}${text}${kind.startsWith('sheet-') ? '' : ` (${count}${which})`}`;
}
