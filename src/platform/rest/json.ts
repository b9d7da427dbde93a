import { createHash } from 'node:crypto';

/** A run of 16 and more digits where a number may stand: only then may an integer be past 2^53. */
const LONG_NUMBER = /[:[,]\s*-?\d{16,}/;

type SourceReviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

/**
 * JSON.parse that keeps the digits of integers past 2^53: they come as strings (posId is an unbounded integer).
 * @throws SyntaxError for text that is no JSON
 */
export function parseJson(text: string): unknown {
  // A number can also be the whole text; then there is no mark before it.
  if (!LONG_NUMBER.test(text) && !/^\s*-?\d{16,}/.test(text)) return JSON.parse(text);
  const keepDigits: SourceReviver = (_key, value, context) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? context.source
      : value;
  try {
    // The library's types do not yet know the third argument of a reviver (source text access).
    return JSON.parse(text, keepDigits as (this: unknown, key: string, value: unknown) => unknown);
  } catch (error) {
    // Nested so deep that the reviver runs out of stack; JSON.parse alone does not recurse.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

/** JSON text of a parsed value at any depth; U+0000 and lone surrogates come as escapes, so it can be stored as text. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (error instanceof RangeError) return stringifyDeep(value);
    throw error;
  }
}

/** JSON.stringify without recursion: a value thousands of levels deep must not stop its page. */
function stringifyDeep(root: unknown): string {
  const out: string[] = [];
  const todo: ({ text: string } | { value: unknown })[] = [{ value: root }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if ('text' in next) {
      out.push(next.text);
      continue;
    }
    const { value } = next;
    if (typeof value !== 'object' || value === null) {
      out.push(JSON.stringify(value) ?? 'null');
      continue;
    }
    const isList = Array.isArray(value);
    const parts: typeof todo = [{ text: isList ? '[' : '{' }];
    Object.entries(value).forEach(([key, child], index) => {
      const comma = index === 0 ? '' : ',';
      parts.push({ text: isList ? comma : `${comma}${JSON.stringify(key)}:` }, { value: child });
    });
    parts.push({ text: isList ? ']' : '}' });
    for (let i = parts.length - 1; i >= 0; i -= 1) todo.push(parts[i] ?? { text: '' });
  }
  return out.join('');
}

/**
 * The same text for items that mean the same by contract: keys sorted, null as missing, a one-element list as its element
 * (contracts/platform-rest.md, first paragraph).
 * @throws RangeError for a value nested too deep
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 1 ? canonicalJson(value[0]) : `[${value.map(canonicalJson).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(fields).sort()) {
    const child = fields[key];
    if (child === null || child === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(child)}`;
  }
  return `{${text}}`;
}

/** Identity of an item that names no change of its own: SHA-256 of its canonical JSON. */
export function itemHash(item: unknown, raw: string): string {
  let text: string;
  try {
    text = canonicalJson(item);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    text = raw;
  }
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
