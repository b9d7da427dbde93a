import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';
import axios, { type AxiosInstance } from 'axios';
import { CallFailure, type CallOutcome } from './failure.ts';
import { type CallName, fillPath, type PlatformMapping } from './mapping.ts';

export interface HttpOptions {
  readonly baseUrl: string;
  readonly mapping: PlatformMapping;
  /** Milliseconds for a whole JSON call, and for a file until its headers are there. */
  readonly timeoutMs: number;
}

/** A body that is never whole in memory. */
export interface StreamedBody {
  /** Bytes; `open` gives exactly so many or fails. */
  readonly length: number;
  /** Longest time without a byte taken by the other side, and then without its answer, ms. */
  readonly idleTimeoutMs: number;
  /** The bytes from the start; called again for each exchange. `onProgress` runs whenever a piece is asked for. */
  open(onProgress: () => void): Readable;
}

/** One call as the mapping names it; values only, no wire names. */
export interface HttpRequest {
  readonly call: CallName;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | StreamedBody;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer<T> {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: T;
}

/** Bare exchanges with the platform: no session, no repeats. Both methods throw CallFailure and nothing else. */
export interface PlatformHttp {
  /** Reads a whole answer of any status as text, at most limits.answerBytes of it. */
  exchange(request: HttpRequest): Promise<HttpAnswer<string>>;
  /** Opens an answer as a stream; `signal` goes on holding for the stream, the time-out ends with the headers. */
  open(request: HttpRequest): Promise<HttpAnswer<Readable>>;
  close(): void;
}

export function createHttp(options: HttpOptions): PlatformHttp {
  const kept = agents(true);
  // A kept connection may be closing while a write goes out on it, and then nobody could tell whether it was taken.
  const fresh = agents(false);
  const http = axios.create({
    // A redirect would carry the token to a place nobody configured.
    maxRedirects: 0,
    validateStatus: () => true,
    transformResponse: (data: unknown) => data,
  });
  const base = options.baseUrl.replace(/\/+$/, '');

  return {
    exchange: (request) =>
      send<string>(http, base, options, request, {
        ...(options.mapping.calls[request.call].effect === 'write' ? fresh : kept),
        responseType: 'text',
        maxContentLength: options.mapping.limits.answerBytes,
      }),
    open: (request) =>
      send<Readable>(http, base, options, request, { ...kept, responseType: 'stream', decompress: false }),
    close() {
      for (const { httpAgent, httpsAgent } of [kept, fresh]) {
        httpAgent.destroy();
        httpsAgent.destroy();
      }
    },
  };
}

function agents(keepAlive: boolean): Agents {
  // A bound on sockets makes Node keep and share them even against `keepAlive: false`.
  const settings = keepAlive ? { keepAlive, maxSockets: 64 } : { keepAlive };
  return { httpAgent: new HttpAgent(settings), httpsAgent: new HttpsAgent(settings) };
}

interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

interface CallOptions extends Agents {
  readonly responseType: 'text' | 'stream';
  readonly maxContentLength?: number;
  readonly decompress?: boolean;
}

async function send<T>(
  http: AxiosInstance,
  base: string,
  { mapping, timeoutMs }: HttpOptions,
  request: HttpRequest,
  own: CallOptions,
): Promise<HttpAnswer<T>> {
  const call = mapping.calls[request.call];
  const url = base + fillPath(call.path, request.path ?? {});
  if (request.signal?.aborted === true) throw new CallFailure(call.effect, { happened: 'not-started' });
  // Axios' own time-out watches silence only; an answer dripping byte by byte would hold us for ever.
  const stop = new AbortController();
  let timedOut = false;
  let isOver = false;
  const { body } = request;
  const streamed = typeof body === 'object' ? body : undefined;
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, streamed?.idleTimeoutMs ?? timeoutMs);
  const stream = streamed?.open(() => {
    // A timer that was cleared would start again.
    if (!isOver) timer.refresh();
  });
  const data = typeof body === 'string' ? body : stream;
  const onAbort = () => stop.abort();
  request.signal?.addEventListener('abort', onAbort, { once: true });
  const release = () => request.signal?.removeEventListener('abort', onAbort);
  try {
    const answer = await http.request<T>({
      method: call.method,
      url,
      ...own,
      ...(request.query !== undefined && { params: request.query }),
      ...(data !== undefined && { data }),
      headers: {
        Accept: 'application/json',
        ...(streamed !== undefined && { 'Content-Length': String(streamed.length) }),
        ...request.headers,
      },
      signal: stop.signal,
    });
    if (own.responseType === 'stream') (answer.data as Readable).once('close', release);
    else release();
    return { status: answer.status, headers: answer.headers, body: answer.data };
  } catch (error) {
    release();
    throw new CallFailure(call.effect, outcomeOf(error, timedOut, isAborted(request.signal)));
  } finally {
    if (stream !== undefined) dropUnsent(stream);
    isOver = true;
    clearTimeout(timer);
  }
}

/** The answer came, or nothing will, before the body was out: its source and the half-used connection go. */
function dropUnsent(body: Readable): void {
  if (body.readableEnded) return;
  body.on('error', () => undefined);
  body.destroy(new Error('the rest of the body is not needed'));
}

/** A call of its own, for the type checker takes an earlier look at the signal for a lasting one. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function outcomeOf(error: unknown, timedOut: boolean, aborted: boolean): CallOutcome {
  if (aborted) return { happened: 'aborted' };
  if (timedOut) return { happened: 'timed-out', detail: 'нет ответа за отведённое время' };
  const cause = bareError(error);
  if (cause.message.startsWith('maxContentLength')) {
    return { happened: 'unreadable', detail: 'ответ больше разрешённого размера (limits.answerBytes)' };
  }
  const code = errorCode(cause);
  const detail = code === undefined ? 'соединение прервано' : `соединение не удалось (${code})`;
  return { happened: isBeforeSending(cause) ? 'not-sent' : 'cut', detail, cause };
}

/** The system's error without axios' wrapping, which holds the request with its token and password. */
function bareError(error: unknown): Error {
  if (axios.isAxiosError(error)) {
    if (isNativeError(error.cause)) return error.cause;
    const bare = new Error(error.message);
    return error.code === undefined ? bare : Object.assign(bare, { code: error.code });
  }
  return isNativeError(error) ? error : new Error(String(error));
}

/** Resolving, connecting or agreeing on TLS failed, so not a byte of the request has left. */
function isBeforeSending(error: Error): boolean {
  // Several addresses of one host were tried: all of them failed to connect.
  if ('errors' in error && Array.isArray(error.errors)) {
    return error.errors.length > 0 && error.errors.every((e) => isNativeError(e) && isBeforeSending(e));
  }
  const syscall = 'syscall' in error ? error.syscall : undefined;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  return /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_INVALID_URL|HOSTNAME_MISMATCH)/.test(
    errorCode(error) ?? '',
  );
}

function errorCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
