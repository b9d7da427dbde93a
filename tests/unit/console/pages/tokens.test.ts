import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { usersRoutes } from '../../../../src/console/pages/users/index.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { addToken, findToken, listTokens, SCOPES } from '../../../../src/console/users/tokens.ts';
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

describe('the page of API tokens', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  let admin: Visitor;

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
    admin = visitor(served.url);
    await admin.enter(db, await addTestUser(db, 'админ', 'admin'));
  });
  afterEach(() => db.query('TRUNCATE console_user, api_token, audit RESTART IDENTITY CASCADE'));

  const FIELDS = { name: 'Отчёты-1', role: 'viewer', scope: 'all:read', expires: '' };
  const make = (more: Partial<typeof FIELDS> = {}) => admin.post('/users/tokens', { ...FIELDS, ...more });
  const secretOf = (text: string) => /<code id="token">([^<]+)</.exec(text)?.[1] ?? '';

  it('says what will be there while there is none, and is linked from the users', async () => {
    expect((await admin.get('/users/tokens')).text).toContain('Токенов ещё нет');
    expect((await admin.get('/users')).text).toContain('href="/users/tokens"');
  });

  it('makes a token that works and is shown this once; who made it is written, the secret nowhere', async () => {
    const made = await make();
    expect(made.status).toBe(200);
    const secret = secretOf(made.text);
    const reading = SCOPES.filter((scope) => scope.endsWith(':read'));
    expect(await findToken(db, secret)).toMatchObject({
      name: 'Отчёты-1',
      role: 'viewer',
      scopes: reading,
      createdBy: 'админ',
      expiresAt: null,
    });
    const { text } = await admin.get('/users/tokens');
    for (const words of ['Отчёты-1', 'наблюдатель', 'appeals:read', 'без срока', 'админ,']) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain(secret);
    const [entry] = await listAudit(db, { action: 'token-added' });
    expect(entry).toMatchObject({ who: 'админ', object: 'token:Отчёты-1', data: { role: 'viewer' } });
    expect(JSON.stringify(entry)).not.toContain(secret);
  });

  it('lasts to the end of a day of the administrator’s zone', async () => {
    await db.query(`UPDATE console_user SET time_zone = 'Asia/Yakutsk'`);
    await make({ expires: '2999-12-31' });
    const [token] = await listTokens(db);
    expect(token?.expiresAt?.toISOString()).toBe('2999-12-31T14:59:59.999Z');
  });

  it.each([
    [{ name: 'x' }, 'имя токена'],
    [{ role: 'root' }, 'роли «root» нет'],
    [{ scope: 'appeals:*' }, 'права «appeals:*» нет'],
    [{ scope: 'appeals:write' }, 'роль viewer ничего не меняет'],
    [{ expires: '2020-01-01' }, 'срок токена уже прошёл'],
    [{ expires: 'завтра' }, 'день пишется как 2026-12-31'],
  ])('refuses %j in words', async (more, words) => {
    const answer = await make(more);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(words);
    expect(await listTokens(db)).toEqual([]);
  });

  it('revokes one at once, and says of one that is gone that it is', async () => {
    const secret = secretOf((await make()).text);
    const revoke = () => admin.post('/users/tokens/revoke', { name: 'отчёты-1' });
    expect((await revoke()).location).toBe('/users/tokens');
    expect(await findToken(db, secret)).toBeUndefined();
    const { text } = await admin.get('/users/tokens');
    expect(text).toContain('Токен отчёты-1 отозван.');
    expect(text).not.toContain('action="/users/tokens/revoke"');
    await revoke();
    expect((await admin.get('/users/tokens')).text).toContain('Действующего токена отчёты-1 нет.');
    expect(await listAudit(db, { action: 'token-revoked' })).toHaveLength(1);
  });

  it.each(['viewer', 'operator'] as const)(
    'is nothing for %s, nor for anybody without the token of its form',
    async (role) => {
      await addToken(db, { name: 'чужой', role: 'viewer', scopes: ['all:read'], createdBy: 'x' });
      const person = visitor(served.url);
      await person.enter(db, await addTestUser(db, 'кто-то', role));
      expect((await person.get('/users/tokens')).status).toBe(403);
      expect((await person.post('/users/tokens', FIELDS)).status).toBe(403);
      expect((await person.post('/users/tokens/revoke', { name: 'чужой' })).status).toBe(403);
      expect((await admin.post('/users/tokens', { ...FIELDS, csrf: 'чужой' })).status).toBe(403);
      expect((await admin.post('/users/tokens/revoke', { name: 'чужой', csrf: 'чужой' })).status).toBe(403);
      expect((await listTokens(db)).map(({ name, revokedAt }) => [name, revokedAt])).toEqual([
        ['чужой', null],
      ]);
    },
  );
});
