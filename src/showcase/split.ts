import { damaged, linesOf, recordsOf } from './file-lines.ts';
import { showcasePath } from './files.ts';
import type { UploadRow } from './upload-rows.ts';
import { writePacked } from './write-file.ts';

/** A part of a file that was refused whole, as a file of its own. */
export interface Piece {
  readonly key: string;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly recordIds: readonly string[];
}

type CutUpload = Pick<UploadRow, 'key' | 'file' | 'sha256' | 'records'>;

/**
 * Cuts a file: in two halves, or into the one piece that is left without the named records (none when nothing is left).
 * Records and their order are the file's own, byte by byte; the first line tells the new number of records. Names and keys
 * follow from those of the file, so a second cutting gives the same pieces.
 * @throws Fault FILE_DAMAGED or SPOOL_UNAVAILABLE
 */
export async function cutFile(
  spoolDir: string,
  upload: CutUpload,
  how: 'halves' | 'without',
  named?: ReadonlyMap<string, unknown>,
): Promise<Piece[]> {
  const path = showcasePath(spoolDir, upload.file);
  const ids = await recordIds(spoolDir, upload);
  const half = Math.ceil(ids.length / 2);
  const groups =
    how === 'halves' ? [ids.slice(0, half), ids.slice(half)] : [ids.filter((id) => named?.has(id) !== true)];
  const header = await headerOf(path, upload.sha256);
  const pieces: Piece[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.length === 0) continue;
    const key = `${upload.key}.${index}`;
    const file = `${key}.ndjson.gz`;
    const lines = pieceLines(path, upload.sha256, withCount(header, group.length), new Set(group));
    pieces.push({ key, file, recordIds: group, ...(await writePacked(showcasePath(spoolDir, file), lines)) });
  }
  return pieces;
}

/** Ids of a file's records, in its order. @throws Fault as `recordsOf` */
export async function recordIds(spoolDir: string, upload: CutUpload): Promise<string[]> {
  const ids: string[] = [];
  for await (const { recordId } of recordsOf(showcasePath(spoolDir, upload.file), upload.sha256)) {
    ids.push(recordId);
  }
  return ids;
}

async function headerOf(path: string, sha256: string): Promise<Readonly<Record<string, unknown>>> {
  for await (const line of linesOf(path, sha256)) {
    const header: unknown = JSON.parse(line.toString('utf8'));
    if (typeof header === 'object' && header !== null) return { ...header };
    break;
  }
  throw damaged('нет первой строки');
}

/** The first line with another number of records, its keys in their order. */
function withCount(header: Readonly<Record<string, unknown>>, records: number): Buffer {
  return Buffer.from(JSON.stringify({ ...header, records }));
}

async function* pieceLines(
  path: string,
  sha256: string,
  header: Buffer,
  wanted: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  yield header;
  for await (const { recordId, line } of recordsOf(path, sha256)) {
    if (wanted.has(recordId)) yield line;
  }
}
