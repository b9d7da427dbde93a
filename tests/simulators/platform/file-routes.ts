import { heldBytes } from './bytes.ts';
import type { Call } from './call.ts';
import { extensionOf, mimeTypeOf, storeFile } from './files.ts';
import { parseMultipart } from './multipart.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { Cabinet, StoredFile } from './state.ts';

type Range = { from: number; to: number } | 'none' | 'unsatisfiable';

/** One `bytes=` range over `length` bytes, end exclusive; several ranges count as none. */
export function parseRange(header: string | undefined, length: number): Range {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return 'none';
  if (match[1] === '') {
    const suffix = Number(match[2]);
    return suffix === 0 || length === 0
      ? 'unsatisfiable'
      : { from: Math.max(0, length - suffix), to: length };
  }
  const from = Number(match[1]);
  const to = match[2] === '' ? length : Math.min(length, Number(match[2]) + 1);
  if (to <= from && from < length) return 'none';
  return from >= length ? 'unsatisfiable' : { from, to };
}

export function fileReply(file: StoredFile, rangeHeader: string | undefined): Reply {
  const { length } = file.bytes;
  const headers = { 'Content-Type': file.mimeType, 'Accept-Ranges': 'bytes' };
  const range = parseRange(rangeHeader, length);
  if (range === 'unsatisfiable') return { status: 416, headers: { 'Content-Range': `bytes */${length}` } };
  if (range === 'none') return { status: 200, headers, bytes: { source: file.bytes, from: 0, to: length } };
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${range.from}-${range.to - 1}/${length}` },
    bytes: { source: file.bytes, ...range },
  };
}

/** GET /inbox-service/filestorage/{fileId} (contract, section 3). */
export function downloadRoute(call: Call, cabinet: Cabinet): Reply {
  const file = cabinet.files.get(call.params[0] ?? '');
  if (file === undefined) return jsonReply(404, { error: 'not_found' });
  return fileReply(file, call.ignoreRange ? undefined : call.headers.range);
}

export function tooLarge(limit: number): Reply {
  return jsonReply(413, { error: 'too_large', limit });
}

/** POST /inbox-service/filestorage: multipart, field `file` (contract, section 3). */
export function uploadRoute(call: Call, cabinet: Cabinet): Reply {
  const { settings } = call.state;
  const part = parseMultipart(call.headers['content-type'], call.body)?.find(
    (p) => p.name === 'file' && p.fileName !== undefined,
  );
  if (part?.fileName === undefined) {
    return jsonReply(422, {
      error: 'validation',
      details: [{ field: 'file', message: 'обязательное поле' }],
    });
  }
  if (part.content.length > settings.maxFileBytes) return tooLarge(settings.maxFileBytes);
  if (!settings.allowedExtensions.includes(extensionOf(part.fileName))) {
    return jsonReply(415, { error: 'unsupported_type', allowed: settings.allowedExtensions });
  }
  const file = storeFile(call.state, cabinet, {
    name: part.fileName,
    mimeType: part.contentType ?? mimeTypeOf(part.fileName),
    // A copy: a slice would keep the whole request in memory.
    bytes: heldBytes(Buffer.from(part.content)),
    uploaded: true,
  });
  return jsonReply(200, {
    id: file.fileId,
    name: file.name,
    size: file.bytes.length,
    mimeType: file.mimeType,
  });
}
