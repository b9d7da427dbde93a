import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { endSessionsOf } from '../../../../src/console/users/sessions.ts';
import { addUser, changeUser } from '../../../../src/console/users/users.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import { addTestUser, startTestConsole, type TestConsole, visitor } from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const LONG = 120_000;

describe('sign-in by the header of a trusted proxy', () => {
  let database: TestDatabase;
  let db: Queryable;
  let olga: string;
  const open: TestConsole[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
  }, LONG);
  afterAll(() => database.drop(), LONG);
  beforeEach(async () => {
    olga = await addUser(db, { login: 'Ольга', name: 'Ольга П.', role: 'admin' });
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
    await db.query('TRUNCATE console_user, audit RESTART IDENTITY CASCADE');
  });

  async function start(from: readonly string[] | undefined, trustProxy: readonly string[] = []) {
    const headerSignIn = from === undefined ? {} : { headerSignIn: { header: 'x-remote-user', from } };
    const console = await startTestConsole(db, accountRoutes({ db } as ConsoleDeps), {
      ...headerSignIn,
      trustProxy,
    });
    open.push(console);
    return console.url;
  }
  const named = (login: string) => ({
    'x-remote-user': encodeURI(login) === login ? login : Buffer.from(login, 'utf8').toString('latin1'),
  });

  it('is off by default, and the header means nothing', async () => {
    await addUser(db, { login: 'olga', name: '', role: 'admin' });
    const url = await start(undefined);
    expect((await visitor(url, named('olga')).get('/account')).status).toBe(303);
  });

  it.each([
    ['an address', ['127.0.0.1']],
    ['a network', ['10.0.0.0/8', '127.0.0.0/24']],
  ])('lets in whom it names from %s, and writes it once', async (_what, from) => {
    await addUser(db, { login: 'olga', name: '', role: 'operator' });
    const person = visitor(await start(from), named('OLGA'));
    expect((await person.get('/account')).status).toBe(200);
    expect((await person.get('/account')).text).toContain('Вас впускает прокси');
    expect((await listAudit(db, {})).map(({ who, action, data }) => [who, action, data])).toEqual([
      ['olga', 'signed-in', { by: 'header' }],
    ]);
  });

  it('means nothing from elsewhere, whatever X-Forwarded-For says', async () => {
    await addUser(db, { login: 'olga', name: '', role: 'admin' });
    for (const trustProxy of [[], ['127.0.0.1']]) {
      const url = await start(['10.1.2.3'], trustProxy);
      const sly = visitor(url, { ...named('olga'), 'x-forwarded-for': '10.1.2.3' });
      expect((await sly.get('/account')).status).toBe(303);
    }
    expect(await db.query('SELECT 1 FROM console_session')).toEqual([]);
  });

  it('lets in nobody who is unknown here or disabled', async () => {
    const id = await addUser(db, { login: 'petr', name: '', role: 'viewer' });
    const url = await start(['127.0.0.1']);
    expect((await visitor(url, named('nobody')).get('/account')).status).toBe(303);
    expect((await visitor(url, { 'x-remote-user': ' ' }).get('/account')).status).toBe(303);
    await changeUser(db, id, { disabled: true });
    expect((await visitor(url, named('petr')).get('/account')).status).toBe(303);
  });

  it('its session is worth nothing without the header, nor with another name in it', async () => {
    await addUser(db, { login: 'petr', name: 'Пётр', role: 'viewer' });
    await db.query(`UPDATE console_user SET login = 'olga' WHERE id = $1`, [olga]);
    const url = await start(['127.0.0.1']);
    const person = visitor(url);
    expect((await person.get('/account', named('olga'))).text).toContain('Ольга П.');
    expect((await person.get('/account')).status).toBe(303);
    const other = await person.get('/account', named('petr'));
    expect(other.text).toContain('Пётр');
    expect(other.text).not.toContain('Ольга П.');
  });

  it('its forms have a token like others, and the sessions end like others', async () => {
    await db.query(`UPDATE console_user SET login = 'olga' WHERE id = $1`, [olga]);
    const person = visitor(await start(['127.0.0.1']), named('olga'));
    const fields = { lang: 'en', zone: 'Asia/Yakutsk' };
    expect((await person.post('/account/settings', { ...fields, csrf: '' })).status).toBe(403);
    expect((await person.post('/account/settings', fields)).status).toBe(303);
    expect((await person.get('/account')).text).toContain('Times: Asia/Yakutsk');
    const before = person.cookies.get('posrednik_session');
    expect(await endSessionsOf(db, olga)).toBe(1);
    expect((await person.get('/account')).status).toBe(200);
    expect(person.cookies.get('posrednik_session')).not.toBe(before);
  });

  it('one whom the proxy names but we do not know may sign in by password', async () => {
    await addTestUser(db, 'админ', 'admin');
    const person = visitor(await start(['127.0.0.1']), named('stranger'));
    expect((await person.signIn('админ')).status).toBe(303);
    expect((await person.get('/account')).text).toContain('админ');
  });
});
