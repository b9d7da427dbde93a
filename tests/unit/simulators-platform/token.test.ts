import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PlatformSimulator } from '../../simulators/platform/index.ts';
import { access, jsonOf, logIn, OPA, OTHER, platformWithCabinets } from './client.ts';

describe('token route', () => {
  let platform: PlatformSimulator;
  beforeEach(async () => {
    platform = await platformWithCabinets();
  });
  afterEach(() => platform.close());

  function feed(headers: Record<string, string>): Promise<Response> {
    return fetch(`${platform.url}/appeal-service/sed/appeals`, { headers });
  }

  it('gives a bearer token that names its cabinet', async () => {
    const response = await logIn(platform);
    expect(response.status).toBe(200);
    expect(await jsonOf(response)).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'any',
      opaId: OPA,
      organization: { name: `Кабинет ${OPA}` },
    });
    expect(platform.counters().logins).toEqual({ [OPA]: { ok: 1, failed: 0 } });
  });

  it('refuses a wrong password and an unknown identifier in the same words', async () => {
    const wrong = await logIn(platform, OPA, 'нет');
    const unknown = await logIn(platform, '777');
    expect([wrong.status, unknown.status]).toEqual([400, 400]);
    expect(await jsonOf(wrong)).toEqual(await jsonOf(unknown));
    expect(platform.counters().logins).toEqual({ [OPA]: { ok: 0, failed: 1 }, '?': { ok: 0, failed: 1 } });
  });

  it('takes a password that was changed while running', async () => {
    platform.setPassword(OPA, 'новый');
    expect((await logIn(platform)).status).toBe(400);
    expect((await logIn(platform, OPA, 'новый')).status).toBe(200);
  });

  it('refuses another grant type', async () => {
    const response = await fetch(`${platform.url}/auth-service/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({ error: 'unsupported_grant_type' });
  });

  it('answers 423 with what is missing, and takes the tokens back, when the cabinet is not ready', async () => {
    const headers = await access(platform);
    platform.setReady(OPA, false, ['training']);
    expect((await feed(headers)).status).toBe(401);
    const refused = await logIn(platform);
    expect(refused.status).toBe(423);
    expect(await jsonOf(refused)).toMatchObject({ error: 'cabinet_not_ready', missing: ['training'] });
    platform.setReady(OPA, true);
    expect((await logIn(platform)).status).toBe(200);
  });

  it('answers 401 without a token, with a false one and with a revoked one', async () => {
    const headers = await access(platform);
    const other = await access(platform, OTHER);
    expect((await feed(headers)).status).toBe(200);
    expect((await feed({ 'OPA-ID': OPA })).status).toBe(401);
    expect((await feed({ ...headers, Authorization: 'Bearer x' })).status).toBe(401);
    platform.revokeTokens(OPA);
    expect((await feed(headers)).status).toBe(401);
    expect((await feed(other)).status).toBe(200);
    platform.revokeTokens();
    expect((await feed(other)).status).toBe(401);
  });

  it('answers 403 when OPA-ID names another cabinet or is absent', async () => {
    const headers = await access(platform);
    expect((await feed({ ...headers, 'OPA-ID': OTHER })).status).toBe(403);
    expect((await feed({ Authorization: String(headers['Authorization']) })).status).toBe(403);
  });

  it('lets a token die after its time', async () => {
    platform.configure({ tokenSeconds: 0 });
    expect((await feed(await access(platform))).status).toBe(401);
  });
});
