import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import type { Platform } from '../../../src/platform/port.ts';
import {
  cabinet,
  FILES_PATH,
  faultOf,
  type Handler,
  json,
  type PlatformSettings,
  platformAt,
  type Seen,
  startWithLogin,
  type TinyServer,
} from './support.ts';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
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

/** A file store that honours Range as RFC 9110 says. */
const store: Handler = (seen, response) => {
  if (seen.path !== `${FILES_PATH}/file-1`) return json(response, 404, { error: 'not_found' });
  const start = Number(/^bytes=(\d+)-$/.exec(seen.headers.range ?? '')?.[1] ?? 0);
  const total = CONTENT.length;
  if (start >= total) return void response.writeHead(416, { 'Content-Range': `bytes */${total}` }).end();
  const isPart = seen.headers.range !== undefined;
  response.writeHead(isPart ? 206 : 200, {
    'Content-Length': String(total - start),
    ...(isPart && { 'Content-Range': `bytes ${start}-${total - 1}/${total}` }),
  });
  response.end(CONTENT.subarray(start));
};

/** Sends headers and a first piece, then does as told. */
function partly(then: (response: ServerResponse) => void, headers: Record<string, string> = {}): Handler {
  return (_seen, response) => {
    response.writeHead(200, { 'Content-Length': String(CONTENT.length), ...headers });
    response.write(CONTENT.subarray(0, 1000), () => then(response));
  };
}

function ranges(server: TinyServer): (string | undefined)[] {
  return server.seen.filter((one: Seen) => one.path.startsWith(FILES_PATH)).map((one) => one.headers.range);
}

describe('opening a file', () => {
  it('brings its bytes and their number, uncompressed', async () => {
    const [platform, server] = await withServer(store);
    const file = await platform.openFile(cabinet(), 'file-1', 0);
    expect([file.offset, file.length]).toEqual([0, CONTENT.length]);
    expect((await buffer(file.stream)).equals(CONTENT)).toBe(true);
    const { range, 'accept-encoding': encoding, 'opa-id': opaId } = server.seen.at(-1)?.headers ?? {};
    expect([range, encoding, opaId]).toEqual([undefined, 'identity', '100200']);
  });

  it('goes on from where it was cut', async () => {
    const [platform, server] = await withServer(store);
    const file = await platform.openFile(cabinet(), 'file-1', 250_000);
    expect([file.offset, file.length]).toEqual([250_000, 50_000]);
    expect((await buffer(file.stream)).equals(CONTENT.subarray(250_000))).toBe(true);
    expect(ranges(server)).toEqual(['bytes=250000-']);
  });

  it('starts anew when the platform ignores the offset', async () => {
    const [platform] = await withServer((seen, response, request) =>
      store({ ...seen, headers: { ...seen.headers, range: undefined } }, response, request),
    );
    const file = await platform.openFile(cabinet(), 'file-1', 250_000);
    expect([file.offset, file.length]).toEqual([0, CONTENT.length]);
    expect((await buffer(file.stream)).equals(CONTENT)).toBe(true);
  });

  it.each([CONTENT.length, CONTENT.length + 1])(
    'starts anew when offset %i is past the end',
    async (offset) => {
      const [platform, server] = await withServer(store);
      const file = await platform.openFile(cabinet(), 'file-1', offset);
      expect(file.offset).toBe(0);
      expect((await buffer(file.stream)).equals(CONTENT)).toBe(true);
      expect(ranges(server)).toEqual([`bytes=${offset}-`, undefined]);
    },
  );

  it('takes an id from outside as one segment of the path', async () => {
    const [platform, server] = await withServer(store);
    expect((await faultOf(platform.openFile(cabinet(), '../../auth?x=1#y', 0))).code).toBe('FILE_GONE');
    expect(server.paths().at(-1)).toBe(`${FILES_PATH}/..%2F..%2Fauth%3Fx%3D1%23y`);
    for (const id of ['', '.', '..']) {
      expect((await faultOf(platform.openFile(cabinet(), id, 0))).code).toBe('FILE_GONE');
    }
  });

  it('a file without a told length is read to its end', async () => {
    const [platform] = await withServer((_seen, response) => {
      response.writeHead(200);
      response.write(CONTENT.subarray(0, 10));
      response.end(CONTENT.subarray(10));
    });
    const file = await platform.openFile(cabinet(), 'file-1', 0);
    expect(file).not.toHaveProperty('length');
    expect((await buffer(file.stream)).equals(CONTENT)).toBe(true);
  });

  it('an empty file is a file', async () => {
    const [platform] = await withServer(
      (_seen, response) => void response.writeHead(200, { 'Content-Length': '0' }).end(),
    );
    const file = await platform.openFile(cabinet(), 'file-1', 0);
    expect(file.length).toBe(0);
    expect(await buffer(file.stream)).toHaveLength(0);
  });

  it.each<[number, string]>([
    [404, 'FILE_GONE'],
    [403, 'PLATFORM_FORBIDDEN'],
    [401, 'PLATFORM_SESSION_REFUSED'],
    [500, 'PLATFORM_UNREACHABLE'],
    [429, 'PLATFORM_BUSY'],
    [302, 'PLATFORM_BAD_ANSWER'],
    [416, 'PLATFORM_BAD_ANSWER'],
  ])('%i gives %s', async (status, code) => {
    const [platform] = await withServer((_seen, response) => json(response, status, {}));
    expect((await faultOf(platform.openFile(cabinet(), 'file-1', 0))).code).toBe(code);
  });

  it.each<[string, Record<string, string>]>([
    ['no Content-Range', {}],
    ['another start', { 'Content-Range': 'bytes 5-299999/300000' }],
    ['an end past the total', { 'Content-Range': 'bytes 100-300000/300000' }],
    ['an end before the start', { 'Content-Range': 'bytes 100-99/300000' }],
    ['nonsense', { 'Content-Range': 'half of it' }],
    [
      'compression nobody asked for',
      { 'Content-Range': 'bytes 100-299999/300000', 'Content-Encoding': 'gzip' },
    ],
  ])('a piece with %s is no answer', async (_name, headers) => {
    const [platform] = await withServer((_seen, response) => {
      response.writeHead(206, headers);
      response.end(CONTENT.subarray(100));
    });
    expect((await faultOf(platform.openFile(cabinet(), 'file-1', 100))).code).toBe('PLATFORM_BAD_ANSWER');
  });

  it('silence before the headers ends with the time-out', async () => {
    const [platform] = await withServer(() => undefined, { timeoutMs: 150 });
    expect((await faultOf(platform.openFile(cabinet(), 'file-1', 0))).code).toBe('PLATFORM_UNREACHABLE');
  });
});

describe('a transfer that fails on its way', () => {
  async function transferFault(
    handler: Handler,
    settings: PlatformSettings = {},
    offset = 0,
  ): Promise<Fault> {
    const [platform] = await withServer(handler, settings);
    const { stream } = await platform.openFile(cabinet(), 'file-1', offset);
    return faultOf(buffer(stream));
  }

  it.each<[string, Handler]>([
    ['reset', partly((response) => void response.socket?.resetAndDestroy())],
    ['closed early', partly((response) => void response.socket?.end())],
  ])('%s: transient, to be resumed', async (_name, handler) => {
    expect(await transferFault(handler)).toMatchObject({ code: 'PLATFORM_UNREACHABLE', kind: 'transient' });
  });

  it('a piece that ends before the file does', async () => {
    const fault = await transferFault(
      (_seen, response) => {
        response.writeHead(206, { 'Content-Range': 'bytes 100-199/300000', 'Content-Length': '100' });
        response.end(CONTENT.subarray(100, 200));
      },
      {},
      100,
    );
    expect(fault).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      detail: expect.stringContaining('раньше времени'),
    });
  });

  it('silence inside the transfer, though the whole may take longer than the time-out', async () => {
    const fault = await transferFault(
      partly(() => undefined),
      { timeoutMs: 60_000, idleTimeoutMs: 100 },
    );
    expect(fault).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      detail: expect.stringContaining('замолчала'),
    });
  });

  it('steady bytes keep it alive past both limits', async () => {
    let sent = 0;
    const [platform] = await withServer(
      (_seen, response) => {
        response.writeHead(200, { 'Content-Length': '20' });
        const timer = setInterval(() => {
          sent += 1;
          response.write('x');
          if (sent === 20) clearInterval(timer);
        }, 25);
      },
      { timeoutMs: 200, idleTimeoutMs: 400 },
    );
    const { stream } = await platform.openFile(cabinet(), 'file-1', 0);
    expect(await buffer(stream)).toHaveLength(20);
  });

  it('a reader that takes its time is not taken for silence', async () => {
    const [platform] = await withServer(
      (_seen, response) => {
        response.writeHead(200, { 'Content-Length': String(20 * 1024 * 1024) });
        Readable.from(
          (function* () {
            for (let i = 0; i < 20; i += 1) yield Buffer.alloc(1024 * 1024, i);
          })(),
        ).pipe(response);
      },
      { idleTimeoutMs: 600 },
    );
    const { stream } = await platform.openFile(cabinet(), 'file-1', 0);
    let read = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // One pause longer than the limit, with the pipe full.
      if (read === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
      read += chunk.length;
    }
    expect(read).toBe(20 * 1024 * 1024);
  });

  it('trouble before anybody listens is found later, and kills nothing', async () => {
    const [platform] = await withServer(partly((response) => void response.socket?.resetAndDestroy()));
    const { stream } = await platform.openFile(cabinet(), 'file-1', 0);
    stream.resume();
    while (!stream.destroyed) await new Promise((resolve) => setImmediate(resolve));
    expect((await faultOf(buffer(stream))).code).toBe('PLATFORM_UNREACHABLE');
  });

  it('a stop ends it', async () => {
    const [platform] = await withServer(partly(() => undefined));
    const stop = new AbortController();
    const { stream } = await platform.openFile(cabinet(), 'file-1', 0, stop.signal);
    const fault = faultOf(buffer(stream));
    stop.abort();
    expect((await fault).code).toBe('STOPPED');
  });

  it('a reader that goes away frees the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const [platform] = await withServer(
      partly((response) => void response.once('close', () => closed.resolve())),
    );
    const { stream } = await platform.openFile(cabinet(), 'file-1', 0);
    stream.destroy();
    await closed.promise;
    expect(stream.destroyed).toBe(true);
  });

  it('cut at every third of the way, the pieces make the whole', async () => {
    const [platform, server] = await withServer((seen, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(seen.headers.range ?? '')?.[1] ?? 0);
      const total = CONTENT.length;
      response.writeHead(start > 0 ? 206 : 200, {
        'Content-Length': String(total - start),
        ...(start > 0 && { 'Content-Range': `bytes ${start}-${total - 1}/${total}` }),
      });
      const piece = CONTENT.subarray(start, start + 100_001);
      if (start + piece.length >= total) response.end(piece);
      else response.write(piece, () => response.socket?.end());
    });
    const got: Buffer[] = [];
    const size = () => got.reduce((sum, chunk) => sum + chunk.length, 0);
    for (let tries = 0; tries < 10 && size() < CONTENT.length; tries += 1) {
      const { stream, offset } = await platform.openFile(cabinet(), 'file-1', size());
      expect(offset).toBe(size());
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) got.push(chunk);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }
    const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(sum(Buffer.concat(got))).toBe(sum(CONTENT));
    expect(ranges(server).length).toBeGreaterThan(2);
  });
});
