import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { changeUser, setPassword } from '../../../../src/console/users/users.ts';
import type { WebOptions } from '../../../../src/console/web/app.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  PASSWORD,
  startTestConsole,
  type TestConsole,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const LONG = 120_000;

describe('signing in', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  let userId: string;
  const open: TestConsole[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
  }, LONG);
  afterAll(() => database.drop(), LONG);
  beforeEach(async () => {
    userId = await addTestUser(db, 'Ольга', 'admin');
    served = await start();
  }, LONG);
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
    await db.query('TRUNCATE console_user, sign_in_tries, audit RESTART IDENTITY CASCADE');
  });

  async function start(more: Parameters<typeof startTestConsole>[2] = {}): Promise<TestConsole> {
    const routes = accountRoutes({ db } as ConsoleDeps);
    const console = await startTestConsole(db, routes, {
      limits: { requests: 10_000, signIns: 1000 },
      ...more,
    });
    open.push(console);
    return console;
  }
  const limited = (limits: WebOptions['limits']) => start(limits === undefined ? {} : { limits });

  it('lets in by login and password, whatever the case of the login, and leads back', async () => {
    const person = visitor(served.url);
    const away = await person.get('/account?tab=1');
    expect([away.status, away.location]).toEqual([303, '/sign-in?back=%2Faccount%3Ftab%3D1']);
    const page = await person.get(away.location ?? '');
    expect(page.text).toContain('name="back" value="/account?tab=1"');
    const entered = await person.signIn('ольга');
    expect([entered.status, entered.location]).toEqual([303, '/']);
    const account = await person.get('/account');
    expect(account.status).toBe(200);
    expect(account.text).toContain('Ольга');
    expect((await listAudit(db, {})).map(({ who, action }) => [who, action])).toEqual([
      ['Ольга', 'signed-in'],
    ]);
    // One who is in already is not asked again.
    expect((await person.get('/sign-in?back=/account')).location).toBe('/account');
  });

  it('keeps its cookies from scripts and from other sites, and stores no secret of them', async () => {
    const entered = await visitor(served.url).signIn('Ольга');
    const set = entered.headers.getSetCookie();
    expect(set).toHaveLength(2);
    for (const line of set) {
      expect(line).toMatch(/; HttpOnly/);
      expect(line).toMatch(/; SameSite=Strict/);
      expect(line).not.toMatch(/; Secure/);
    }
    const secrets = set.map((line) => /=([^;]*)/.exec(line)?.[1] ?? '');
    const stored = await db.query<{ row: string }>(
      `SELECT s::text || d::text AS row FROM console_session s, console_device d`,
    );
    expect(stored).toHaveLength(1);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(stored[0]?.row).not.toContain(secret);
      expect(stored[0]?.row).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    }
  });

  it('behind TLS gives cookies that only this host may set, and says HSTS', async () => {
    const secure = await start({ isSecure: true });
    const entered = await visitor(secure.url).signIn('Ольга');
    for (const line of entered.headers.getSetCookie()) {
      expect(line).toMatch(/^__Host-posrednik_\w+=[^;]+; .*Path=\/.*; Secure/);
      expect(line).not.toMatch(/Domain/);
    }
    expect(entered.headers.get('strict-transport-security')).toContain('max-age=');
    const plain = await visitor(served.url).get('/sign-in');
    expect(plain.headers.get('strict-transport-security')).toBeNull();
  });

  it.each([
    ['wrong password', 'Ольга', 'не тот пароль вовсе'],
    ['unknown login', 'никто', PASSWORD],
    ['nothing', '', ''],
    ['a very long password', 'Ольга', 'я'.repeat(500)],
  ])('refuses %s in the same words', async (_why, login, password) => {
    const answer = await visitor(served.url).signIn(login, password);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('Имя или пароль неверны.');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('refuses who is disabled, and lets go who was in', async () => {
    await addTestUser(db, 'вторая', 'admin');
    const person = visitor(served.url);
    await person.signIn('Ольга');
    await changeUser(db, userId, { disabled: true });
    expect((await person.get('/account')).status).toBe(303);
    expect((await visitor(served.url).signIn('Ольга')).status).toBe(401);
  });

  it('reads no form that is larger than one of signing in', async () => {
    expect((await visitor(served.url).signIn('Ольга', 'я'.repeat(5000))).status).toBe(413);
  });

  it('takes as long for a login that there is not', async () => {
    const took = async (login: string) => {
      const began = performance.now();
      await visitor(served.url).signIn(login, 'не тот пароль вовсе');
      return performance.now() - began;
    };
    await setPassword(db, userId, PASSWORD);
    await took('Ольга');
    const [known, unknown] = [await took('Ольга'), await took('никто')];
    // Both derive a key, which alone is some 100 ms; without it an answer takes 5.
    expect(unknown).toBeGreaterThan(known / 3);
    expect(known).toBeGreaterThan(unknown / 3);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    'javascript:alert(1)',
    '/a\r\nSet-Cookie: x=1',
    '/ /evil',
  ])('never leads to another site: %j', async (back) => {
    const body = new URLSearchParams({ login: 'Ольга', password: PASSWORD, back });
    const answer = await fetch(`${served.url}/sign-in`, { method: 'POST', body, redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('/');
    const shown = await (await fetch(`${served.url}/sign-in?back=${encodeURIComponent(back)}`)).text();
    expect(shown).toContain('name="back" value="/"');
  });

  it('knows no session that is made up, ended, too old or long unused', async () => {
    const person = visitor(served.url);
    await person.signIn('Ольга');
    const secret = person.cookies.get('posrednik_session') ?? '';
    const look = async () => (await person.get('/account')).status;
    expect(await look()).toBe(200);
    await db.query(`UPDATE console_session SET seen_at = now() - interval '119 minutes'`);
    expect(await look()).toBe(200);
    await db.query(`UPDATE console_session SET seen_at = now() - interval '121 minutes'`);
    expect(await look()).toBe(303);
    await db.query(`UPDATE console_session SET seen_at = now(), expires_at = now() - interval '1 second'`);
    expect(await look()).toBe(303);
    person.cookies.set('posrednik_session', `${secret.slice(1)}A`);
    expect(await look()).toBe(303);
    // The next one who signs in sweeps what has ended.
    await visitor(served.url).signIn('Ольга');
    expect(await db.query('SELECT 1 FROM console_session')).toHaveLength(1);
  });

  it('lives no longer for a page that only reads itself anew', async () => {
    const person = visitor(served.url);
    await person.signIn('Ольга');
    const seen = async () =>
      (await db.query<{ at: string }>(`SELECT seen_at::text AS at FROM console_session`))[0]?.at;
    await db.query(`UPDATE console_session SET seen_at = now() - interval '1 hour'`);
    const before = await seen();
    expect((await person.get('/account', { 'x-refresh': '1' })).status).toBe(200);
    expect(await seen()).toBe(before);
    expect((await person.get('/account')).status).toBe(200);
    expect(await seen()).not.toBe(before);
  });

  it('gives another session at each sign-in, and leaves none behind', async () => {
    const person = visitor(served.url);
    await person.signIn('Ольга');
    const first = person.cookies.get('posrednik_session');
    await person.signIn('Ольга');
    expect(person.cookies.get('posrednik_session')).not.toBe(first);
    expect(await db.query('SELECT 1 FROM console_session')).toHaveLength(1);
  });

  it('signs out by the form with its token only', async () => {
    const person = visitor(served.url);
    await person.signIn('Ольга');
    expect((await person.post('/sign-out', { csrf: 'чужой' })).status).toBe(403);
    expect((await person.get('/account')).status).toBe(200);
    const out = await person.post('/sign-out');
    expect([out.status, out.location]).toEqual([303, '/sign-in']);
    expect(person.cookies.has('posrednik_session')).toBe(false);
    expect(await db.query('SELECT 1 FROM console_session')).toEqual([]);
  });

  it('a form of another site signs nobody in', async () => {
    const body = () => new URLSearchParams({ login: 'Ольга', password: PASSWORD });
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${served.url}/sign-in`, { method: 'POST', body: body(), headers, redirect: 'manual' }))
        .status;
    expect(await ask({ origin: 'https://evil.example' })).toBe(403);
    expect(await ask({ origin: 'null' })).toBe(403);
    expect(await ask({ origin: 'not a url' })).toBe(403);
    expect(await ask({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await ask({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await ask({ origin: served.url })).toBe(303);
    expect(await ask({ 'sec-fetch-site': 'same-origin', origin: 'https://public.example' })).toBe(303);
  });

  it('takes the public address for its own', async () => {
    const behind = await start({ publicUrl: 'https://pos.example:8443/' });
    const ask = async (origin: string) => {
      const body = new URLSearchParams({ login: 'Ольга', password: PASSWORD });
      const sent = { method: 'POST', body, headers: { origin }, redirect: 'manual' } as const;
      return (await fetch(`${behind.url}/sign-in`, sent)).status;
    };
    expect(await ask('https://pos.example:8443')).toBe(303);
    expect(await ask('https://pos.example')).toBe(403);
  });

  it('limits tries from one address, and only those', async () => {
    const few = await limited({ requests: 10_000, signIns: 3 });
    const person = visitor(few.url);
    for (const login of ['a1', 'a2', 'a3']) expect((await person.signIn(login, 'нет')).status).toBe(401);
    const fourth = await person.signIn('Ольга');
    expect(fourth.status).toBe(429);
    expect(fourth.text).toContain('Слишком много запросов');
    expect(fourth.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await person.get('/sign-in')).status).toBe(200);
  });

  it('counts by the address that a trusted proxy names, not by what anybody writes', async () => {
    const ask = async (url: string, address: string) =>
      (await visitor(url, { 'x-forwarded-for': address }).signIn('никто', 'нет')).status;
    const bare = await limited({ requests: 10_000, signIns: 1 });
    expect([await ask(bare.url, '10.0.0.1'), await ask(bare.url, '10.0.0.2')]).toEqual([401, 429]);
    const behind = await start({ limits: { requests: 10_000, signIns: 1 }, trustProxy: ['127.0.0.1'] });
    const statuses = [
      await ask(behind.url, '10.0.0.1'),
      await ask(behind.url, '10.0.0.2'),
      await ask(behind.url, '10.0.0.2'),
    ];
    expect(statuses).toEqual([401, 401, 429]);
  });

  it('says how to make the first administrator while there is nobody', async () => {
    const person = visitor(served.url);
    expect((await person.get('/sign-in')).text).not.toContain('posrednik user add');
    await db.query('TRUNCATE console_user CASCADE');
    const page = await person.get('/sign-in');
    expect(page.text).toContain('posrednik user add ИМЯ --role admin');
    expect((await person.get('/sign-in?lang=en')).text).toContain('There are no users yet');
  });

  it('puts what was typed on the page as text', async () => {
    const answer = await visitor(served.url).signIn('"><script>alert(1)</script>', 'нет');
    expect(answer.text).not.toContain('<script>alert');
    expect(answer.text).toContain('&quot;&gt;&lt;script&gt;');
  });
});
