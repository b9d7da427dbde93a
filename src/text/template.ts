import { cutAtWord } from './cut.ts';
import { russianDay } from './russian-day.ts';

export type VariableType = 'text' | 'date' | 'number' | 'flag';
/** Gives the value of a variable by its name; '' when the appeal does not have it. */
export type Lookup = (variable: string) => string;

type Filter = (value: string) => string;
type Piece = string | { readonly variable: string; readonly filters: readonly Filter[] };

/** A checked template: rendering it cannot fail. */
export interface Template {
  readonly source: string;
  readonly pieces: readonly Piece[];
}

export type Compiled =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly issue: string };

const FILTERS = 'date, upper, cut:N, default:текст';

/**
 * Compiles `text {{variable|filter|filter:argument}} text`. No expressions, no loops, no access to anything
 * but the given variables, so that a mapping file can never do harm. The issue, in Russian, says what to write.
 */
export function compileTemplate(source: string, variables: ReadonlyMap<string, VariableType>): Compiled {
  const pieces: Piece[] = [];
  let rest = source;
  for (;;) {
    const open = rest.indexOf('{{');
    const literal = open < 0 ? rest : rest.slice(0, open);
    if (literal.includes('}}')) return { ok: false, issue: 'лишние «}}»: перед ними нет «{{»' };
    if (literal !== '') pieces.push(literal);
    if (open < 0) return { ok: true, template: { source, pieces } };
    const close = rest.indexOf('}}', open);
    if (close < 0) return { ok: false, issue: 'нет закрывающих «}}»' };
    const piece = compileExpression(rest.slice(open + 2, close), variables);
    if (typeof piece === 'string') return { ok: false, issue: piece };
    pieces.push(piece);
    rest = rest.slice(close + 2);
  }
}

/** The text of a template; `filled` is false when it has variables and all of them came out empty. */
export function renderTemplate(template: Template, lookup: Lookup): { text: string; filled: boolean } {
  let text = '';
  let variables = 0;
  let filled = 0;
  for (const piece of template.pieces) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const value = piece.filters.reduce((result, filter) => filter(result), lookup(piece.variable));
    variables += 1;
    if (value !== '') filled += 1;
    text += value;
  }
  return { text, filled: variables === 0 || filled > 0 };
}

/** Joins lines; a line whose variables are all empty is left out, label and all. */
export function renderLines(lines: readonly Template[], lookup: Lookup): string {
  return lines
    .map((line) => renderTemplate(line, lookup))
    .filter((line) => line.filled)
    .map((line) => line.text)
    .join('\n');
}

function compileExpression(
  expression: string,
  variables: ReadonlyMap<string, VariableType>,
): Exclude<Piece, string> | string {
  const [name = '', ...filters] = expression.split('|').map((part) => part.trim());
  const type = variables.get(name);
  if (type === undefined) {
    return `неизвестная переменная «${name}»; есть: ${[...variables.keys()].join(', ')}`;
  }
  const compiled: Filter[] = [];
  for (const filter of filters) {
    const made = compileFilter(filter, type);
    if (typeof made === 'string') return made;
    compiled.push(made);
  }
  return { variable: name, filters: compiled };
}

function compileFilter(filter: string, type: VariableType): Filter | string {
  const colon = filter.indexOf(':');
  const name = colon < 0 ? filter : filter.slice(0, colon);
  const argument = colon < 0 ? undefined : filter.slice(colon + 1).trim();
  if (name === 'date' || name === 'upper') {
    if (argument !== undefined) return `фильтр «${name}» пишется без «:»`;
    if (name === 'upper') return (value) => value.toUpperCase();
    return type === 'date' ? russianDay : 'фильтр «date» годится только для переменных-дат';
  }
  if (name === 'cut') {
    if (!/^[1-9]\d{0,5}$/.test(argument ?? '')) return 'напишите длину: cut:200';
    return (value) => cutAtWord(value, Number(argument));
  }
  if (name === 'default') {
    if (argument === undefined || argument === '') return 'напишите текст: default:нет';
    return (value) => (value === '' ? argument : value);
  }
  return `неизвестный фильтр «${name}»; есть: ${FILTERS}`;
}
