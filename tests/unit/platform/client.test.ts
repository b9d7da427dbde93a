import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Platform } from '../../../src/platform/port.ts';
import {
  cabinet,
  FEED_PATH,
  faultOf,
  type Handler,
  json,
  mapping,
  type PlatformSettings,
  platformAt,
  startServer,
  startWithLogin,
  type TinyServer,
  TOKEN_PATH,
  tokenBody,
} from './support.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function withServer(
  handler: Handler,
  settings: PlatformSettings = {},
): Promise<[Platform, TinyServer]> {
  const server = await startWithLogin(handler);
  const platform = platformAt(server.url, settings);
  open.push(() => platform.close(), server.close);
  return [platform, server];
}

function feedCalls(server: TinyServer): number {
  return server.paths().filter((path) => path === FEED_PATH).length;
}

const emptyPage = { content: [], next: 'n', last: true };
const query = { size: 10 };

/** Answers in turn, the last one for ever. */
function inTurn(...answers: ((response: ServerResponse) => void)[]): Handler {
  let index = 0;
  return (_seen, response) => {
    answers[Math.min(index, answers.length - 1)]?.(response);
    index += 1;
  };
}

const good = (response: ServerResponse) => json(response, 200, emptyPage);
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    json(response, code, {}, headers);
const reset = (response: ServerResponse) => void response.socket?.resetAndDestroy();
const truncated = (response: ServerResponse) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
  response.write('{"content":[');
  response.socket?.end();
};
const text =
  (body: string, type = 'application/json') =>
  (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': type });
    response.end(body);
  };

describe('short repeats of a read', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['reset before an answer', reset],
    ['a body cut short', truncated],
    ['bad JSON', text('{"content":[')],
    ['a page of a proxy', text('<html></html>', 'text/html')],
    ['500', status(500)],
    ['502', status(502)],
    ['503 without a wait', status(503)],
    ['404 of a restarting gateway', status(404)],
  ])('%s, twice, is got over', async (_name, failing) => {
    const [platform, server] = await withServer(inTurn(failing, failing, good));
    expect(await platform.readFeed(cabinet(), query)).toMatchObject({ state: 'page', last: true });
    expect(feedCalls(server)).toBe(3);
  });

  it.each<[string, (response: ServerResponse) => void, string, RegExp | undefined]>([
    ['reset before an answer', reset, 'PLATFORM_UNREACHABLE', /ECONNRESET|прервано/],
    ['a body cut short', truncated, 'PLATFORM_UNREACHABLE', undefined],
    ['bad JSON', text('{"content":['), 'PLATFORM_BAD_ANSWER', /не является объектом JSON/],
    ['a page of a proxy', text('<html></html>', 'text/html'), 'PLATFORM_BAD_ANSWER', /HTML/],
    ['a JSON list', text('[]'), 'PLATFORM_BAD_ANSWER', undefined],
    ['an empty body', text(''), 'PLATFORM_BAD_ANSWER', undefined],
    ['500', status(500), 'PLATFORM_UNREACHABLE', /500/],
    ['503 without a wait', status(503), 'PLATFORM_BUSY', /503/],
  ])('%s, for ever, is given up after two', async (_name, failing, code, detail) => {
    const [platform, server] = await withServer(inTurn(failing));
    const fault = await faultOf(platform.readFeed(cabinet(), query));
    expect(fault).toMatchObject({ code, kind: 'transient' });
    if (detail !== undefined) expect(fault.detail).toMatch(detail);
    expect(feedCalls(server)).toBe(3);
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['403', status(403), 'PLATFORM_FORBIDDEN'],
    ['429 with a wait', status(429, { 'Retry-After': '5' }), 'PLATFORM_BUSY'],
    ['503 with a wait', status(503, { 'Retry-After': '5' }), 'PLATFORM_BUSY'],
  ])('%s is not repeated', async (_name, failing, code) => {
    const [platform, server] = await withServer(inTurn(failing, good));
    expect((await faultOf(platform.readFeed(cabinet(), query))).code).toBe(code);
    expect(feedCalls(server)).toBe(1);
  });

  it('Retry-After reaches the Fault, bounded', async () => {
    const [platform] = await withServer(
      inTurn(status(429, { 'Retry-After': '12' }), status(503, { 'Retry-After': '99999999' })),
    );
    expect((await faultOf(platform.readFeed(cabinet(), query))).retryAfterMs).toBe(12_000);
    expect((await faultOf(platform.readFeed(cabinet(), query))).retryAfterMs).toBe(3_600_000);
  });
});

describe('a session that died early', () => {
  function sessions(refuse: (token: string) => boolean): Handler {
    let count = 0;
    return (seen, response) => {
      if (seen.path === TOKEN_PATH) {
        count += 1;
        return json(response, 200, tokenBody(`tok-${count}`));
      }
      const token = (seen.headers.authorization ?? '').replace('Bearer ', '');
      return refuse(token) ? json(response, 401, {}) : json(response, 200, emptyPage);
    };
  }

  async function sessionServer(refuse: (token: string) => boolean): Promise<[Platform, TinyServer]> {
    const server = await startServer(sessions(refuse));
    const platform = platformAt(server.url);
    open.push(() => platform.close(), server.close);
    return [platform, server];
  }

  it('is renewed once and the call repeated', async () => {
    const [platform, server] = await sessionServer((token) => token === 'tok-1');
    expect(await platform.readFeed(cabinet(), query)).toMatchObject({ state: 'page' });
    expect(server.paths()).toEqual([TOKEN_PATH, FEED_PATH, TOKEN_PATH, FEED_PATH]);
    await platform.readFeed(cabinet(), query);
    expect(server.paths()).toHaveLength(5);
  });

  it('refused again, the cabinet is at fault', async () => {
    const [platform, server] = await sessionServer(() => true);
    const fault = await faultOf(platform.readFeed(cabinet(), query));
    expect(fault).toMatchObject({ code: 'PLATFORM_SESSION_REFUSED', kind: 'credentials' });
    expect(server.paths()).toEqual([TOKEN_PATH, FEED_PATH, TOKEN_PATH, FEED_PATH]);
  });

  it('thirty calls with the dead token renew it once', async () => {
    const dead = new Set<string>();
    const [platform, server] = await sessionServer((token) => dead.has(token));
    await platform.readFeed(cabinet(), query);
    dead.add('tok-1');
    await Promise.all(Array.from({ length: 30 }, () => platform.readFeed(cabinet(), query)));
    expect(server.paths().filter((path) => path === TOKEN_PATH)).toHaveLength(2);
  });
});

describe('what a hostile or broken other side may send', () => {
  it('a redirect is refused, and the token goes nowhere else', async () => {
    const elsewhere = await startServer((_seen, response) => json(response, 200, emptyPage));
    open.push(elsewhere.close);
    const [platform] = await withServer(inTurn(status(302, { Location: elsewhere.url })));
    expect((await faultOf(platform.readFeed(cabinet(), query))).code).toBe('PLATFORM_BAD_ANSWER');
    expect(elsewhere.seen).toEqual([]);
  });

  const small = { ...mapping, limits: { ...mapping.limits, answerBytes: 100_000 } };

  it('a body over the limit is given up while it comes', async () => {
    let sent = 0;
    const endless: Handler = (_seen, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = () => {
        if (response.destroyed) return;
        sent += chunk.length;
        if (response.write(chunk)) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    };
    const [platform] = await withServer(endless, { mapping: small });
    const fault = await faultOf(platform.readFeed(cabinet(), query));
    expect(fault).toMatchObject({
      code: 'PLATFORM_BAD_ANSWER',
      detail: expect.stringContaining('больше разрешённого'),
    });
    expect(sent).toBeLessThan(50_000_000);
  });

  it('a small gzip that unpacks into a huge body is given up too', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20));
    const [platform] = await withServer(
      (_seen, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
        response.end(bomb);
      },
      { mapping: small },
    );
    expect((await faultOf(platform.readFeed(cabinet(), query))).code).toBe('PLATFORM_BAD_ANSWER');
  });

  it('a gzip that is none', async () => {
    const [platform] = await withServer((_seen, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      response.end('not gzip');
    });
    expect((await faultOf(platform.readFeed(cabinet(), query))).kind).toBe('transient');
  });

  it('silence ends with the time-out, without a repeat', async () => {
    const [platform, server] = await withServer(() => undefined, { timeoutMs: 200 });
    const fault = await faultOf(platform.readFeed(cabinet(), query));
    expect(fault).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      detail: expect.stringContaining('нет ответа'),
    });
    expect(feedCalls(server)).toBe(1);
  });

  it('an answer that drips byte by byte ends with it too', async () => {
    const timers: NodeJS.Timeout[] = [];
    const [platform] = await withServer(
      (_seen, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        timers.push(setInterval(() => response.write(' '), 20));
      },
      { timeoutMs: 300 },
    );
    const fault = await faultOf(platform.readFeed(cabinet(), query));
    for (const timer of timers) clearInterval(timer);
    expect(fault.code).toBe('PLATFORM_UNREACHABLE');
  });

  it('nobody listening, an unknown host', async () => {
    for (const base of ['http://127.0.0.1:1', 'http://no-such-host.invalid']) {
      const platform = platformAt(base);
      open.push(() => platform.close());
      const fault = await faultOf(platform.checkCabinet(cabinet()));
      expect(fault).toMatchObject({
        code: 'PLATFORM_UNREACHABLE',
        detail: expect.stringMatching(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/),
      });
    }
  });
});

describe('a stop', () => {
  it('before the call, nothing is sent', async () => {
    const [platform, server] = await withServer(inTurn(good));
    expect((await faultOf(platform.readFeed(cabinet(), query, AbortSignal.abort()))).code).toBe('STOPPED');
    expect(feedCalls(server)).toBe(0);
  });

  it('during the call, it ends at once', async () => {
    const asked = Promise.withResolvers<void>();
    const [platform] = await withServer(() => asked.resolve());
    const stop = new AbortController();
    const fault = faultOf(platform.readFeed(cabinet(), query, stop.signal));
    await asked.promise;
    stop.abort();
    expect((await fault).code).toBe('STOPPED');
  });

  it('between repeats, no other try is made', async () => {
    const stop = new AbortController();
    const [platform, server] = await withServer((_seen, response) => {
      response.once('finish', () => stop.abort());
      json(response, 500, {});
    });
    expect((await faultOf(platform.readFeed(cabinet(), query, stop.signal))).code).toBe('STOPPED');
    expect(feedCalls(server)).toBe(1);
  });
});
