import type { Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';
import { Fault } from '../../model/errors.ts';

/** A file that goes out, with its length known beforehand. */
export interface SizedFile {
  /** Bytes. */
  readonly size: number;
  /** Opens the bytes; called again when the request is repeated. */
  open(): Readable;
}

/**
 * The bytes of a file, exactly `size` of them: a wrong Content-Length would spoil the connection.
 * @param what the file in words, for the detail of a fault
 * @throws Fault FILE_DAMAGED when there are more or fewer, SPOOL_UNAVAILABLE when it cannot be read
 */
export async function* exactBytes(
  file: SizedFile,
  what: string,
  onProgress: () => void,
): AsyncGenerator<Buffer> {
  const damaged = (bytes: string) =>
    new Fault('FILE_DAMAGED', { detail: `${what}: прочитано байт: ${bytes}` });
  let sent = 0;
  for await (const chunk of bytesOf(file, what)) {
    sent += chunk.length;
    if (sent > file.size) throw damaged(`больше ${file.size}`);
    onProgress();
    yield chunk;
  }
  if (sent < file.size) throw damaged(`${sent} из ${file.size}`);
}

async function* bytesOf(file: SizedFile, what: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of file.open()) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = isNativeError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    throw new Fault('SPOOL_UNAVAILABLE', { detail: `${what} не читается${code}`, cause: error });
  }
}
