import type { Readable } from 'node:stream';
import type { CabinetAccess } from '../port.ts';
import { answeredOutcome, type JsonAnswer, readAnswer, readListAnswer } from './answer.ts';
import { CallFailure } from './failure.ts';
import type { HttpAnswer, HttpRequest, PlatformHttp } from './http.ts';
import { type AnswerMeaning, meaningOf, type PlatformMapping } from './mapping.ts';
import { type RefusableAnswer, readRefusable } from './refusable.ts';
import { type RestLog, withShortRepeats } from './repeat.ts';
import type { TokenStore } from './token.ts';

export interface ClientOptions {
  readonly http: PlatformHttp;
  readonly tokens: TokenStore;
  readonly mapping: PlatformMapping;
  readonly log?: RestLog;
  /** Milliseconds before the first short repeat; tests shorten it. */
  readonly repeatDelayMs?: number;
}

/** Answer of a streamed call; the body is drained or destroyed by whoever takes it. */
export interface StreamAnswer {
  readonly meaning: AnswerMeaning;
  readonly answer: HttpAnswer<Readable>;
}

/**
 * Calls on behalf of one cabinet: session, cabinet header, one renewal of a session that died early, short repeats of
 * reads. Meanings in `accept` are returned, all others thrown. All methods throw Fault and nothing else.
 */
export interface RestClient {
  json(cabinet: CabinetAccess, request: HttpRequest, accept: readonly AnswerMeaning[]): Promise<JsonAnswer>;
  /** A list without a frame; undefined when the platform has no such thing. */
  list(cabinet: CabinetAccess, request: HttpRequest): Promise<readonly unknown[] | undefined>;
  /** Meanings in `refusals` come back too, with whatever their body says. */
  refusable(
    cabinet: CabinetAccess,
    request: HttpRequest,
    refusals: readonly AnswerMeaning[],
  ): Promise<RefusableAnswer>;
  stream(
    cabinet: CabinetAccess,
    request: HttpRequest,
    accept: readonly AnswerMeaning[],
  ): Promise<StreamAnswer>;
}

export function createClient(options: ClientOptions): RestClient {
  const { http, mapping } = options;
  return {
    json: (cabinet, request, accept) =>
      callWithSession(options, cabinet, request, async (prepared) =>
        readAnswer(mapping, request.call, await http.exchange(prepared), accept),
      ),
    list: (cabinet, request) =>
      callWithSession(options, cabinet, request, async (prepared) =>
        readListAnswer(mapping, request.call, await http.exchange(prepared)),
      ),
    refusable: (cabinet, request, refusals) =>
      callWithSession(options, cabinet, request, async (prepared) =>
        readRefusable(mapping, request.call, await http.exchange(prepared), refusals),
      ),
    stream: (cabinet, request, accept) =>
      callWithSession(options, cabinet, request, async (prepared) => {
        const answer = await http.open(prepared);
        const meaning = meaningOf(mapping, request.call, answer.status);
        if (accept.includes(meaning)) return { meaning, answer };
        answer.body.destroy();
        throw new CallFailure(
          mapping.calls[request.call].effect,
          answeredOutcome(mapping, request.call, answer),
        );
      }),
  };
}

function callWithSession<T>(
  { tokens, mapping, log, repeatDelayMs }: ClientOptions,
  cabinet: CabinetAccess,
  request: HttpRequest,
  call: (request: HttpRequest) => Promise<T>,
): Promise<T> {
  const { signal } = request;

  async function withToken(isRenewed: boolean): Promise<T> {
    const token = await tokens.get(cabinet, signal);
    const headers = {
      ...request.headers,
      [mapping.headers.authorization]: `${mapping.headers.authorizationScheme} ${token}`,
      [mapping.headers.cabinet]: cabinet.opaId,
    };
    try {
      return await call({ ...request, headers });
    } catch (error) {
      if (!isSessionRefused(error)) throw error;
      tokens.drop(cabinet.opaId, token);
      if (isRenewed) throw error;
      log?.debug({ cabinet: cabinet.cabinet }, 'platform session died early');
      // The refused call was not begun by the platform, so a write may be repeated here too.
      return withToken(true);
    }
  }

  return withShortRepeats(mapping.calls[request.call].effect, () => withToken(false), {
    ...(signal !== undefined && { signal }),
    ...(log !== undefined && { log }),
    ...(repeatDelayMs !== undefined && { firstDelayMs: repeatDelayMs }),
  });
}

function isSessionRefused(error: unknown): boolean {
  return (
    error instanceof CallFailure &&
    error.outcome.happened === 'answered' &&
    error.outcome.meaning === 'session-refused'
  );
}
