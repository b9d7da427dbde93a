import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Queryable } from '../../store/data-source.ts';
import { writeAudit } from '../users/audit.ts';
import { findViewer, openSession } from '../users/sessions.ts';
import { addressList } from './addresses.ts';
import { keepSession, sessionOf } from './cookies.ts';
import type { Viewer } from './viewer.ts';

/** A reverse proxy that has signed the person in already. */
export interface HeaderSignIn {
  /** Name of the header with the login, lower case. */
  readonly header: string;
  /** Addresses and networks from which it is believed. */
  readonly from: readonly string[];
}

export interface WhoOptions {
  readonly db: Queryable;
  readonly isSecure: boolean;
  readonly headerSignIn?: HeaderSignIn;
}

/** Who asks: undefined when nobody has signed in. */
export type Who = (
  request: FastifyRequest,
  reply: FastifyReply,
  look?: { readonly touches?: boolean },
) => Promise<Viewer | undefined>;

/**
 * Makes the function that tells who asks: by his session, or by the trusted proxy's header, which opens a session of its
 * own kind, so that forms have their token and «sign out everywhere» means him too.
 */
export function createWho({ db, isSecure, headerSignIn }: WhoOptions): Who {
  const isTrusted = addressList(headerSignIn?.from ?? []);

  function namedLogin(request: FastifyRequest): string | undefined {
    // The address of the connection itself: what X-Forwarded-For says, anybody can write.
    if (headerSignIn === undefined || !isTrusted(request.socket.remoteAddress)) return undefined;
    const login = request.headers[headerSignIn.header];
    return typeof login === 'string' && login.trim() !== '' ? login.trim() : undefined;
  }

  return async (request, reply, { touches = true } = {}) => {
    const secret = sessionOf(request, isSecure);
    const header = namedLogin(request);
    const viewer =
      secret === undefined
        ? undefined
        : await findViewer(db, secret, { touches, ...(header === undefined ? {} : { header }) });
    if (header === undefined) return viewer;
    const [user] = await db.query<{ id: string; login: string }>(
      'SELECT id::text AS id, login FROM console_user WHERE lower(login) = lower($1) AND disabled_at IS NULL',
      [header],
    );
    // The proxy names somebody unknown here: whoever has signed in by password stays himself.
    if (user === undefined || viewer?.id === user.id) return viewer;
    const opened = await openSession(db, user.id, true);
    keepSession(reply, opened, isSecure);
    await writeAudit(db, { who: user.login, action: 'signed-in', data: { by: 'header' } });
    return await findViewer(db, opened, { header });
  };
}
