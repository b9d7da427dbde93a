import { Fault } from '../../model/errors.ts';
import type { CabinetAccess, PlatformShowcase } from '../port.ts';
import { asList } from './answer.ts';
import type { RestClient } from './client.ts';
import type { AnswerMeaning, PlatformMapping } from './mapping.ts';
import type { RefusableAnswer } from './refusable.ts';
import { fileBody } from './showcase-body.ts';
import { isHeaderField, readReportPage } from './showcase-report.ts';
import { cleanText, codeWord } from './text.ts';

export interface ShowcaseOptions {
  readonly client: RestClient;
  readonly mapping: PlatformMapping;
  /** Milliseconds without a byte taken after which an upload is given up. */
  readonly idleTimeoutMs: number;
}

const REFUSALS: readonly AnswerMeaning[] = ['too-large', 'invalid'];
const MESSAGE_LENGTH = 200;

/** The showcase's half of the platform (contracts/platform-rest.md, section 6). A file goes out once a call. */
export function createShowcase(options: ShowcaseOptions): PlatformShowcase {
  const { client, mapping } = options;
  return {
    uploadShowcase: (cabinet, key, file, signal) => upload(options, cabinet, key, file, signal),
    async readShowcaseReport(cabinet, uploadId, { after, size }, signal) {
      const names = mapping.calls.showcaseReport.parameters;
      const { meaning, json } = await client.json(
        cabinet,
        {
          call: 'showcaseReport',
          path: { uploadId },
          query: {
            [names.size]: String(Math.min(Math.max(size, 1), mapping.limits.pageSize)),
            ...(after !== undefined && { [names.after]: after }),
          },
          ...(signal !== undefined && { signal }),
        },
        ['ok', 'not-found'],
      );
      if (meaning === 'not-found') throw new Fault('SHOWCASE_UPLOAD_LOST');
      return readReportPage(mapping, json, after);
    },
  };
}

async function upload(
  { client, mapping, idleTimeoutMs }: ShowcaseOptions,
  cabinet: CabinetAccess,
  key: string,
  file: Parameters<PlatformShowcase['uploadShowcase']>[2],
  signal: AbortSignal | undefined,
): Promise<{ readonly uploadId: string }> {
  // The HTTP library silently drops from a header what is not printable, and two keys would become one.
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Fault('DEFECT', { detail: 'ключ выгрузки не годится для заголовка' });
  }
  const { contentType = 'application/x-ndjson', contentEncoding } = mapping.calls.uploadShowcase;
  const request = {
    call: 'uploadShowcase' as const,
    headers: {
      'Content-Type': contentType,
      ...(contentEncoding !== undefined && { 'Content-Encoding': contentEncoding }),
      [mapping.headers.idempotencyKey]: key,
    },
    body: fileBody(file, idleTimeoutMs),
    ...(signal !== undefined && { signal }),
  };
  const answer = await client.refusable(cabinet, request, REFUSALS).catch((error: unknown) => {
    // Our file failed in the middle: what came of it cannot have been taken.
    if (error instanceof Fault && error.cause instanceof Fault) throw error.cause;
    throw error;
  });
  if (answer.meaning !== 'ok') throw refusal(mapping, answer);
  const { uploadId } = answer.json;
  if (typeof uploadId === 'number' && Number.isSafeInteger(uploadId)) return { uploadId: String(uploadId) };
  if (typeof uploadId === 'string' && uploadId !== '' && cleanText(uploadId) === uploadId)
    return { uploadId };
  throw new Fault('PLATFORM_OUTCOME_UNKNOWN', { detail: 'ответ не подтверждает приём файла: нет uploadId' });
}

/** 413, or 422 with what the first of `details` says: the platform's code and words. */
function refusal(mapping: PlatformMapping, { status, meaning, json }: RefusableAnswer): Fault {
  if (meaning === 'too-large')
    return new Fault('SHOWCASE_TOO_MANY_RECORDS', { detail: `код ответа ${status}` });
  const [first] = asList(json['details']);
  const said: Record<string, unknown> =
    typeof first === 'object' && first !== null ? { ...first } : { message: json['message'] };
  const field = typeof said['field'] === 'string' ? said['field'] : undefined;
  const code = codeWord(said['code']) ?? codeWord(json['error']) ?? `HTTP_${status}`;
  const message = typeof said['message'] === 'string' ? cleanText(said['message']) : '';
  const words = message.replace(/\s+/gu, ' ').slice(0, MESSAGE_LENGTH).toWellFormed().trim();
  return new Fault(isHeaderField(mapping, field) ? 'SHOWCASE_HEADER_REFUSED' : 'SHOWCASE_FILE_REFUSED', {
    detail: words === '' ? code : `${code}: ${words}`,
    ...(field !== undefined && /^[\w.[\]-]{1,100}$/.test(field) && { field }),
  });
}
