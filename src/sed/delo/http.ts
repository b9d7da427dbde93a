import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios from 'axios';
import { Fault } from '../../model/errors.ts';

/** A page of cards is never near this; an answer that goes on for ever must end. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** Connections to one archive: its own users are served by the same server. */
const MAX_SOCKETS = 4;

export interface HttpOptions {
  readonly baseUrl: string;
  /** Milliseconds for one whole call. */
  readonly timeoutMs: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Under the base address, without a leading slash, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType: string;
  /** `name=value` of each cookie that the answer sets. */
  readonly cookies: readonly string[];
  readonly retryAfterMs?: number;
}

/** No answer within the time allowed: the same call again would most probably cost it once more. */
export class TimedOut extends Fault {
  constructor() {
    super('SED_ARCHIVE_UNREACHABLE', { detail: 'нет ответа за отведённое время' });
  }
}

/** Bare exchanges with an archive: no session, no repeats, any status is an answer. */
export interface DeloHttp {
  /** Length of an address under the base, in characters. */
  urlLength(path: string): number;
  /** @throws Fault SED_ARCHIVE_UNREACHABLE, SED_ARCHIVE_BAD_ANSWER (too large), STOPPED */
  exchange(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

export function createHttp({ baseUrl, timeoutMs }: HttpOptions): DeloHttp {
  const base = baseUrl.replace(/\/+$/, '');
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const http = axios.create({
    httpAgent,
    httpsAgent,
    // A redirect would carry the password or the session to a place nobody configured.
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
    validateStatus: () => true,
    transformResponse: (data: unknown) => data,
  });

  async function exchange({ method, path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    if (isAborted(signal)) throw new Fault('STOPPED');
    // Axios' own time-out watches silence only; an answer dripping byte by byte would hold us for ever.
    const limit = AbortSignal.timeout(timeoutMs);
    const stop = signal === undefined ? limit : AbortSignal.any([limit, signal]);
    try {
      const answer = await http.request<string>({
        method,
        url: `${base}/${path}`,
        headers,
        signal: stop,
        ...(body !== undefined && { data: body }),
      });
      const retryAfterMs = secondsOf(answer.headers['retry-after']);
      return {
        status: answer.status,
        text: answer.data,
        contentType: String(answer.headers['content-type'] ?? ''),
        cookies: cookiesOf(answer.headers['set-cookie']),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
    } catch (error) {
      if (isAborted(signal)) throw new Fault('STOPPED');
      if (limit.aborted) throw new TimedOut();
      throw faultOf(error);
    }
  }

  return {
    urlLength: (path) => base.length + 1 + path.length,
    exchange,
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** A call of its own, for the type checker takes an earlier look at the signal for a lasting one. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** The cause stays out: axios hangs the whole request on it, with password and session. */
function faultOf(error: unknown): Fault {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof message === 'string' && message.startsWith('maxContentLength')) {
    return new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: 'ответ больше разрешённого размера' });
  }
  const detail = typeof code === 'string' ? `соединение не удалось (${code})` : 'соединение прервано';
  return new Fault('SED_ARCHIVE_UNREACHABLE', { detail });
}

function cookiesOf(header: unknown): string[] {
  if (!Array.isArray(header)) return [];
  return header.flatMap((line) => (typeof line === 'string' ? [line.split(';')[0]?.trim() ?? ''] : []));
}

/** `Retry-After` in seconds; a date, which is rare, is left out: clocks of two machines are never compared. */
function secondsOf(header: unknown): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : undefined;
}
