import { createHmac, randomBytes } from 'node:crypto';
import { Fault, toFault } from '../../model/errors.ts';
import type { ArchiveAccess } from '../port.ts';
import type { DeloHttp } from './http.ts';
import { logIn, logOff } from './login.ts';
import type { DeloMapping } from './mapping-schema.ts';

/** How long a refused password is not tried again: four wrong tries a day lock no account. */
const REFUSED_MEMORY_MS = 6 * 3_600_000;

/** One session of one archive, shared by all callers. Methods throw Fault and nothing else. */
export interface Session {
  /** Cookies of an open session; logs in when there is none, once for all who wait. */
  get(signal?: AbortSignal): Promise<string>;
  /** Logs in afresh, whatever is held or was refused before. */
  renew(signal?: AbortSignal): Promise<string>;
  /** The archive no longer takes these cookies, unless newer ones have taken their place. */
  drop(cookie: string): void;
  /** Logs off; what goes wrong is left: the session ends by itself. */
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly http: DeloHttp;
  readonly mapping: DeloMapping;
  readonly access: ArchiveAccess;
  /** Milliseconds of a clock that never jumps back. */
  readonly now: () => number;
}

export function createSession({ http, mapping, access, now }: SessionOptions): Session {
  // A mark lets us recognise refused credentials without keeping a password.
  const markKey = randomBytes(32);
  let cookie: string | undefined;
  let pending: Promise<string> | undefined;
  let refused: { readonly mark: string; readonly until: number; readonly fault: Fault } | undefined;

  async function open(force: boolean): Promise<string> {
    const password = await access.readPassword();
    const mark = createHmac('sha256', markKey).update(password).digest('hex');
    if (!force && refused?.mark === mark && refused.until > now()) throw refused.fault;
    refused = undefined;
    try {
      return await logIn(http, mapping, { user: access.user, password });
    } catch (error) {
      const fault = toFault(error);
      if (fault.code === 'SED_ARCHIVE_CREDENTIALS_WRONG') {
        refused = { mark, until: now() + REFUSED_MEMORY_MS, fault };
      }
      throw fault;
    }
  }

  /** A log-in that all callers share; no caller's signal stops it for the others. */
  function share(force: boolean): Promise<string> {
    const earlier = pending?.catch(() => undefined) ?? Promise.resolve();
    const started = earlier
      .then(() => open(force))
      .then((opened) => {
        cookie = opened;
        return opened;
      })
      .finally(() => {
        if (pending === started) pending = undefined;
      });
    pending = started;
    return started;
  }

  return {
    get: async (signal) => cookie ?? (await orStopped(pending ?? share(false), signal)),
    renew: (signal) => {
      cookie = undefined;
      return orStopped(share(true), signal);
    },
    drop: (lost) => {
      if (cookie === lost) cookie = undefined;
    },
    close: async () => {
      const open = cookie;
      cookie = undefined;
      if (open !== undefined) await logOff(http, mapping, open).catch(() => undefined);
    },
  };
}

async function orStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new Fault('STOPPED'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}
