import { Fault } from '../../model/errors.ts';
import type { CabinetAccess, UploadSource } from '../port.ts';
import { asList } from './answer.ts';
import type { RestClient } from './client.ts';
import { extensionOf, sizeWords } from './limits.ts';
import type { AnswerMeaning, PlatformMapping } from './mapping.ts';
import { multipartFile } from './multipart.ts';
import type { RefusableAnswer } from './refusable.ts';
import { dataRefusal } from './reply-refusal.ts';
import { cleanText } from './text.ts';

const REFUSALS: readonly AnswerMeaning[] = ['too-large', 'type-refused', 'invalid'];
/** What no file name and no mapping tells (RFC 2046, 4.5.1). */
const ANY_TYPE = 'application/octet-stream';

/**
 * Uploads one file of an answer (contracts/platform-rest.md, section 3), streamed; gives the platform's id of it. An
 * upload of unknown outcome is merely PLATFORM_UNREACHABLE: repeated, it leaves a file that no answer names.
 * @throws Fault PLATFORM_REJECTED when the file is refused; FILE_DAMAGED, SPOOL_UNAVAILABLE when ours cannot be read
 */
export async function uploadPlatformFile(
  client: RestClient,
  mapping: PlatformMapping,
  idleTimeoutMs: number,
  cabinet: CabinetAccess,
  file: UploadSource,
  signal?: AbortSignal,
): Promise<string> {
  const { parameters } = mapping.calls.uploadFile;
  const body = multipartFile(
    parameters.file,
    { ...file, open: () => file.open(), mimeType: mimeTypeOf(mapping, file) },
    idleTimeoutMs,
  );
  const request = {
    call: 'uploadFile' as const,
    headers: { 'Content-Type': body.contentType },
    body,
    ...(signal !== undefined && { signal }),
  };
  const answer = await client.refusable(cabinet, request, REFUSALS).catch((error: unknown) => {
    throw harmless(error, signal);
  });
  if (answer.meaning !== 'ok') throw refusal(mapping, file, answer);
  const { id, size } = answer.json;
  const taken = Number(size ?? Number.NaN);
  if (Number.isFinite(taken) && taken !== file.size) {
    throw new Fault('FILE_DAMAGED', { detail: `платформа приняла ${taken} байт из ${file.size}` });
  }
  if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id);
  if (typeof id === 'string' && id !== '' && cleanText(id) === id) return id;
  throw new Fault('PLATFORM_BAD_ANSWER', { detail: 'загрузка файла: в ответе нет id' });
}

function harmless(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof Fault) || error.code !== 'PLATFORM_OUTCOME_UNKNOWN') return error;
  // The body failed on our side, and the connection was dropped for that.
  if (error.cause instanceof Fault) return error.cause;
  if (signal?.aborted === true) return new Fault('STOPPED', { cause: error.cause });
  const { detail, retryAfterMs, cause } = error;
  return new Fault('PLATFORM_UNREACHABLE', {
    ...(detail !== undefined && { detail }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause,
  });
}

function refusal(mapping: PlatformMapping, file: UploadSource, answer: RefusableAnswer): Fault {
  const said = { names: [file.name], texts: [] };
  const { field, detail } = dataRefusal(answer, said, limitWords(mapping, file, answer));
  return new Fault('PLATFORM_REJECTED', { field: field ?? 'file', ...(detail !== undefined && { detail }) });
}

/** The limit as the platform tells it, else as our settings know it. */
function limitWords(
  { limits }: PlatformMapping,
  file: UploadSource,
  { meaning, json }: RefusableAnswer,
): string | undefined {
  if (meaning === 'too-large') {
    const told = Number(json['limit'] ?? Number.NaN);
    const limit = !(told > 0)
      ? `предел платформа не назвала, в настройке limits.uploadFileBytes ${sizeWords(limits.uploadFileBytes)}`
      : `платформа принимает не больше ${sizeWords(told)}`;
    return `файл велик (${sizeWords(file.size)}), ${limit}`;
  }
  if (meaning !== 'type-refused') return undefined;
  const told = asList(json['allowed']).filter(isExtension);
  const allowed = told.length > 0 ? told : Object.keys(limits.uploadTypes);
  const type = extensionOf(file.name);
  return `тип файла${isExtension(type) ? ` «${type}»` : ''} не принимается, разрешены: ${allowed.join(', ')}`;
}

function isExtension(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9]{1,8}$/.test(value);
}

function mimeTypeOf(mapping: PlatformMapping, { name, mimeType }: UploadSource): string {
  if (mimeType !== ANY_TYPE && /^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/.test(mimeType)) return mimeType;
  const type = extensionOf(name);
  const { uploadTypes } = mapping.limits;
  return Object.hasOwn(uploadTypes, type) ? (uploadTypes[type] ?? ANY_TYPE) : ANY_TYPE;
}
