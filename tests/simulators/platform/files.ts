import { type ByteSource, generatedBytes, heldBytes, sha256Of } from './bytes.ts';
import type { Cabinet, PlatformState, StoredFile } from './state.ts';
import type { FileInput, WireAttachment } from './types.ts';

const MIME_TYPES: Record<string, string> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  zip: 'application/zip',
};

/** The part after the last dot, in lower case; '' without a dot. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

export function mimeTypeOf(name: string): string {
  return MIME_TYPES[extensionOf(name)] ?? 'application/octet-stream';
}

/** Puts a file into the cabinet's store and gives it an id. */
export function storeFile(
  state: PlatformState,
  cabinet: Cabinet,
  file: { name: string; mimeType?: string; bytes?: ByteSource; generate?: number; uploaded: boolean },
): StoredFile {
  const number = state.nextFileNo++;
  const fileId = `f-${cabinet.opaId}-${String(number).padStart(7, '0')}`;
  const stored: StoredFile = {
    fileId,
    name: file.name,
    mimeType: file.mimeType ?? mimeTypeOf(file.name),
    bytes: file.bytes ?? generatedBytes(`n${number}`, file.generate ?? 0),
    uploaded: file.uploaded,
  };
  cabinet.files.set(fileId, stored);
  return stored;
}

function givenBytes(input: FileInput): ByteSource | undefined {
  if (input.content !== undefined) return heldBytes(Buffer.from(input.content));
  if (input.contentBase64 !== undefined) return heldBytes(Buffer.from(input.contentBase64, 'base64'));
  return undefined;
}

/** Stores a citizen's file and tells how the feed names it. */
export function attach(state: PlatformState, cabinet: Cabinet, input: FileInput): WireAttachment {
  const bytes = givenBytes(input);
  const stored = storeFile(state, cabinet, {
    name: input.name,
    uploaded: false,
    ...(input.mimeType === undefined ? {} : { mimeType: input.mimeType }),
    ...(bytes === undefined ? { generate: input.size ?? 0 } : { bytes }),
  });
  const wantsSum = input.sha256 ?? bytes !== undefined;
  return {
    fileId: stored.fileId,
    name: stored.name,
    size: stored.bytes.length,
    mimeType: stored.mimeType,
    ...(wantsSum ? { sha256: sha256Of(stored.bytes) } : {}),
  };
}
