import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import nock from 'nock';
import { Fault } from '../../../src/model/errors.ts';
import type { Platform } from '../../../src/platform/port.ts';
import {
  cabinet,
  faultOf,
  type Handler,
  json,
  type PlatformSettings,
  platformAt,
  startServer,
  type TinyServer,
  TOKEN_PATH,
  tokenBody,
} from './support.ts';

const BASE = 'http://platform.test';
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
  nock.cleanAll();
});
// Else the next test file of this process finds its connections in the hands of this one's mocks.
afterAll(() => nock.restore());

async function withServer(
  handler: Handler,
  settings: PlatformSettings = {},
): Promise<[Platform, TinyServer]> {
  const server = await startServer(handler);
  const platform = platformAt(server.url, settings);
  open.push(() => platform.close(), server.close);
  return [platform, server];
}

/** A server that numbers its tokens and gives an empty feed. */
function numbering(life = 3600): Handler {
  let count = 0;
  return (seen, response) => {
    if (seen.path === TOKEN_PATH) {
      count += 1;
      return json(response, 200, tokenBody(`tok-${count}`, { expires_in: life }));
    }
    return json(response, 200, { content: [], next: 'n', last: true });
  };
}

function logIns(server: TinyServer): number {
  return server.paths().filter((path) => path === TOKEN_PATH).length;
}

/** One log-in against a single scripted answer. */
async function logInFault(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Fault> {
  nock.cleanAll();
  nock(BASE)
    .post(TOKEN_PATH)
    .times(3)
    .reply(status, body as nock.Body, headers);
  return faultOf(platformAt(BASE).checkCabinet(cabinet()));
}

describe('logging in', () => {
  it('asks as the contract says and tells who the cabinet is', async () => {
    const organization = { name: 'Администрация\u0000', inn: 1435000000, ogrn: '102', oktmo: null };
    const asked = nock(BASE, { reqheaders: { 'content-type': 'application/x-www-form-urlencoded' } })
      .post(TOKEN_PATH, { grant_type: 'password', username: 'ident-1', password: 'п&=+ 1', scope: 'sed' })
      .reply(200, tokenBody('t', { opaId: 100200, organization }));
    const identity = await platformAt(BASE).checkCabinet(cabinet({ readPassword: async () => 'п&=+ 1' }));
    expect(identity).toEqual({
      opaId: '100200',
      organization: { name: 'Администрация\uFFFD', inn: '1435000000', ogrn: '102' },
    });
    expect(asked.isDone()).toBe(true);
  });

  it('keeps a path that the base address brings', async () => {
    const asked = nock(BASE).post(`/prefix${TOKEN_PATH}`).reply(200, tokenBody());
    expect(await platformAt(`${BASE}/prefix/`).checkCabinet(cabinet())).toEqual({});
    expect(asked.isDone()).toBe(true);
  });

  it.each<[string, number, unknown, string]>([
    ['400 invalid_grant', 400, { error: 'invalid_grant' }, 'PLATFORM_CREDENTIALS_WRONG'],
    ['401', 401, {}, 'PLATFORM_CREDENTIALS_WRONG'],
    ['401 without a body', 401, '', 'PLATFORM_CREDENTIALS_WRONG'],
    ['400 for another reason', 400, { error: 'invalid_scope' }, 'PLATFORM_BAD_ANSWER'],
    ['400 of a proxy', 400, '<html>', 'PLATFORM_BAD_ANSWER'],
    ['403', 403, {}, 'PLATFORM_FORBIDDEN'],
    ['another cabinet', 200, tokenBody('t', { opaId: '999' }), 'PLATFORM_CABINET_MISMATCH'],
    ['no token', 200, tokenBody('', {}), 'PLATFORM_BAD_ANSWER'],
    ['a token that no header can hold', 200, tokenBody('a\r\nX: y'), 'PLATFORM_BAD_ANSWER'],
    ['another kind of token', 200, tokenBody('t', { token_type: 'mac' }), 'PLATFORM_BAD_ANSWER'],
    ['a life in words', 200, tokenBody('t', { expires_in: 'long' }), 'PLATFORM_BAD_ANSWER'],
    ['a life of nothing', 200, tokenBody('t', { expires_in: -1 }), 'PLATFORM_BAD_ANSWER'],
    ['a list', 200, [tokenBody()], 'PLATFORM_BAD_ANSWER'],
    ['a page of a proxy', 200, '<html>sign in</html>', 'PLATFORM_BAD_ANSWER'],
    ['500', 500, '', 'PLATFORM_UNREACHABLE'],
  ])('%s', async (_name, status, body, code) => {
    expect((await logInFault(status, body)).code).toBe(code);
  });

  it('a life that is not told, or told as text, is fine', async () => {
    for (const expires_in of [undefined, null, '600']) {
      nock(BASE).post(TOKEN_PATH).reply(200, tokenBody('t', { expires_in }));
      await expect(platformAt(BASE).checkCabinet(cabinet())).resolves.toEqual({});
    }
  });

  it("names the missing check-boxes as the cabinet's page does", async () => {
    const fault = await logInFault(423, {
      error: 'cabinet_not_ready',
      missing: ['training', 'readiness', 'new_box'],
    });
    expect(fault).toMatchObject({ code: 'PLATFORM_CABINET_NOT_READY', kind: 'credentials' });
    expect(fault.detail).toContain('«Мною пройдено обучение», «ЛКО готов к работе», «new_box»');
    const bare = await logInFault(423, { error: 'cabinet_not_ready', missing: 'readiness' });
    expect(bare.detail).toContain('не отмечено «ЛКО готов к работе»');
    expect((await logInFault(423, 'nonsense')).code).toBe('PLATFORM_CABINET_NOT_READY');
  });

  it.each([429, 503])('%i with Retry-After is waited for, not repeated', async (status) => {
    nock(BASE).post(TOKEN_PATH).reply(status, {}, { 'Retry-After': '17' });
    const fault = await faultOf(platformAt(BASE).checkCabinet(cabinet()));
    expect(fault).toMatchObject({ code: 'PLATFORM_BUSY', kind: 'transient', retryAfterMs: 17_000 });
    expect(nock.isDone()).toBe(true);
  });

  it('neither password nor token is in any fault', async () => {
    const fault = await logInFault(400, { error: 'invalid_grant', error_description: 'secret-1' });
    expect(JSON.stringify([fault, fault.message, String(fault.cause)])).not.toContain('secret-1');
    const unreachable = await faultOf(platformAt('http://127.0.0.1:1').checkCabinet(cabinet()));
    expect(unreachable.code).toBe('PLATFORM_UNREACHABLE');
    for (let cause: unknown = unreachable; cause instanceof Error; cause = cause.cause) {
      expect(JSON.stringify({ ...cause, message: cause.message, stack: cause.stack })).not.toContain(
        'secret-1',
      );
    }
  });

  it('a password that cannot be read is told as it is', async () => {
    const secret = new Fault('SECRET_UNREADABLE');
    const refused = cabinet({ readPassword: () => Promise.reject(secret) });
    expect(await faultOf(platformAt(BASE).checkCabinet(refused))).toBe(secret);
    const broken = cabinet({ readPassword: () => Promise.reject(new Error('boom')) });
    expect((await faultOf(platformAt(BASE).checkCabinet(broken))).code).toBe('DEFECT');
  });
});

describe('keeping a token', () => {
  it('fifty calls at once share one log-in', async () => {
    const [platform, server] = await withServer(numbering());
    await Promise.all(Array.from({ length: 50 }, () => platform.readFeed(cabinet(), { size: 10 })));
    expect(logIns(server)).toBe(1);
    expect(server.seen).toHaveLength(51);
    const headers = server.seen.filter((one) => one.path !== TOKEN_PATH).map((one) => one.headers);
    for (const { authorization, 'opa-id': opaId } of headers) {
      expect([authorization, opaId]).toEqual(['Bearer tok-1', '100200']);
    }
  });

  it('cabinets do not share', async () => {
    const [platform, server] = await withServer(numbering());
    await platform.readFeed(cabinet(), { size: 10 });
    await platform.readFeed(cabinet({ opaId: '300' }), { size: 10 });
    expect(logIns(server)).toBe(2);
  });

  it('renews thirty seconds before the end, reading the password again', async () => {
    let now = 0;
    let reads = 0;
    const access = cabinet({ readPassword: async () => `secret-${++reads}` });
    const [platform, server] = await withServer(numbering(100), { now: () => now });
    await platform.readFeed(access, { size: 1 });
    now = 69_999;
    await platform.readFeed(access, { size: 1 });
    expect(logIns(server)).toBe(1);
    now = 70_000;
    await platform.readFeed(access, { size: 1 });
    expect(logIns(server)).toBe(2);
    const passwords = server.seen
      .filter((s) => s.path === TOKEN_PATH)
      .map((s) => new URLSearchParams(s.body).get('password'));
    expect(passwords).toEqual(['secret-1', 'secret-2']);
  });

  it('a token of twenty seconds serves for half its life', async () => {
    let now = 0;
    const [platform, server] = await withServer(numbering(20), { now: () => now });
    for (now = 0; now < 10_000; now += 1000) await platform.readFeed(cabinet(), { size: 1 });
    expect(logIns(server)).toBe(1);
    now = 10_000;
    await platform.readFeed(cabinet(), { size: 1 });
    expect(logIns(server)).toBe(2);
  });

  it('checkCabinet and forget make a new one', async () => {
    const [platform, server] = await withServer(numbering());
    await platform.readFeed(cabinet(), { size: 1 });
    await platform.checkCabinet(cabinet());
    await platform.readFeed(cabinet(), { size: 1 });
    expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer tok-2');
    platform.forget('100200');
    await platform.readFeed(cabinet(), { size: 1 });
    expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer tok-3');
  });

  it('checks of one cabinet at the same time go one after the other', async () => {
    let running = 0;
    let most = 0;
    const [platform, server] = await withServer(async (_seen, response) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      json(response, 200, tokenBody());
    });
    await Promise.all(Array.from({ length: 5 }, () => platform.checkCabinet(cabinet())));
    expect([most, logIns(server)]).toEqual([1, 5]);
  });

  it("one caller's stop does not stop the log-in for the others", async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const [platform, server] = await withServer(async (seen, response) => {
      if (seen.path !== TOKEN_PATH) return json(response, 200, { last: true });
      asked.resolve();
      await gate.promise;
      return json(response, 200, tokenBody());
    });
    const stop = new AbortController();
    const stopped = faultOf(platform.readFeed(cabinet(), { size: 1 }, stop.signal));
    const other = platform.readFeed(cabinet(), { size: 1 });
    await asked.promise;
    stop.abort();
    expect((await stopped).code).toBe('STOPPED');
    gate.resolve();
    expect(await other).toMatchObject({ state: 'page' });
    expect(logIns(server)).toBe(1);
  });

  it('a token forgotten while its log-in runs is not kept', async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let count = 0;
    const [platform, server] = await withServer(async (seen, response) => {
      if (seen.path !== TOKEN_PATH) return json(response, 200, { last: true });
      count += 1;
      asked.resolve();
      if (count === 1) await gate.promise;
      return json(response, 200, tokenBody(`tok-${count}`));
    });
    const first = platform.checkCabinet(cabinet());
    await asked.promise;
    platform.forget('100200');
    gate.resolve();
    await first;
    await platform.readFeed(cabinet(), { size: 1 });
    expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer tok-2');
  });
});

describe('a refused password', () => {
  const refusing: Handler = (seen, response) =>
    new URLSearchParams(seen.body).get('password') === 'right'
      ? json(response, 200, seen.path === TOKEN_PATH ? tokenBody() : { last: true })
      : json(response, 400, { error: 'invalid_grant' });

  it('is not shown again by a burst of callers', async () => {
    let now = 0;
    const [platform, server] = await withServer(refusing, { now: () => now });
    for (let i = 0; i < 40; i += 1) {
      const fault = await faultOf(platform.openFile(cabinet(), 'f', 0));
      expect(fault.code).toBe('PLATFORM_CREDENTIALS_WRONG');
    }
    expect(logIns(server)).toBe(1);
    now = 60_000;
    await faultOf(platform.readFeed(cabinet(), { size: 1 }));
    expect(logIns(server)).toBe(2);
  });

  it('is tried at once when it changed, on a check, and after forget', async () => {
    let password = 'wrong';
    const access = cabinet({ readPassword: async () => password });
    const [platform, server] = await withServer(refusing, { now: () => 0 });
    await faultOf(platform.checkCabinet(access));
    await faultOf(platform.checkCabinet(access));
    expect(logIns(server)).toBe(2);
    platform.forget(access.opaId);
    await faultOf(platform.readFeed(access, { size: 1 }));
    expect(logIns(server)).toBe(3);
    password = 'right';
    expect(await platform.checkCabinet(access)).toEqual({});
  });
});
