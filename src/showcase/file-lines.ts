import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Fault } from '../model/errors.ts';

/** One record of a showcase file, as it stands in it. */
export interface FileRecord {
  readonly recordId: string;
  /** The line without its end. */
  readonly line: Buffer;
}

const LINE_END = 0x0a;
/** Far more than any record; a file of another kind must not fill the memory. */
const LONGEST_LINE = 1024 * 1024;

/**
 * The lines of a packed file, one after the other, memory flat. Split at the line feed alone: an address may hold other
 * signs that count as line ends elsewhere.
 * @param sha256 of the packed file; it is compared when the last line has been given
 * @throws Fault FILE_DAMAGED when the file is gone, cut or another one; SPOOL_UNAVAILABLE when it cannot be read now
 */
export async function* linesOf(path: string, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const source = createReadStream(path);
  const unpacked = createGunzip();
  source.on('data', (chunk) => hash.update(chunk));
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
        const piece = chunk.subarray(from, at);
        yield rest.length === 0 ? piece : Buffer.concat([rest, piece]);
        rest = Buffer.alloc(0);
        from = at + 1;
      }
      rest = Buffer.concat([rest, chunk.subarray(from)]);
      if (rest.length > LONGEST_LINE) throw damaged('слишком длинная строка');
    }
  } catch (error) {
    throw readingFault(error);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  if (rest.length > 0) throw damaged('последняя строка оборвана');
  if (hash.digest('hex') !== sha256) throw damaged('другая контрольная сумма');
}

/** The records of a packed file, its first line left out. @throws Fault as `linesOf` */
export async function* recordsOf(path: string, sha256: string): AsyncGenerator<FileRecord> {
  let isHeader = true;
  for await (const line of linesOf(path, sha256)) {
    if (!isHeader) yield { recordId: recordIdOf(line), line };
    isHeader = false;
  }
}

/** Key of the card and number of the question that a record's id is made of. */
export function partsOf(recordId: string): { readonly cardKey: string; readonly questionNo: number } {
  const mark = recordId.lastIndexOf('#');
  return { cardKey: recordId.slice(0, Math.max(mark, 0)), questionNo: Number(recordId.slice(mark + 1)) };
}

function recordIdOf(line: Buffer): string {
  try {
    const record: unknown = JSON.parse(line.toString('utf8'));
    if (typeof record === 'object' && record !== null && 'recordId' in record) {
      const { recordId } = record;
      if (typeof recordId === 'string' && /#\d{1,9}$/.test(recordId)) return recordId;
    }
  } catch {
    // Told below, without the line: it is data.
  }
  throw damaged('строка не является записью витрины');
}

/** A file of ours that is not as we wrote it: its records are made anew. */
export function damaged(detail: string): Fault {
  return new Fault('FILE_DAMAGED', { detail: `файл витрины: ${detail}` });
}

function readingFault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT') return damaged('файла нет');
  if (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE') return damaged('не распаковывается');
  return new Fault('SPOOL_UNAVAILABLE', { detail: `файл витрины не читается (${code})`, cause: error });
}
