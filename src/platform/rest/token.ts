import { createHmac, randomBytes } from 'node:crypto';
import { Fault, toFault } from '../../model/errors.ts';
import type { CabinetAccess, CabinetIdentity } from '../port.ts';
import type { PlatformHttp } from './http.ts';
import type { PlatformMapping } from './mapping.ts';
import { type RestLog, withShortRepeats } from './repeat.ts';
import { readTokenAnswer, type Token } from './token-answer.ts';

/** How long a refused password is not shown to the platform again; a burst of callers must not lock the account. */
const REFUSED_MEMORY_MS = 60_000;

export interface TokenOptions {
  readonly http: PlatformHttp;
  readonly mapping: PlatformMapping;
  readonly scope: string;
  /** Milliseconds of a clock that never jumps back. */
  readonly now: () => number;
  readonly log?: RestLog;
  readonly repeatDelayMs?: number;
}

/** Sessions with the platform, one a cabinet, in memory only. Methods throw Fault and nothing else. */
export interface TokenStore {
  /** A token that holds for now; logs in when there is none. Callers of one cabinet share one log-in. */
  get(cabinet: CabinetAccess, signal?: AbortSignal): Promise<string>;
  /** Logs in afresh, whatever is held or was refused before. */
  logIn(cabinet: CabinetAccess, signal?: AbortSignal): Promise<CabinetIdentity>;
  /** The platform refused this token: it is dropped, unless a newer one has taken its place. */
  drop(opaId: string, token: string): void;
  forget(opaId: string): void;
}

interface Session {
  token?: Token;
  pending?: Promise<Token>;
  refused?: { readonly mark: string; readonly until: number; readonly fault: Fault };
}

export function createTokenStore(options: TokenOptions): TokenStore {
  const sessions = new Map<string, Session>();
  // Marks let us recognise refused credentials without keeping a password.
  const markKey = randomBytes(32);
  const { now } = options;

  function sessionOf(opaId: string): Session {
    const session = sessions.get(opaId) ?? {};
    sessions.set(opaId, session);
    return session;
  }

  async function askToken(cabinet: CabinetAccess, session: Session, force: boolean): Promise<Token> {
    const password = await cabinet.readPassword();
    const mark = createHmac('sha256', markKey).update(`${cabinet.identifier}\0${password}`).digest('hex');
    const { refused } = session;
    if (!force && refused?.mark === mark && refused.until > now()) throw refused.fault;
    delete session.refused;
    try {
      const token = await requestToken(options, cabinet, password);
      session.token = token;
      options.log?.debug({ cabinet: cabinet.cabinet }, 'platform session opened');
      return token;
    } catch (error) {
      if (error instanceof Fault && error.code === 'PLATFORM_CREDENTIALS_WRONG') {
        session.refused = { mark, until: now() + REFUSED_MEMORY_MS, fault: error };
      }
      throw error;
    }
  }

  /** Starts a log-in that all callers of the cabinet share; no caller's signal can stop it for the others. */
  function share(cabinet: CabinetAccess, session: Session, force: boolean): Promise<Token> {
    const earlier = session.pending?.catch(() => undefined) ?? Promise.resolve();
    delete session.token;
    const pending = earlier
      .then(() => askToken(cabinet, session, force))
      .catch((error: unknown) => {
        throw toFault(error);
      })
      .finally(() => {
        if (session.pending === pending) delete session.pending;
      });
    session.pending = pending;
    return pending;
  }

  return {
    async get(cabinet, signal) {
      const session = sessionOf(cabinet.opaId);
      if (session.pending === undefined && session.token !== undefined && session.token.renewAt > now()) {
        return session.token.value;
      }
      const token = await orStopped(session.pending ?? share(cabinet, session, false), signal);
      return token.value;
    },
    async logIn(cabinet, signal) {
      const token = await orStopped(share(cabinet, sessionOf(cabinet.opaId), true), signal);
      return token.identity;
    },
    drop(opaId, token) {
      const session = sessions.get(opaId);
      if (session?.token?.value === token) delete session.token;
    },
    forget(opaId) {
      // A log-in under way ends in the old session, which nobody sees any more.
      sessions.delete(opaId);
    },
  };
}

async function requestToken(
  { http, mapping, scope, now, log, repeatDelayMs }: TokenOptions,
  cabinet: CabinetAccess,
  password: string,
): Promise<Token> {
  const names = mapping.calls.token.parameters;
  const body = new URLSearchParams({
    [names.grant]: mapping.token.grant,
    [names.identifier]: cabinet.identifier,
    [names.password]: password,
    [names.scope]: scope,
  }).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const repeats = {
    ...(log !== undefined && { log }),
    ...(repeatDelayMs !== undefined && { firstDelayMs: repeatDelayMs }),
  };
  return withShortRepeats(
    'read',
    async () => {
      const askedAt = now();
      const answer = await http.exchange({ call: 'token', headers, body });
      return readTokenAnswer(mapping, cabinet.opaId, answer, askedAt);
    },
    repeats,
  );
}

function orStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(new Fault('STOPPED'));
  }
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(new Fault('STOPPED'));
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}
