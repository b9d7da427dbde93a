import { scryptSync } from 'node:crypto';
import { startConsole } from '../../src/console/server.ts';
import { openSession } from '../../src/console/users/sessions.ts';
import { addUser } from '../../src/console/users/users.ts';
import type { WebOptions } from '../../src/console/web/app.ts';
import type { PageRoute } from '../../src/console/web/page.ts';
import type { Role } from '../../src/console/web/viewer.ts';
import { createLog } from '../../src/log.ts';
import type { Queryable } from '../../src/store/data-source.ts';

const log = createLog('silent');

export const PASSWORD = 'верная-лошадь-скрепка';

export interface TestConsole {
  readonly url: string;
  close(): Promise<void>;
}

/** The console's server with these pages, on a free port; metrics are empty. */
export async function startTestConsole(
  db: Queryable,
  routes: readonly PageRoute[],
  more: Partial<WebOptions> & { readonly trustProxy?: readonly string[] } = {},
): Promise<TestConsole> {
  const { trustProxy = [], ...web } = more;
  return await startConsole({
    host: '127.0.0.1',
    port: 0,
    db,
    log,
    trustProxy,
    metrics: { contentType: 'text/plain', render: async () => '' },
    phase: () => 'working',
    web: { db, log, isSecure: false, routes, maxUpload: 1024 * 1024, ...web },
  });
}

/** As the program stores it, but cheap: a real one takes a third of a second at each try. */
const HASHED = `scrypt$1024$8$1$${Buffer.from('salt').toString('base64url')}$${scryptSync(PASSWORD, 'salt', 32, { N: 1024 }).toString('base64url')}`;

/** A user with the password of all tests; gives the id. */
export async function addTestUser(db: Queryable, login: string, role: Role): Promise<string> {
  const id = await addUser(db, { login, name: login, role });
  await db.query('UPDATE console_user SET password = $2 WHERE id = $1', [id, HASHED]);
  return id;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where a redirect leads. */
  readonly location: string | null;
}

/** What a person does with a browser whose scripts are off: cookies are kept, redirects are shown, not followed. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Sends a form with the token of the pages. */
  post(path: string, fields?: Fields, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  signIn(login: string, password?: string): Promise<Answer>;
  /** The same without a password, and without the time that one takes. */
  enter(db: Queryable, userId: string): Promise<void>;
  /** Token of this visitor's forms. */
  csrf(): Promise<string>;
}

type Fields = Readonly<Record<string, string>>;

/** A visitor who has never been here. */
export function visitor(url: string, always: Readonly<Record<string, string>> = {}): Visitor {
  const cookies = new Map<string, string>();

  async function send(path: string, init: RequestInit): Promise<Answer> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...always, ...(cookie === '' ? {} : { cookie }), ...init.headers };
    const response = await fetch(`${url}${path}`, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const { status } = response;
    const location = response.headers.get('location');
    return { status, headers: response.headers, text: await response.text(), location };
  }

  const get: Visitor['get'] = (path, headers = {}) => send(path, { headers });
  async function csrf(): Promise<string> {
    const page = await get('/account');
    return /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  }
  return {
    cookies,
    get,
    csrf,
    async post(path, fields = {}, headers = {}) {
      const body = new URLSearchParams({ csrf: await csrf(), ...fields });
      return await send(path, { method: 'POST', body, headers });
    },
    async enter(db, userId) {
      cookies.set('posrednik_session', await openSession(db, userId));
    },
    signIn: (login, password = PASSWORD) =>
      send('/sign-in', { method: 'POST', body: new URLSearchParams({ login, password, back: '/' }) }),
  };
}
