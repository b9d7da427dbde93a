import { gunzipSync } from 'node:zlib';
import type { WireRecord } from './showcase-types.ts';
import { isFields } from './validation.ts';

const MAX_UNPACKED = 512 * 1024 * 1024;

export interface ShowcaseFile {
  readonly header: unknown;
  readonly records: readonly WireRecord[];
}

/** Unpacks and reads a file: a JSON object a line, the first the header; undefined with the reason when it is none. */
export function readShowcaseFile(body: Buffer): ShowcaseFile | { readonly fault: string } {
  let unpacked: string;
  try {
    unpacked = new TextDecoder('utf-8', { fatal: true }).decode(
      gunzipSync(body, { maxOutputLength: MAX_UNPACKED }),
    );
  } catch {
    return { fault: 'файл не распаковывается' };
  }
  const lines = unpacked.split('\n');
  if (lines.pop() !== '') return { fault: 'последняя строка оборвана' };
  const [header, ...records] = lines.map(parseLine);
  if (records.some((record) => !isFields(record))) return { fault: 'строка не является объектом JSON' };
  return { header, records: records as WireRecord[] };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
