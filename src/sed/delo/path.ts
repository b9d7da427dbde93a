import type { When } from './mapping-schema.ts';
import { children, isRow, type Row } from './odata.ts';
import { textOf } from './values.ts';

/** Fields from the card down to the value; undefined for a requisite that the archive does not have. */
export type Path = readonly string[] | undefined;

/** Turns a path as mappings/delo.yaml writes it into fields. */
export type PathReader = (path: string) => Path;

/** Paths of this archive: `AR:…` goes by the requisites' API names. */
export function pathReader(valuesAt: string, requisites: ReadonlyMap<string, string>): PathReader {
  return (path) => {
    if (!path.startsWith('AR:')) return path.split('.');
    const api = requisites.get(requisiteKey(path.slice(3)));
    return api === undefined ? undefined : [valuesAt, api];
  };
}

/** Names of requisites are typed by people: case, spaces and «ё» tell none apart. */
export function requisiteKey(title: string): string {
  return title.trim().replaceAll(/\s+/g, ' ').toLowerCase().replaceAll('ё', 'е');
}

/** The first value at a path that is not empty; lists on the way are looked through. */
export function valueAt(row: Row, path: Path): unknown {
  let found: unknown;
  if (path !== undefined) {
    some(row, path, 0, (value) => {
      if (value === null || value === undefined || value === '') return false;
      found = value;
      return true;
    });
  }
  return found;
}

/** Whether a card fulfils all of its conditions. */
export type Condition = (row: Row) => boolean;

export function conditionOf(when: When, pathOf: PathReader): Condition {
  const tests = Object.entries(when).map(([path, patterns]) => testAt(pathOf(path), patterns));
  return (row) => tests.every((test) => test(row));
}

function testAt(path: Path, patterns: readonly string[]): Condition {
  const exact = new Set(patterns.map((pattern) => pattern.toLowerCase()));
  const prefixes = [...exact]
    .filter((pattern) => pattern.endsWith('*'))
    .map((pattern) => pattern.slice(0, -1));
  const takesEmpty = exact.has('');
  return (row) => {
    let isFilled = false;
    const fits =
      path !== undefined &&
      some(row, path, 0, (value) => {
        const text = textOf(value)?.toLowerCase() ?? '';
        if (text === '') return false;
        isFilled = true;
        return exact.has(text) || prefixes.some((prefix) => text.startsWith(prefix));
      });
    return fits || (takesEmpty && !isFilled);
  };
}

function some(
  value: unknown,
  path: readonly string[],
  depth: number,
  test: (value: unknown) => boolean,
): boolean {
  const name = path[depth];
  if (name === undefined) return test(value);
  if (isRow(value) && name in value) return some(value[name], path, depth + 1, test);
  if (depth === 0) return false;
  // A relation to many, or one to one that came as a list.
  const list = children(value);
  return list.some((child) => child !== value && isRow(child) && some(child[name], path, depth + 1, test));
}
