import type { Readable } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { isNativeError } from 'node:util/types';
import { Fault } from '../../model/errors.ts';
import type { StreamedBody } from './http.ts';

/** A file that goes out as it is, with its length known beforehand. */
export interface BodyFile {
  /** Bytes. */
  readonly size: number;
  /** Opens the bytes; called again when the upload is repeated. */
  open(): Readable;
}

/**
 * A whole file as a request's body, streamed. The stream fails with FILE_DAMAGED when the file does not bring exactly
 * `size` bytes, for a wrong Content-Length would spoil the connection, and with SPOOL_UNAVAILABLE when it cannot be read.
 */
export function fileBody(file: BodyFile, idleTimeoutMs: number): StreamedBody {
  return {
    length: file.size,
    idleTimeoutMs,
    open: (onProgress) =>
      ReadableStream.from(exactly(file, onProgress), { objectMode: false, highWaterMark: 64 * 1024 }),
  };
}

async function* exactly(file: BodyFile, onProgress: () => void): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of bytesOf(file)) {
    sent += chunk.length;
    if (sent > file.size) throw damaged(`больше ${file.size}`);
    onProgress();
    yield chunk;
  }
  if (sent < file.size) throw damaged(`${sent} из ${file.size}`);
}

async function* bytesOf(file: BodyFile): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of file.open()) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = isNativeError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    throw new Fault('SPOOL_UNAVAILABLE', { detail: `файл витрины не читается${code}`, cause: error });
  }
}

function damaged(bytes: string): Fault {
  return new Fault('FILE_DAMAGED', { detail: `файл витрины: прочитано байт: ${bytes}` });
}
