import type { FastifyReply, FastifyRequest } from 'fastify';

/** What was done, to be told on the page that is shown after it. */
export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

const COOKIE = 'posrednik_notice';

/** Keeps a notice for the next page. */
export function withNotice(reply: FastifyReply, notice: Notice, isSecure: boolean): void {
  const value = Buffer.from(JSON.stringify(notice)).toString('base64url');
  reply.setCookie(COOKIE, value, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure,
    maxAge: 60,
  });
}

/** The notice kept for this page, shown once. What is not ours is nothing. */
export function takeNotice(request: FastifyRequest, reply: FastifyReply): Notice | undefined {
  const value = request.cookies[COOKIE];
  if (value === undefined) return undefined;
  reply.clearCookie(COOKIE, { path: '/' });
  try {
    const read = JSON.parse(Buffer.from(value, 'base64url').toString()) as Partial<Notice>;
    if (typeof read.text !== 'string') return undefined;
    return { tone: read.tone === 'bad' ? 'bad' : 'good', text: read.text.slice(0, 500) };
  } catch {
    return undefined;
  }
}
