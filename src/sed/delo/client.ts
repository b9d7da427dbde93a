import pRetry from 'p-retry';
import { Fault, toFault } from '../../model/errors.ts';
import { jsonOf, odataFault, statusFault } from './failure.ts';
import { type DeloHttp, type HttpAnswer, TimedOut } from './http.ts';
import type { DeloMapping } from './mapping-schema.ts';
import type { Session } from './session.ts';

const SHORT_REPEATS = 2;
const SHORT_REPEAT_MS = 300;
/** The vendor's own front end asks so; light metadata costs half the bytes of the full one. */
const ACCEPT = 'application/json;odata=light;q=1,application/json;odata=minimalmetadata';

export interface ClientOptions {
  readonly http: DeloHttp;
  readonly session: Session;
  readonly mapping: DeloMapping;
  /** Milliseconds before the first short repeat of a read; tests shorten it. */
  readonly repeatDelayMs?: number;
}

/** Calls in the archive's session: a lost one is opened again once. Methods throw Fault and nothing else. */
export interface DeloClient {
  /** Whether an address under OData stays within the limit of mappings/delo.yaml. */
  fits(address: string): boolean;
  /** JSON of an address under OData. */
  read(address: string, signal?: AbortSignal): Promise<unknown>;
  /** Sends a `$batch`; the answer is multipart, outcomes inside. Repeated by the caller only. */
  batch(body: string, boundary: string, signal?: AbortSignal): Promise<HttpAnswer>;
}

export function createClient({ http, session, mapping, repeatDelayMs }: ClientOptions): DeloClient {
  const lost = new Set(mapping.session.lost);
  const at = (address: string) => `${mapping.odata.path}/${address}`;

  async function withSession(
    call: (cookie: string) => Promise<HttpAnswer>,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    const cookie = await session.get(signal);
    const answer = await call(cookie);
    if (!isLost(answer)) return answer;
    session.drop(cookie);
    const renewed = await session.get(signal);
    const again = await call(renewed);
    if (!isLost(again)) return again;
    session.drop(renewed);
    throw new Fault('SED_ARCHIVE_SESSION_REFUSED', { detail: `код ответа ${again.status}` });
  }

  /** ДЕЛО may refuse an action with one of these statuses too; then the session is well. */
  function isLost(answer: HttpAnswer): boolean {
    if (!lost.has(answer.status)) return false;
    return odataFault(mapping, jsonOf(answer.text), answer.status)?.code !== 'SED_ARCHIVE_REFUSED';
  }

  async function readOnce(address: string, signal: AbortSignal | undefined): Promise<unknown> {
    const answer = await withSession(
      (cookie) =>
        http.exchange({
          method: 'GET',
          path: at(address),
          headers: { Accept: ACCEPT, MaxDataServiceVersion: '3.0', Cookie: cookie },
          ...(signal !== undefined && { signal }),
        }),
      signal,
    );
    const json = jsonOf(answer.text);
    const fault = odataFault(mapping, json, answer.status);
    if (fault !== undefined) throw fault;
    if (answer.status !== 200) throw statusFault(answer);
    if (json === undefined) throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: 'ответ — не JSON' });
    return json;
  }

  return {
    fits: (address) => http.urlLength(at(address)) <= mapping.odata.maxUrl,
    read: (address, signal) => shortRepeats(() => readOnce(address, signal), signal, repeatDelayMs),
    async batch(body, boundary, signal) {
      const answer = await withSession(
        (cookie) =>
          http.exchange({
            method: 'POST',
            path: at('$batch'),
            body,
            headers: {
              Accept: 'multipart/mixed',
              'Content-Type': `multipart/mixed; boundary=${boundary}`,
              MaxDataServiceVersion: '3.0',
              Cookie: cookie,
            },
            ...(signal !== undefined && { signal }),
          }),
        signal,
      );
      const fault = odataFault(mapping, jsonOf(answer.text), answer.status);
      if (fault !== undefined) throw fault;
      if (answer.status < 200 || answer.status > 299) throw statusFault(answer);
      return answer;
    },
  };
}

/** At most two more tries of a read within one call, for passing trouble only; not after a time-out or a `Retry-After`. */
async function shortRepeats<T>(
  run: () => Promise<T>,
  signal: AbortSignal | undefined,
  firstDelayMs = SHORT_REPEAT_MS,
): Promise<T> {
  try {
    return await pRetry(run, {
      retries: SHORT_REPEATS,
      minTimeout: firstDelayMs,
      factor: 3,
      ...(signal !== undefined && { signal }),
      shouldRetry: ({ error }) =>
        error instanceof Fault &&
        error.code === 'SED_ARCHIVE_UNREACHABLE' &&
        error.retryAfterMs === undefined &&
        !(error instanceof TimedOut),
    });
  } catch (error) {
    if (!(error instanceof Fault) && signal?.aborted === true) throw new Fault('STOPPED');
    throw toFault(error);
  }
}
