import { Fault } from '../../model/errors.ts';
import type { CabinetAccess, FileStream } from '../port.ts';
import type { RestClient, StreamAnswer } from './client.ts';
import { guardStream } from './guarded-stream.ts';

/**
 * Opens a file of an appeal from `offset` bytes on (contracts/platform-rest.md, section 3; Range: RFC 9110, section 14).
 * The stream fails with a Fault: silence longer than `idleTimeoutMs`, a cut, or fewer bytes than told are transient.
 * @throws Fault FILE_GONE when the platform has no such file, else as every call
 */
export async function openPlatformFile(
  client: RestClient,
  idleTimeoutMs: number,
  cabinet: CabinetAccess,
  fileId: string,
  offset: number,
  signal?: AbortSignal,
): Promise<FileStream> {
  if (/^\.{0,2}$/.test(fileId)) throw new Fault('FILE_GONE', { detail: 'непригодный идентификатор файла' });
  const opened = await client.stream(
    cabinet,
    {
      call: 'file',
      path: { fileId },
      // Length and offsets must count the file's own bytes, so no compression on the way.
      headers: {
        Accept: '*/*',
        'Accept-Encoding': 'identity',
        ...(offset > 0 && { Range: `bytes=${offset}-` }),
      },
      ...(signal !== undefined && { signal }),
    },
    ['ok', 'partial', 'not-found', ...(offset > 0 ? (['range-refused'] as const) : [])],
  );
  const { body } = opened.answer;
  switch (opened.meaning) {
    case 'not-found':
      body.destroy();
      throw new Fault('FILE_GONE');
    case 'range-refused':
      // What we hold is as long as the file or longer: it is not the same file any more.
      body.destroy();
      return openPlatformFile(client, idleTimeoutMs, cabinet, fileId, 0, signal);
    default:
      return guarded(opened, offset, idleTimeoutMs, signal);
  }
}

function guarded(
  { meaning, answer }: StreamAnswer,
  asked: number,
  idleTimeoutMs: number,
  signal: AbortSignal | undefined,
): FileStream {
  const told =
    meaning === 'partial' ? rangeOf(answer.headers) : { start: 0, length: wholeLength(answer.headers) };
  const encoding = answer.headers['content-encoding'];
  if (told === undefined || (told.start !== asked && told.start !== 0) || isEncoded(encoding)) {
    answer.body.destroy();
    throw new Fault('PLATFORM_BAD_ANSWER', { detail: 'файл: ответ не с того места или сжат без спроса' });
  }
  const { length } = told;
  return {
    stream: guardStream(answer.body, {
      idleTimeoutMs,
      ...(length !== undefined && { length }),
      ...(signal !== undefined && { signal }),
    }),
    ...(length !== undefined && { length }),
    offset: told.start,
  };
}

function isEncoded(encoding: unknown): boolean {
  return typeof encoding === 'string' && encoding !== '' && encoding.toLowerCase() !== 'identity';
}

function wholeLength(headers: Readonly<Record<string, unknown>>): number | undefined {
  const text = headers['content-length'];
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Start of a piece and bytes to the file's end; a server may stop before it, which the guard then reports as a cut. */
function rangeOf(
  headers: Readonly<Record<string, unknown>>,
): { start: number; length: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(String(headers['content-range'] ?? ''));
  if (match === null) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? undefined : Number(match[3]);
  if (end < start || (total !== undefined && end >= total)) return undefined;
  return { start, length: total === undefined ? undefined : total - start };
}
