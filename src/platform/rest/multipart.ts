import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { UploadSource } from '../port.ts';
import { exactBytes } from './exact-bytes.ts';
import type { StreamedBody } from './http.ts';
import { cleanText } from './text.ts';

const CRLF = '\r\n';
const ESCAPES: Readonly<Record<string, string>> = { '\r': '%0D', '\n': '%0A', '"': '%22' };

export interface MultipartBody extends StreamedBody {
  readonly contentType: string;
}

/**
 * One file as multipart/form-data (RFC 7578), streamed, with its length known beforehand. The stream fails as
 * `exactBytes` does.
 */
export function multipartFile(field: string, file: UploadSource, idleTimeoutMs: number): MultipartBody {
  const boundary = `----posrednik-${randomBytes(18).toString('hex')}`;
  const head = Buffer.from(
    [
      `--${boundary}`,
      `Content-Disposition: form-data; name="${escapeName(field)}"; filename="${fileNameOnWire(file.name)}"`,
      `Content-Type: ${file.mimeType}`,
      '',
      '',
    ].join(CRLF),
  );
  const tail = Buffer.from(`${CRLF}--${boundary}--${CRLF}`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: head.length + file.size + tail.length,
    idleTimeoutMs,
    open: (onProgress) =>
      Readable.from(parts(head, file, tail, onProgress), { objectMode: false, highWaterMark: 64 * 1024 }),
  };
}

/**
 * A file name for the header: raw UTF-8 with the three escapes of browsers (RFC 7578, 4.2, forbids `filename*`). Slashes
 * become «_»: many servers take what stands before them for a folder, or a backslash for an escape.
 */
export function fileNameOnWire(name: string): string {
  return escapeName(cleanText(name).normalize('NFC').replace(/[\\/]/g, '_')) || 'file';
}

function escapeName(name: string): string {
  return name.replace(/[\r\n"]/g, (sign) => ESCAPES[sign] ?? sign);
}

async function* parts(
  head: Buffer,
  file: UploadSource,
  tail: Buffer,
  onProgress: () => void,
): AsyncGenerator<Buffer> {
  yield head;
  yield* exactBytes(file, 'файл ответа', onProgress);
  onProgress();
  yield tail;
}
