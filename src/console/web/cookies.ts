import type { FastifyReply, FastifyRequest } from 'fastify';

const SHARED = { path: '/', httpOnly: true, sameSite: 'strict' } as const;
const DEVICE_S = 180 * 24 * 3600;

/** Names that say `__Host-` are taken by browsers only from this very host and by TLS: no neighbour can set them. */
function nameOf(cookie: 'session' | 'device', isSecure: boolean): string {
  return `${isSecure ? '__Host-' : ''}posrednik_${cookie}`;
}

/** The secret of the session that came with a request. */
export function sessionOf(request: FastifyRequest, isSecure: boolean): string | undefined {
  return request.cookies[nameOf('session', isSecure)];
}

/** The secret of a browser in which somebody has signed in before. */
export function deviceOf(request: FastifyRequest, isSecure: boolean): string | undefined {
  return request.cookies[nameOf('device', isSecure)];
}

/** Lasts until the browser is closed; the session itself ends sooner or later in the database. */
export function keepSession(reply: FastifyReply, secret: string, isSecure: boolean): void {
  reply.setCookie(nameOf('session', isSecure), secret, { ...SHARED, secure: isSecure });
}

/** The browser is told to forget its session. */
export function dropSession(reply: FastifyReply, isSecure: boolean): void {
  reply.clearCookie(nameOf('session', isSecure), { ...SHARED, secure: isSecure });
}

/** Stays after signing out: by it the browser is known again. */
export function keepDevice(reply: FastifyReply, secret: string, isSecure: boolean): void {
  reply.setCookie(nameOf('device', isSecure), secret, { ...SHARED, secure: isSecure, maxAge: DEVICE_S });
}
