import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Queryable } from '../../store/data-source.ts';
import { writeAudit } from '../users/audit.ts';
import { endSession, openSession } from '../users/sessions.ts';
import { hasUsers, trySignIn } from '../users/users.ts';
import { rateKey } from './addresses.ts';
import { sendPage, sendRefusal } from './answers.ts';
import { deviceOf, dropSession, keepDevice, keepSession, sessionOf } from './cookies.ts';
import { readForm } from './form.ts';
import { takeNotice } from './notice.ts';
import { safePath } from './path.ts';
import { isSame } from './same.ts';
import { signInPage } from './sign-in-page.ts';
import type { Language } from './viewer.ts';
import type { Who } from './who.ts';

export { safePath } from './path.ts';
export type { HeaderSignIn } from './who.ts';

interface SignInOptions {
  readonly db: Queryable;
  readonly isSecure: boolean;
  readonly who: Who;
  /** Tries a minute from one address. */
  readonly tries: number;
  /** Told after a session has ended here. */
  signedOut(): Promise<void>;
}

/** Addresses of signing in and out. */
export function addSignIn(app: FastifyInstance, options: SignInOptions): void {
  const { db, isSecure, who } = options;
  app.get('/sign-in', async (request, reply) => {
    const query = new URL(request.url, 'http://console').searchParams;
    const back = safePath(query.get('back') ?? '/');
    if ((await who(request, reply)) !== undefined) return reply.redirect(back, 303);
    const lang: Language = query.get('lang') === 'en' ? 'en' : 'ru';
    const notice = takeNotice(request, reply);
    const page = { back, lang, isFirst: !(await hasUsers(db)), ...(notice === undefined ? {} : { notice }) };
    return sendPage(reply, 200, signInPage(page));
  });
  const limit = {
    max: options.tries,
    timeWindow: '1 minute',
    keyGenerator: (request: FastifyRequest) => `sign-in ${rateKey(request.ip)}`,
  };
  app.post('/sign-in', { bodyLimit: 16 * 1024, config: { rateLimit: limit } }, (request, reply) =>
    signIn(request, reply, options),
  );
  app.post('/sign-out', { bodyLimit: 16 * 1024 }, async (request, reply) => {
    const secret = sessionOf(request, isSecure);
    const viewer = await who(request, reply);
    if (viewer !== undefined && !isSame(readForm(request.body).text('csrf'), viewer.csrf)) {
      return sendRefusal(reply, 'stale', { viewer });
    }
    if (secret !== undefined) await endSession(db, secret);
    if (viewer !== undefined) await writeAudit(db, { who: viewer.login, action: 'signed-out' });
    await options.signedOut();
    dropSession(reply, isSecure);
    return reply.redirect('/sign-in', 303);
  });
}

async function signIn(request: FastifyRequest, reply: FastifyReply, { db, isSecure }: SignInOptions) {
  const given = readForm(request.body);
  const login = given.text('login').slice(0, 64);
  const lang: Language = given.text('lang') === 'en' ? 'en' : 'ru';
  const back = safePath(given.text('back'));
  const outcome = await trySignIn(db, login, given.all('password')[0] ?? '', deviceOf(request, isSecure));
  if (outcome.ok) {
    // One who signs in again leaves no second session behind.
    const earlier = sessionOf(request, isSecure);
    if (earlier !== undefined) await endSession(db, earlier);
    keepSession(reply, await openSession(db, outcome.id), isSecure);
    keepDevice(reply, outcome.device, isSecure);
    const { id, login: who } = outcome;
    await writeAudit(db, { who, action: 'signed-in', object: `user:${id}`, data: { address: request.ip } });
    return reply.redirect(back, 303);
  }
  // What is refused while locked is not written: the guesser would fill the table.
  if (outcome.reason === 'wrong') {
    const object = outcome.id === undefined ? {} : { object: `user:${outcome.id}` };
    const entry = { who: 'гость', action: 'sign-in-refused', ...object, data: { address: request.ip } };
    await writeAudit(db, entry);
  }
  const waitMs = outcome.reason === 'locked' ? Math.max(1, outcome.until.getTime() - Date.now()) : undefined;
  const problem = waitMs === undefined ? {} : { waitMs };
  return sendPage(
    reply,
    waitMs === undefined ? 401 : 429,
    signInPage({
      back,
      lang,
      login,
      isWrong: waitMs === undefined,
      ...problem,
      isFirst: !(await hasUsers(db)),
    }),
  );
}
