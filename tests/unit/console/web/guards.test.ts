import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { html } from '../../../../src/console/web/html.ts';
import type { PageRequest, PageRoute } from '../../../../src/console/web/page.ts';
import { ROLES } from '../../../../src/console/web/viewer.ts';
import { Fault } from '../../../../src/model/errors.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  startTestConsole,
  type TestConsole,
  type Visitor,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const LONG = 120_000;

describe('what stands before every page', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  const calls: PageRequest[] = [];
  const people: Partial<Record<(typeof ROLES)[number], Visitor>> = {};

  const page = (role: (typeof ROLES)[number], path: string, more: Partial<PageRoute> = {}): PageRoute => ({
    method: 'GET',
    path,
    role,
    section: 'overview',
    async handle(request) {
      calls.push(request);
      const token = html`<input name="csrf" value="${request.viewer.csrf}">`;
      return { title: `Страница <${role}>`, body: html`<p>содержание</p>${token}` };
    },
    ...more,
  });
  const form = (role: (typeof ROLES)[number], path: string, more: Partial<PageRoute> = {}): PageRoute =>
    page(role, path, { method: 'POST', ...more });
  const thrower = (path: string, error: () => unknown): PageRoute =>
    page('viewer', path, {
      async handle() {
        throw error();
      },
    });

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
    const routes: PageRoute[] = [
      // The token of the pages, where `visitor` looks for it.
      page('viewer', '/account'),
      ...ROLES.flatMap((role) => [page(role, `/see/${role}`), form(role, `/do/${role}`)]),
      page('viewer', '/see/:id/part'),
      form('viewer', '/go', {
        async handle({ form }) {
          return { goTo: form.text('to'), notice: { tone: 'good', text: 'Сделано <b>' } };
        },
      }),
      form('operator', '/files', { takesFiles: true }),
      page('viewer', '/download', {
        async handle() {
          return { download: { name: `отчёт "'(1).csv`, type: 'text/csv', content: 'a;b' } };
        },
      }),
      page('viewer', '/whole', {
        async handle() {
          return { whole: '<!doctype html><title>карта</title>' };
        },
      }),
      thrower('/defect', () => new Error('тайна базы: password=1')),
      thrower('/fault', () => new Fault('PLATFORM_REJECTED', { detail: 'поле <kind>' })),
      thrower('/away', () => new Fault('PLATFORM_UNREACHABLE')),
      thrower('/invalid', () => new Fault('COMMAND_INVALID', { detail: 'нет такого дня' })),
    ];
    served = await startTestConsole(db, routes, {
      limits: { requests: 10_000, signIns: 10 },
      maxUpload: 1000,
    });
    for (const role of ROLES) {
      const person = visitor(served.url);
      await person.enter(db, await addTestUser(db, role, role));
      people[role] = person;
    }
  }, LONG);
  afterAll(async () => {
    await served.close();
    await database.drop();
  }, LONG);
  beforeEach(() => {
    calls.length = 0;
  });
  const as = (role: (typeof ROLES)[number]): Visitor => people[role] ?? visitor(served.url);

  describe.each(ROLES)('for %s', (role) => {
    it.each(ROLES)('a page and a form for %s', async (needed) => {
      const allowed = ROLES.indexOf(role) >= ROLES.indexOf(needed);
      const seen = await as(role).get(`/see/${needed}`);
      const done = await as(role).post(`/do/${needed}`);
      expect([seen.status, done.status]).toEqual(allowed ? [200, 200] : [403, 403]);
      expect(seen.text.includes('На это у вашей роли нет права.')).toBe(!allowed);
      expect(calls.filter(({ url }) => url !== '/account')).toHaveLength(allowed ? 2 : 0);
    });
  });

  it('a stranger is led to the sign-in, and no form of his is read', async () => {
    const stranger = visitor(served.url);
    expect((await stranger.get('/see/12/part?x=1&y=д')).location).toBe(
      `/sign-in?back=${encodeURIComponent('/see/12/part?x=1&y=%D0%B4')}`,
    );
    expect((await stranger.post('/do/viewer')).location).toBe('/sign-in');
    expect(calls).toEqual([]);
  });

  it.each([
    ['none', {}],
    ['an empty one', { csrf: '' }],
    ['another’s', { csrf: 'x'.repeat(32) }],
  ])('a form with %s as its token does nothing', async (_what, fields) => {
    const token = await as('admin').csrf();
    expect(token).toMatch(/^[\w-]{32}$/);
    const body = new URLSearchParams(fields);
    const cookie = [...as('admin').cookies].map(([name, value]) => `${name}=${value}`).join(';');
    calls.length = 0;
    const answer = await fetch(`${served.url}/do/viewer`, { method: 'POST', body, headers: { cookie } });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('Форма устарела');
    expect(calls).toEqual([]);
  });

  it('a token of one is none of another, nor one in the address', async () => {
    const token = await as('viewer').csrf();
    expect((await as('admin').post('/do/viewer', { csrf: token })).status).toBe(403);
    const own = await as('admin').csrf();
    expect((await as('admin').post(`/do/viewer?csrf=${own}`, { csrf: '' })).status).toBe(403);
  });

  it('a form of another site does nothing even with the right token', async () => {
    const origin = { origin: 'https://evil.example' };
    expect((await as('admin').post('/do/viewer', {}, origin)).status).toBe(403);
    expect((await as('admin').post('/do/viewer', {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await as('admin').post('/do/viewer', {}, { origin: served.url })).status).toBe(200);
  });

  it('gives the page what the address and the form say', async () => {
    await as('viewer').get('/see/a%2Fb/part?q=%D1%8F&q=2');
    expect(calls[0]?.params).toEqual({ id: 'a/b' });
    expect(calls[0]?.query.getAll('q')).toEqual(['я', '2']);
    await as('viewer').post('/do/viewer', { __proto__: 'x', name: '  Пётр ' });
    const sent = calls.at(-1)?.form;
    expect([sent?.text('name'), sent?.all('name'), sent?.text('toString'), sent?.file('name')]).toEqual([
      'Пётр',
      ['  Пётр '],
      '',
      undefined,
    ]);
  });

  it('tells once what was done, as text, and leads nowhere else', async () => {
    const person = visitor(served.url);
    await person.enter(db, await addTestUser(db, 'notice', 'viewer'));
    const done = await person.post('/go', { to: '/see/viewer?день=1' });
    expect([done.status, done.location]).toEqual([303, `/see/viewer?${encodeURIComponent('день')}=1`]);
    expect((await person.get('/see/viewer', { 'x-refresh': '1' })).text).not.toContain('Сделано');
    expect((await person.get('/see/viewer')).text).toContain('role="status">Сделано &lt;b&gt;');
    expect((await person.get('/see/viewer')).text).not.toContain('Сделано');
    for (const to of ['//evil.example', 'https://evil.example', '/\\evil.example', 'see']) {
      expect((await person.post('/go', { to })).location).toBe('/');
    }
    person.cookies.set('posrednik_notice', Buffer.from('{"text":7}').toString('base64url'));
    expect((await person.get('/see/viewer')).status).toBe(200);
    person.cookies.set('posrednik_notice', 'не base64');
    expect((await person.get('/see/viewer').catch(() => ({ status: 200 }))).status).toBe(200);
  });

  it('takes files where they are asked for, not larger than allowed', async () => {
    const send = async (path: string, size: number, files = 1) => {
      const body = new FormData();
      body.set('csrf', await as('operator').csrf());
      body.set('name', 'имя');
      for (let at = 0; at < files; at += 1) body.append(`file${at}`, new Blob(['x'.repeat(size)]), 'акт.pdf');
      body.append('none', new Blob([]), '');
      const cookie = [...as('operator').cookies].map(([name, value]) => `${name}=${value}`).join(';');
      calls.length = 0;
      return await fetch(`${served.url}${path}`, { method: 'POST', body, headers: { cookie } });
    };
    expect((await send('/files', 900)).status).toBe(200);
    const taken = calls[0]?.form;
    expect(taken?.text('name')).toBe('имя');
    expect(taken?.file('file0')).toEqual({ name: 'акт.pdf', content: Buffer.from('x'.repeat(900)) });
    expect(taken?.file('none')).toBeUndefined();
    const large = await send('/files', 1100);
    expect([large.status, (await large.text()).includes('Слишком большой запрос')]).toEqual([413, true]);
    expect((await send('/files', 10, 9)).status).toBe(413);
    expect((await send('/do/operator', 10)).status).toBe(403);
    expect(calls).toEqual([]);
  });

  it.each([
    ['more than is allowed', 'application/x-www-form-urlencoded', `a=${'x'.repeat(300 * 1024)}`, 413],
    ['what is no form', 'application/x-thing', 'x', 415],
    ['broken JSON', 'application/json', '{"csrf":', 400],
  ])('refuses a body that is %s', async (_what, type, body, status) => {
    const cookie = [...as('admin').cookies].map(([name, value]) => `${name}=${value}`).join(';');
    const headers = { 'content-type': type, cookie };
    const answer = await fetch(`${served.url}/do/viewer`, { method: 'POST', body, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(calls).toEqual([]);
  });

  it.each([
    ['/defect', 500, 'Ошибка в самой программе'],
    ['/fault', 422, 'поле &lt;kind&gt;'],
    ['/away', 503, 'Платформа недоступна'],
    ['/invalid', 422, 'нет такого дня'],
    ['/none', 404, 'Такой страницы нет'],
    ['/%00', 404, 'Такой страницы нет'],
  ])('%s fails in the frame: %i', async (path, status, words) => {
    const answer = await as('viewer').get(path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
    expect(answer.text).toContain('<nav aria-label="Разделы">');
    expect(answer.text).not.toContain('тайна');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('says nothing of our inside for an address that cannot be read', async () => {
    const answer = await visitor(served.url).get('/%zz');
    expect([answer.status, answer.text]).toEqual([400, '{"ok":false}']);
  });

  it('to a stranger it shows no sections, and speaks English to who wants it', async () => {
    expect((await visitor(served.url).get('/none')).text).not.toContain('<nav');
    const person = visitor(served.url);
    const id = await addTestUser(db, 'english', 'viewer');
    await db.query(`UPDATE console_user SET lang = 'en' WHERE id = $1`, [id]);
    await person.enter(db, id);
    const page = await person.get('/none');
    expect(page.text).toContain('There is no such page');
    expect(page.text).toContain('<html lang="en">');
  });

  it('shows each role only the sections that it may open', async () => {
    const links = async (role: (typeof ROLES)[number]) =>
      [...(await as(role).get('/see/viewer')).text.matchAll(/data-live="(\w+)"/g)].map(([, id]) => id);
    expect(await links('viewer')).not.toContain('users');
    expect(await links('operator')).not.toContain('audit');
    expect(await links('admin')).toEqual(expect.arrayContaining(['users', 'audit', 'overview']));
  });

  it('lets a page load nothing from elsewhere and run nothing of its own', async () => {
    for (const answer of [await as('admin').get('/see/admin'), await visitor(served.url).get('/sign-in')]) {
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).toMatch(/form-action 'self'/);
      expect(answer.text).not.toMatch(/<style|<script(?! src="\/assets\/)| style=| on[a-z]+="/);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      expect(answer.headers.get('x-powered-by')).toBeNull();
    }
  });

  it('serves its own assets and no other files', async () => {
    const person = visitor(served.url);
    for (const [name, type] of [
      ['console.css', 'text/css'],
      ['console.js', 'javascript'],
      ['icon.svg', 'image/svg'],
    ]) {
      const asset = await person.get(`/assets/${name}`);
      expect([asset.status, asset.headers.get('content-type')]).toEqual([
        200,
        expect.stringContaining(type ?? ''),
      ]);
      expect(asset.headers.get('cache-control')).toContain('max-age=');
    }
    for (const path of [
      '/assets/',
      '/assets/../app.ts',
      '/assets/%2e%2e/web/app.ts',
      '/assets/..%2fweb%2fapp.ts',
    ]) {
      expect((await person.get(path)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('gives a file under its name, as what it is', async () => {
    const file = await as('viewer').get('/download');
    expect([file.status, file.text]).toEqual([200, 'a;b']);
    const disposition = file.headers.get('content-disposition') ?? '';
    expect(disposition).toBe(`attachment; filename*=UTF-8''${encodeURIComponent('отчёт "')}%27%281%29.csv`);
    expect((await as('viewer').get('/whole')).text).toBe('<!doctype html><title>карта</title>');
  });

  it.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])(
    'answers %s without doing anything',
    async (method) => {
      const cookie = [...as('admin').cookies].map(([name, value]) => `${name}=${value}`).join(';');
      // fetch refuses to send TRACE.
      if (method === 'TRACE') return;
      const answer = await fetch(`${served.url}/do/viewer`, { method, headers: { cookie } });
      expect(answer.status).toBe(404);
      expect(calls).toEqual([]);
      const head = await fetch(`${served.url}/see/viewer`, { method: 'HEAD', headers: { cookie } });
      expect([head.status, await head.text()]).toEqual([200, '']);
    },
  );

  it('limits all requests of one address', async () => {
    const few = await startTestConsole(db, [page('viewer', '/account')], {
      limits: { requests: 3, signIns: 3 },
    });
    const statuses: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await visitor(few.url).get('/account')).status);
    await few.close();
    expect(statuses).toEqual([303, 303, 303, 429, 429]);
  });

  it('leaves the probes open to all', async () => {
    const health = await fetch(`${served.url}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
    expect(health.headers.get('content-security-policy')).toBeNull();
    expect((await fetch(`${served.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${served.url}/metrics`)).status).toBe(200);
  });

  it('says that the database is away, in the frame', async () => {
    const cut: Queryable = {
      query: async () => {
        throw new Fault('DATABASE_UNREACHABLE', { detail: 'нет связи' });
      },
    };
    const alone = await startTestConsole(cut, [page('viewer', '/account')]);
    const person = visitor(alone.url);
    person.cookies.set('posrednik_session', 'x');
    const answer = await person.get('/account');
    await alone.close();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('База данных недоступна');
  });
});
