import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { problem } from '../../../../src/console/api/schemas.ts';
import {
  addToken,
  findToken,
  listTokens,
  revokeToken,
  SCOPES,
} from '../../../../src/console/users/tokens.ts';
import { may, ROLES } from '../../../../src/console/web/viewer.ts';
import { addTestUser, visitor } from '../../../support/console.ts';
import { type ApiStand, startApi } from './api-stand.ts';

const LONG = 120_000;
let api: ApiStand;
beforeAll(async () => {
  api = await startApi();
}, LONG);
afterAll(() => api.stop(), LONG);

/** A request to an address as far as its rights go: what it is about does not exist. */
const pathOf = (path: string) => path.replace(':posId', '404').replace(/:\w+/g, '404');

describe('rights', () => {
  it('every address wants a token, and says so as a problem', async () => {
    expect(api.routes.length).toBeGreaterThan(20);
    for (const { method, path } of api.routes) {
      for (const token of [undefined, 'posrednik_made-up', 'x', `posrednik_${'a'.repeat(500)}`]) {
        const answer = await api.call(token, method, pathOf(path), method === 'POST' ? {} : undefined);
        expect([path, answer.status, answer.type]).toEqual([
          path,
          401,
          'application/problem+json; charset=utf-8',
        ]);
        expect(answer.headers.get('www-authenticate')).toContain('Bearer');
        expect(z.strictObject(problem.shape).parse(answer.body)).toMatchObject({
          code: 'API_UNAUTHORIZED',
          status: 401,
        });
      }
    }
  });

  it(
    'a role and a scope are needed, each of them',
    async () => {
      for (const { method, path, role, scope } of api.routes) {
        const body = method === 'POST' ? {} : undefined;
        const others = SCOPES.filter((one) => one !== scope);
        const without = await api.token({ scopes: others });
        expect([path, (await api.call(without, method, pathOf(path), body)).status]).toEqual([path, 403]);
        for (const held of ROLES) {
          // A viewer's token with a right to write is refused where it is made.
          if (held === 'viewer' && scope.endsWith(':write')) continue;
          const token = await api.token({ role: held, scopes: [scope] });
          const { status, body: said } = await api.call(token, method, pathOf(path), body);
          if (may(held, role)) expect([path, held, status]).not.toEqual([path, held, 403]);
          else expect([path, held, status, said['code']]).toEqual([path, held, 403, 'API_FORBIDDEN']);
        }
      }
    },
    LONG,
  );

  it('nothing that changes may be done by a viewer', () => {
    for (const { method, role, scope } of api.routes) {
      if (method === 'GET') expect(scope).toMatch(/:read$/);
      else expect([scope.endsWith(':write'), role]).not.toContain('viewer');
    }
  });

  it('a session of the console is none of the API, whatever its user may', async () => {
    const admin = visitor(api.url);
    await admin.enter(api.db, await addTestUser(api.db, 'админ', 'admin'));
    expect((await admin.get('/api/v1/audit')).status).toBe(401);
    expect((await admin.get('/api/v1/openapi.json')).status).toBe(200);
    expect((await admin.get('/api/docs')).status).toBe(200);
    const stranger = visitor(api.url);
    expect((await stranger.get('/api/docs')).location).toBe('/sign-in?back=/api/docs');
    expect((await stranger.get('/api/v1/openapi.json')).status).toBe(401);
    const token = await api.token({ role: 'viewer', scopes: ['audit:read'] });
    expect((await api.call(token, 'GET', '/openapi.json')).status).toBe(200);
  });

  it.each([
    ['GET', '/none', 404, 'API_NOT_FOUND'],
    ['PUT', '/appeals', 404, 'API_NOT_FOUND'],
  ])('%s %s is a problem too', async (method, path, status, code) => {
    const answer = await api.call(await api.token(), method, path);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });
});

describe('tokens', () => {
  it('are stored as hashes, and shown without', async () => {
    const secret = await api.token({ name: 'хранимый' });
    expect(secret).toMatch(/^posrednik_[\w-]{43}$/);
    const [row] = await api.db.query<{ text: string }>(
      `SELECT t::text AS text FROM api_token t WHERE name = 'хранимый'`,
    );
    expect(row?.text).not.toContain(secret.slice(10));
    expect(row?.text).not.toContain(Buffer.from(secret.slice(10), 'base64url').toString('hex'));
    expect(JSON.stringify(await listTokens(api.db))).not.toContain(secret.slice(10));
  });

  it('work until they expire or are revoked, at once', async () => {
    const secret = await api.token({ name: 'срочный', expiresAt: new Date(Date.now() + 3_600_000) });
    const ask = async () => (await api.call(secret, 'GET', '/audit')).status;
    expect(await ask()).toBe(200);
    await api.db.query(
      `UPDATE api_token SET expires_at = now() - interval '1 second' WHERE name = 'срочный'`,
    );
    expect(await ask()).toBe(401);
    await api.db.query(`UPDATE api_token SET expires_at = NULL WHERE name = 'срочный'`);
    expect(await ask()).toBe(200);
    expect(await revokeToken(api.db, 'СРОЧНЫЙ')).toBe(true);
    expect(await ask()).toBe(401);
    expect(await revokeToken(api.db, 'срочный')).toBe(false);
    // The name may be given again, to another secret.
    const again = await api.token({ name: 'срочный' });
    expect(await findToken(api.db, again)).toMatchObject({ name: 'срочный', revokedAt: null });
    expect(await findToken(api.db, secret)).toBeUndefined();
  });

  it('say when they were used', async () => {
    const secret = await api.token({ name: 'учтённый' });
    expect((await findToken(api.db, secret))?.usedAt).toBeNull();
    expect((await findToken(api.db, secret))?.usedAt).toBeInstanceOf(Date);
  });

  it.each([
    [{ name: 'x' }, 'имя токена'],
    [{ name: 'с пробелом' }, 'имя токена'],
    [{ role: 'root' as never }, 'роли «root» нет'],
    [{ scopes: [] }, 'хотя бы одно право'],
    [{ scopes: ['appeals:*'] }, 'права «appeals:*» нет'],
    [{ role: 'viewer' as const, scopes: ['all'] }, 'роль viewer ничего не меняет'],
    [{ expiresAt: new Date(0) }, 'срок токена уже прошёл'],
  ])('are not made of %j', async (more, words) => {
    const token = { name: 'верный', role: 'admin' as const, scopes: ['all'], createdBy: 'проба', ...more };
    await expect(addToken(api.db, token)).rejects.toMatchObject({
      code: 'COMMAND_INVALID',
      detail: expect.stringContaining(words),
    });
  });

  it('all:read is every right to read and none to write', async () => {
    const secret = await api.token({ role: 'viewer', scopes: ['all:read', 'audit:read'] });
    const token = await findToken(api.db, secret);
    expect([...(token?.scopes ?? [])].sort()).toEqual(
      SCOPES.filter((scope) => scope.endsWith(':read')).sort(),
    );
  });
});
