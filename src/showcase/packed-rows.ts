import type { Look } from './look.ts';
import type { QuestionRow } from './plan.ts';

/** Between the values of a column in one parameter: no value holds it (`keyOf`), and both ends split it fast. */
export const SEPARATOR = '\u001e';
/** Stands for a value that is not there. */
export const NULL = '\u001d';

/** Rows ready for one statement: their objects may go, which a million of them should do soon. */
export interface PackedRows {
  readonly count: number;
  /** Whether they have lines to send; else each has its reason. */
  readonly kind: 'lines' | 'reasons';
  /** Columns but that of the lines, each one text. */
  readonly columns: readonly string[];
  /** The lines, parted by line feeds, as they stand in a file; of rows without a line nothing. */
  readonly lines: Buffer;
  /** First and last day of registration; undefined when no row has one. */
  readonly from?: string;
  readonly to?: string;
}

/** Columns of `packRows`, in its order, before what the kind adds. */
export const COMMON = ['key', 'no', 'code', 'isn', 'number', 'day', 'cardfile'];
export const REASONS = ['verdict', 'own_code', 'own_field', 'own_detail'];

/** Packs rows that all have a line to send, or all have none. */
export function packRows(rows: readonly QuestionRow[]): PackedRows {
  const lines: string[] = [];
  const reasons: Extract<Look, { readonly detail: string | null }>[] = [];
  for (const { look } of rows) {
    if (look.verdict === 'send') lines.push(look.content);
    else reasons.push(look);
  }
  const common: readonly (readonly (string | number)[])[] = [
    rows.map(({ key }) => key),
    rows.map(({ no }) => no),
    rows.map(({ otkCode }) => otkCode),
    rows.map(({ facts }) => facts.isn),
    rows.map(({ facts }) => facts.regNumber),
    rows.map(({ facts }) => facts.regDate ?? NULL),
    rows.map(({ facts }) => facts.cardfile),
  ];
  const why = [
    reasons.map(({ verdict }) => verdict),
    reasons.map(({ code }) => code),
    reasons.map(({ field }) => field),
    reasons.map(({ detail }) => detail ?? NULL),
  ];
  const isLines = reasons.length === 0;
  const days = rows.flatMap(({ facts }) => facts.regDate ?? []);
  return {
    count: rows.length,
    kind: isLines ? 'lines' : 'reasons',
    columns: (isLines ? common : [...common, ...why]).map((column) => column.join(SEPARATOR)),
    lines: Buffer.from(lines.join('\n')),
    ...rangeOf(days, days),
  };
}

/** Packs of one kind as one. */
export function joinRows(packs: readonly PackedRows[]): PackedRows {
  const [first] = packs;
  if (first === undefined || packs.length === 1) return first ?? packRows([]);
  return {
    count: packs.reduce((sum, { count }) => sum + count, 0),
    kind: first.kind,
    columns: first.columns.map((_column, at) => packs.map(({ columns }) => columns[at]).join(SEPARATOR)),
    lines: Buffer.concat(packs.flatMap(({ lines }, at) => (at === 0 ? [lines] : [LINE_END, lines]))),
    ...rangeOf(
      packs.flatMap(({ from }) => from ?? []),
      packs.flatMap(({ to }) => to ?? []),
    ),
  };
}

const LINE_END = Buffer.from('\n');

/** First and last of days; nothing when there are none. */
export function rangeOf(
  starts: readonly string[],
  ends: readonly string[],
): { readonly from?: string; readonly to?: string } {
  let [from, to] = [starts[0], ends[0]];
  if (from === undefined || to === undefined) return {};
  for (const day of starts) if (day < from) from = day;
  for (const day of ends) if (day > to) to = day;
  return { from, to };
}
