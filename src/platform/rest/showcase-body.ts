import { Readable } from 'node:stream';
import { exactBytes, type SizedFile } from './exact-bytes.ts';
import type { StreamedBody } from './http.ts';

/** A whole file of the showcase as a request's body, streamed; the stream fails as `exactBytes` does. */
export function fileBody(file: SizedFile, idleTimeoutMs: number): StreamedBody {
  return {
    length: file.size,
    idleTimeoutMs,
    open: (onProgress) =>
      Readable.from(exactBytes(file, 'файл витрины', onProgress), {
        objectMode: false,
        highWaterMark: 64 * 1024,
      }),
  };
}
