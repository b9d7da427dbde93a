import type { Form, FormFile } from './page.ts';

type Body = Readonly<Record<string, unknown>>;

/** A form of the parsed body, whichever of the two encodings it came in. */
export function readForm(body: unknown, files: ReadonlyMap<string, FormFile> = new Map()): Form {
  const fields: Body = typeof body === 'object' && body !== null ? (body as Body) : {};
  function all(field: string): readonly string[] {
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    const list = Array.isArray(value) ? value : [value];
    // The database takes no U+0000 in a text, and no form of ours has one.
    return list.flatMap((one) => (typeof one === 'string' ? [one.replaceAll('\0', '')] : []));
  }
  return { all, text: (field) => all(field)[0]?.trim() ?? '', file: (field) => files.get(field) };
}
