import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { usersRoutes } from '../../../../src/console/pages/users/index.ts';
import { type AuditRow, listAudit } from '../../../../src/console/users/audit.ts';
import { beginTry } from '../../../../src/console/users/tries.ts';
import { changeUser, findUser, listUsers } from '../../../../src/console/users/users.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  PASSWORD,
  startTestConsole,
  type TestConsole,
  type Visitor,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const LONG = 120_000;

describe('the pages of users', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  let admin: Visitor;
  let adminId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
    const deps = { db } as ConsoleDeps;
    served = await startTestConsole(db, [...usersRoutes(deps), ...accountRoutes(deps)], {
      limits: { requests: 10_000, signIns: 1000 },
    });
  }, LONG);
  afterAll(async () => {
    await served.close();
    await database.drop();
  }, LONG);
  beforeEach(async () => {
    adminId = await addTestUser(db, 'админ', 'admin');
    admin = visitor(served.url);
    await admin.enter(db, adminId);
  });
  afterEach(() => db.query('TRUNCATE console_user, sign_in_tries, audit RESTART IDENTITY CASCADE'));

  const passwordOf = (text: string) => /<code id="password">([^<]+)</.exec(text)?.[1] ?? '';
  const audited = async (): Promise<Pick<AuditRow, 'who' | 'action' | 'object'>[]> =>
    (await listAudit(db, {})).map(({ who, action, object }) => ({ who, action, object }));

  it('adds a user, whose password is shown once and works', async () => {
    const added = await admin.post('/users', {
      login: 'Пётр.С',
      name: 'Пётр <С>',
      role: 'operator',
      by: 'password',
    });
    expect(added.status).toBe(200);
    const password = passwordOf(added.text);
    expect(password).toMatch(/^[a-zA-Z2-9]{20}$/);
    expect((await admin.get('/users')).text).not.toContain(password);
    expect((await admin.get('/users')).text).toContain('Пётр &lt;С&gt;');
    expect(await findUser(db, 'пётр.с')).toMatchObject({
      login: 'Пётр.С',
      role: 'operator',
      hasPassword: true,
    });
    expect((await visitor(served.url).signIn('пётр.с', password)).status).toBe(303);
    const [entry] = await listAudit(db, { action: 'user-added' });
    expect(entry).toMatchObject({ who: 'админ', data: { role: 'operator', by: 'password' } });
    expect(JSON.stringify(entry)).not.toContain(password);
  });

  it('adds one who comes by the proxy: without a password nobody gets in by one', async () => {
    const added = await admin.post('/users', { login: 'header', role: 'viewer', by: 'header' });
    expect([added.status, added.location]).toEqual([303, '/users']);
    expect((await findUser(db, 'header'))?.hasPassword).toBe(false);
    expect((await visitor(served.url).signIn('header', '')).status).toBe(401);
    expect((await admin.get('/users')).text).toContain('входит через прокси');
  });

  it.each([
    [{ login: 'а', role: 'viewer' }, 'имя для входа'],
    [{ login: 'с пробелом', role: 'viewer' }, 'имя для входа'],
    [{ login: 'АДМИН', role: 'viewer' }, 'уже есть'],
    [{ login: 'Команда', role: 'viewer' }, 'занято'],
    [{ login: 'новый', role: 'хозяин' }, 'такой роли нет'],
    [{ login: 'новый' }, 'такой роли нет'],
  ])('refuses %j in words', async (fields, words) => {
    const answer = await admin.post('/users', fields);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(words);
    expect(await listUsers(db)).toHaveLength(1);
  });

  it('takes a role away at once, and signs out', async () => {
    const id = await addTestUser(db, 'вторая', 'admin');
    const second = visitor(served.url);
    await second.enter(db, id);
    expect((await second.get('/users')).status).toBe(200);
    expect((await admin.post(`/users/${id}/role`, { role: 'viewer' })).status).toBe(303);
    expect((await second.get('/users')).status).toBe(303);
    await second.enter(db, id);
    expect((await second.get('/users')).status).toBe(403);
    await admin.post(`/users/${id}/role`, { role: 'admin' });
    // What was given needs no new sign-in.
    expect((await second.get('/users')).status).toBe(200);
    expect((await audited()).map(({ action, object }) => [action, object])).toEqual([
      ['user-role-changed', `user:${id}`],
      ['user-role-changed', `user:${id}`],
    ]);
  });

  it('the last administrator stays one', async () => {
    for (const [what, fields] of [
      ['role', { role: 'viewer' }],
      ['disable', {}],
    ] as const) {
      const answer = await admin.post(`/users/${adminId}/${what}`, fields);
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('последний администратор остаётся администратором');
    }
    const id = await addTestUser(db, 'отключённая', 'admin');
    await changeUser(db, id, { disabled: true });
    expect((await admin.post(`/users/${adminId}/disable`)).status).toBe(422);
    expect(await findUser(db, 'админ')).toMatchObject({ role: 'admin', disabledAt: null });
  });

  it('two administrators who take the role from each other at the same moment leave one', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const a = await addTestUser(db, `a${turn}`, 'admin');
      const b = await addTestUser(db, `b${turn}`, 'admin');
      await db.query(`UPDATE console_user SET disabled_at = now() WHERE id NOT IN ($1, $2)`, [a, b]);
      const outcomes = await Promise.allSettled([
        changeUser(db, a, { role: 'viewer' }),
        changeUser(db, b, { disabled: true }),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const left = (await listUsers(db)).filter(
        ({ role, disabledAt }) => role === 'admin' && disabledAt === null,
      );
      expect(left).toHaveLength(1);
    }
  });

  it('disables, enables, signs out, unlocks, renews', async () => {
    const id = await addTestUser(db, 'Пётр', 'operator');
    const peter = visitor(served.url);
    await peter.enter(db, id);
    await admin.post(`/users/${id}/sign-out`);
    expect((await peter.get('/account')).status).toBe(303);
    await admin.post(`/users/${id}/disable`);
    expect((await peter.signIn('Пётр')).status).toBe(401);
    expect((await admin.get('/users')).text).toContain('отключён');
    await admin.post(`/users/${id}/enable`);
    for (let turn = 0; turn < 6; turn += 1) await beginTry(db, 'Пётр');
    expect((await admin.get('/users')).text).toContain('вход закрыт до');
    expect((await peter.signIn('Пётр')).status).toBe(429);
    await admin.post(`/users/${id}/unlock`);
    expect((await peter.signIn('Пётр')).status).toBe(303);
    const renewed = await admin.post(`/users/${id}/password`);
    expect((await peter.get('/account')).status).toBe(303);
    expect((await peter.signIn('Пётр')).status).toBe(401);
    expect((await peter.signIn('Пётр', passwordOf(renewed.text))).status).toBe(303);
    const actions = (await audited()).filter(({ who }) => who === 'админ').map(({ action }) => action);
    expect(actions.reverse()).toEqual([
      'user-signed-out',
      'user-disabled',
      'user-enabled',
      'user-unlocked',
      'password-renewed',
    ]);
  });

  it.each(['0', '999', 'x', '1 OR true', '%00'])('there is no user %s', async (id) => {
    const answer = await admin.post(`/users/${encodeURIComponent(id)}/disable`);
    expect([422, 404]).toContain(answer.status);
    expect(await audited()).toEqual([]);
  });

  it.each(['viewer', 'operator'] as const)('is nothing for %s', async (role) => {
    const person = visitor(served.url);
    await person.enter(db, await addTestUser(db, 'чужой', role));
    expect((await person.get('/users')).status).toBe(403);
    expect((await person.post('/users', { login: 'новый', role: 'admin' })).status).toBe(403);
    for (const what of ['role', 'disable', 'enable', 'unlock', 'sign-out', 'password']) {
      expect((await person.post(`/users/${adminId}/${what}`, { role: 'viewer' })).status).toBe(403);
    }
    expect(await audited()).toEqual([]);
    expect(await listUsers(db)).toHaveLength(2);
  });

  describe('one’s own account', () => {
    it('changes language and zone, and refuses what there is not', async () => {
      expect((await admin.post('/account/settings', { lang: 'en', zone: 'Asia/Yakutsk' })).location).toBe(
        '/account',
      );
      const page = await admin.get('/account');
      expect(page.text).toContain('<html lang="en">');
      expect(page.text).toContain('Times: Asia/Yakutsk');
      expect(page.text).toContain('<option selected>Asia/Yakutsk</option>');
      for (const fields of [
        { lang: 'de', zone: 'UTC' },
        { lang: 'ru', zone: 'Луна' },
        { lang: 'ru', zone: '' },
      ]) {
        expect((await admin.post('/account/settings', fields)).status).toBe(422);
      }
      expect(await findUser(db, 'админ')).toMatchObject({ lang: 'en', timeZone: 'Asia/Yakutsk' });
    });

    it('changes the password by the present one, and ends all sessions', async () => {
      const other = visitor(served.url);
      await other.enter(db, adminId);
      const next = 'новая-длинная-тайна';
      const change = (fields: Record<string, string>) => admin.post('/account/password', fields);
      const said = async () => (await admin.get('/account')).text;
      await change({ current: PASSWORD, password: next, again: `${next}!` });
      expect(await said()).toContain('Новые пароли не совпадают.');
      expect((await change({ current: PASSWORD, password: 'коротко', again: 'коротко' })).status).toBe(422);
      await change({ current: 'не та', password: next, again: next });
      expect(await said()).toContain('Нынешний пароль неверен.');
      const done = await change({ current: PASSWORD, password: next, again: next });
      expect(done.location).toBe('/sign-in');
      expect((await admin.get('/sign-in')).text).toContain('Пароль сменён.');
      expect((await other.get('/account')).status).toBe(303);
      expect((await admin.signIn('админ')).status).toBe(401);
      expect((await admin.signIn('админ', next)).status).toBe(303);
      expect((await audited()).map(({ action }) => action)).toEqual(
        expect.arrayContaining(['password-changed', 'password-change-refused']),
      );
    });

    it('guesses of the present password are counted, apart from those of strangers', async () => {
      for (let turn = 0; turn < 6; turn += 1) await beginTry(db, 'админ');
      const change = (current: string) =>
        admin.post('/account/password', {
          current,
          password: 'новая-длинная-тайна',
          again: 'новая-длинная-тайна',
        });
      for (let turn = 0; turn < 5; turn += 1) {
        await change('не та');
        expect((await admin.get('/account')).text).toContain('Нынешний пароль неверен.');
      }
      await change(PASSWORD);
      expect((await admin.get('/account')).text).toContain('Слишком много неверных попыток.');
    });

    it('signs out everywhere', async () => {
      const other = visitor(served.url);
      await other.enter(db, adminId);
      expect((await admin.get('/account')).text).toContain('Сеансов: 2.');
      expect((await admin.post('/account/sign-out-everywhere')).location).toBe('/sign-in');
      expect([(await admin.get('/account')).status, (await other.get('/account')).status]).toEqual([
        303, 303,
      ]);
      expect((await listAudit(db, {}))[0]).toMatchObject({
        action: 'signed-out-everywhere',
        data: { ended: 2 },
      });
    });
  });
});
