import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { parseMultipart } from '../../simulators/platform/multipart.ts';
import { callsOf, closing, logInsOf, repliesAt, source, UPLOADS, withReplies } from './replies-support.ts';
import { cabinet, faultOf, type Handler, json, TOKEN_PATH, tokenBody } from './support.ts';

const MB = 1024 ** 2;
const taken = { id: 'f-1', name: 'Ответ.pdf', size: 12, mimeType: 'application/pdf' };
const file = () => source('hello, world');

function replying(code: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (_seen, response) => json(response, code, body, headers);
}

describe('uploadFile', () => {
  it('sends one part with name, type and length, and gives the id', async () => {
    const [platform, server] = await withReplies(replying(200, taken));
    expect(await platform.uploadFile(cabinet(), file())).toBe('f-1');
    const sent = server.seen.at(-1);
    expect(callsOf(server)).toEqual([UPLOADS]);
    expect(sent?.headers).toMatchObject({ 'opa-id': '100200', authorization: 'Bearer tok-1' });
    expect(sent?.headers['content-length']).toBe(String(Buffer.byteLength(sent?.body ?? '')));
    expect(sent?.headers['transfer-encoding']).toBeUndefined();
    const parts = parseMultipart(sent?.headers['content-type'], Buffer.from(sent?.body ?? ''));
    expect(parts).toEqual([
      {
        name: 'file',
        fileName: 'Ответ.pdf',
        contentType: 'application/pdf',
        content: Buffer.from('hello, world'),
      },
    ]);
  });

  it.each<[string, string, string]>([
    ['Ответ.DOCX', '', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['Ответ.pdf', 'text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['Ответ.pdf', 'a/b\r\nX-Evil: 1', 'application/pdf'],
    ['Ответ', '', 'application/octet-stream'],
    ['Ответ.pdf', 'application/octet-stream', 'application/pdf'],
    ['a.constructor', '', 'application/octet-stream'],
  ])('%s of type %j goes as %s', async (name, mimeType, expected) => {
    const [platform, server] = await withReplies(replying(201, taken));
    await platform.uploadFile(cabinet(), source('hello, world', { name, mimeType }));
    const sent = server.seen.at(-1);
    const [part] = parseMultipart(sent?.headers['content-type'], Buffer.from(sent?.body ?? '')) ?? [];
    expect(part?.contentType).toBe(expected);
  });

  it.each<[unknown, string]>([
    [{ id: 77 }, '77'],
    [{ id: 'a/b c' }, 'a/b c'],
    [{ id: 'x', size: '12' }, 'x'],
    [{ id: 'x', size: null }, 'x'],
    [{ id: 'x', size: 'much' }, 'x'],
  ])('%j names the file %s', async (body, id) => {
    const [platform] = await withReplies(replying(200, body));
    expect(await platform.uploadFile(cabinet(), file())).toBe(id);
  });

  it('an empty file', async () => {
    const [platform] = await withReplies(replying(200, { id: 'x', size: 0 }));
    expect(await platform.uploadFile(cabinet(), source(''))).toBe('x');
  });

  const limit = 'файл велик (12 Б)';
  it.each<[string, number, unknown, object]>([
    [
      '413',
      413,
      { error: 'too_large', limit: 10 * MB },
      { detail: `код ответа 413: ${limit}, платформа принимает не больше 10 МБ` },
    ],
    [
      '413 of a proxy',
      413,
      '<html>',
      {
        detail: `код ответа 413: ${limit}, предел платформа не назвала, в настройке limits.uploadFileBytes 50 МБ`,
      },
    ],
    [
      '415',
      415,
      { error: 'unsupported_type', allowed: ['doc', 'odt', 'Иванов'] },
      { detail: 'код ответа 415: тип файла «pdf» не принимается, разрешены: doc, odt' },
    ],
    ['415 of a proxy', 415, '', { detail: expect.stringMatching(/разрешены: pdf, doc, docx, .*p7s$/) }],
    [
      '422',
      422,
      { details: { field: 'file.name', message: 'имя Ответ.pdf занято' } },
      { field: 'file.name', detail: 'код ответа 422: file.name — имя … занято' },
    ],
  ])('%s is refused, once', async (_name, code, body, expected) => {
    const [platform, server] = await withReplies(replying(code, body));
    const fault = await faultOf(platform.uploadFile(cabinet(), file()));
    expect(fault).toMatchObject({ code: 'PLATFORM_REJECTED', kind: 'rejected', field: 'file', ...expected });
    expect(callsOf(server)).toHaveLength(1);
  });

  it.each<[string, number, unknown, string]>([
    ['500', 500, {}, 'PLATFORM_UNREACHABLE'],
    ['502', 502, '<html>', 'PLATFORM_UNREACHABLE'],
    ['503', 503, {}, 'PLATFORM_UNREACHABLE'],
    ['302', 302, '', 'PLATFORM_UNREACHABLE'],
    ['no JSON', 200, '{"id":', 'PLATFORM_UNREACHABLE'],
    ['429', 429, {}, 'PLATFORM_BUSY'],
    ['no id', 200, {}, 'PLATFORM_BAD_ANSWER'],
    ['an empty id', 200, { id: '' }, 'PLATFORM_BAD_ANSWER'],
    ['an unfit id', 200, { id: 'a\u0000' }, 'PLATFORM_BAD_ANSWER'],
    ['not all bytes', 200, { id: 'x', size: 11 }, 'FILE_DAMAGED'],
  ])('%s is passing trouble, and not repeated here', async (_name, code, body, expected) => {
    const [platform, server] = await withReplies(replying(code, body, { 'Retry-After': '3' }));
    const fault = await faultOf(platform.uploadFile(cabinet(), file()));
    expect(fault).toMatchObject({ code: expected, kind: 'transient' });
    if (code === 503 || code === 429) expect(fault.retryAfterMs).toBe(3000);
    expect(callsOf(server)).toHaveLength(1);
  });

  it('403 and 401: as every call; the file is read anew after a new log-in', async () => {
    const [forbidden] = await withReplies(replying(403, {}));
    expect((await faultOf(forbidden.uploadFile(cabinet(), file()))).code).toBe('PLATFORM_FORBIDDEN');
    let refusals = 1;
    const [platform, server] = await withReplies((_seen, response) => {
      refusals -= 1;
      return json(response, refusals >= 0 ? 401 : 200, refusals >= 0 ? {} : taken);
    });
    const given = file();
    expect(await platform.uploadFile(cabinet(), given)).toBe('f-1');
    expect([given.opened(), logInsOf(server), callsOf(server).length]).toEqual([2, 2, 2]);
    expect(server.seen.at(-1)?.body).toContain('hello, world');
  });

  it('a cut, a silent and a refusing server are passing trouble', async () => {
    const [cut, server] = await withReplies((_seen, response) => void response.socket?.resetAndDestroy());
    expect((await faultOf(cut.uploadFile(cabinet(), file()))).code).toBe('PLATFORM_UNREACHABLE');
    expect(callsOf(server)).toHaveLength(1);
    const [silent] = await withReplies(() => undefined, { idleTimeoutMs: 200 });
    expect((await faultOf(silent.uploadFile(cabinet(), file()))).code).toBe('PLATFORM_UNREACHABLE');
    const gone = repliesAt('http://127.0.0.1:1');
    expect((await faultOf(gone.uploadFile(cabinet(), file()))).code).toBe('PLATFORM_UNREACHABLE');
  });

  it('stops when told', async () => {
    const stop = new AbortController();
    const [platform] = await withReplies(() => stop.abort());
    expect((await faultOf(platform.uploadFile(cabinet(), file(), stop.signal))).code).toBe('STOPPED');
    expect((await faultOf(platform.uploadFile(cabinet(), file(), stop.signal))).code).toBe('STOPPED');
  });
});

describe('a source that fails', () => {
  it.each<[string, () => Readable, string]>([
    ['too short', () => Readable.from(['hello'], { objectMode: false }), 'FILE_DAMAGED'],
    ['too long', () => Readable.from(['hello, world!'], { objectMode: false }), 'FILE_DAMAGED'],
    ['not there', () => createReadStream('/no/such/file'), 'SPOOL_UNAVAILABLE'],
    [
      'broken in the middle',
      () =>
        Readable.from(
          (async function* () {
            yield Buffer.from('hello');
            throw new Error('disk');
          })(),
        ),
      'SPOOL_UNAVAILABLE',
    ],
    [
      'failing with a fault of its own',
      () =>
        new Readable({
          read() {
            this.destroy(new Fault('FILE_GONE'));
          },
        }),
      'FILE_GONE',
    ],
    [
      'that cannot be opened',
      () => {
        throw new Error('no');
      },
      'SPOOL_UNAVAILABLE',
    ],
  ])('%s: the fault is ours, and the platform takes nothing', async (_name, open, code) => {
    let ended = 0;
    const [platform] = await withReplies((seen, response) => {
      // A body that was cut is read as empty by the server's helper.
      if (seen.body !== '') ended += 1;
      json(response, 200, taken);
    });
    const fault = await faultOf(platform.uploadFile(cabinet(), { ...file(), open }));
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('Ответ');
    expect(ended).toBe(0);
  });
});

/** A bare server, for bodies that must not be gathered in memory. */
async function bareServer(onUpload: (request: IncomingMessage, answer: (code: number) => void) => void) {
  const server = createServer((request, response) => {
    if (request.url === TOKEN_PATH) {
      request.resume();
      return json(response, 200, tokenBody());
    }
    onUpload(request, (code) => json(response, code, code === 200 ? { id: 'f-1' } : { limit: 5 * MB }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** So many bytes, made on the way; tells how far it was read and whether it was let go. */
function generated(size: number) {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const state = { made: 0, closed: false };
  const open = () => {
    const stream = new Readable({
      read() {
        const left = size - state.made;
        const piece = chunk.subarray(0, Math.min(left, chunk.length));
        state.made += piece.length;
        this.push(left > 0 ? piece : null);
      },
    });
    stream.on('close', () => {
      state.closed = true;
    });
    return stream;
  };
  return { state, file: source('', { size, open }) };
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('the awaited did not come');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a large file', () => {
  it('flows, and waits while the platform does not read', async () => {
    const size = 96 * MB;
    const { state, file: large } = generated(size);
    let received = 0;
    const held = Promise.withResolvers<void>();
    const { url } = await bareServer(async (request, answer) => {
      await held.promise;
      request.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      request.on('end', () => answer(200));
    });
    const upload = repliesAt(url).uploadFile(cabinet(), large);
    // The sockets fill, and then nothing more is read of the file.
    let last = -1;
    await until(async () => {
      const before = last;
      last = state.made;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return last > 0 && before === last && state.made === last;
    });
    expect(state.made).toBeLessThan(32 * MB);
    held.resolve();
    expect(await upload).toBe('f-1');
    expect(received).toBeGreaterThan(size);
    expect(received).toBeLessThan(size + 1024);
    await until(() => state.closed);
  });

  it('goes on longer than the idle time while bytes are taken', async () => {
    const { url } = await bareServer((request, answer) => {
      // A dozen pauses, together longer than the idle time.
      let since = 0;
      request.on('data', (chunk: Buffer) => {
        since += chunk.length;
        if (since < 2 * MB) return;
        since = 0;
        request.pause();
        setTimeout(() => request.resume(), 200);
      });
      request.on('end', () => answer(200));
    });
    const platform = repliesAt(url, { idleTimeoutMs: 2000, timeoutMs: 2000 });
    const started = performance.now();
    expect(await platform.uploadFile(cabinet(), generated(25 * MB).file)).toBe('f-1');
    expect(performance.now() - started).toBeGreaterThan(2000);
  });

  it('is given up when the platform stops reading', async () => {
    const { url } = await bareServer((request) => void request.pause());
    const { state, file: large } = generated(64 * MB);
    const fault = await faultOf(repliesAt(url, { idleTimeoutMs: 300 }).uploadFile(cabinet(), large));
    expect(fault).toMatchObject({ code: 'PLATFORM_UNREACHABLE', detail: 'нет ответа за отведённое время' });
    await until(() => state.closed);
  });

  it('refused before it was read: the refusal is heard, and source and connection are let go', async () => {
    const uploads: Socket[] = [];
    const write = (socket: Socket, status: string, body: unknown) => {
      const text = JSON.stringify(body);
      socket.write(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      );
    };
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        if (uploads.includes(socket)) return;
        if (chunk.toString('latin1').startsWith(`POST ${TOKEN_PATH}`))
          return write(socket, '200 OK', tokenBody());
        uploads.push(socket);
        socket.pause();
        write(socket, '413 Payload Too Large', { error: 'too_large', limit: 5 * MB });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(() => new Promise((resolve) => void server.close(() => resolve())));
    const { state, file: large } = generated(64 * MB);
    const platform = repliesAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const fault = await faultOf(platform.uploadFile(cabinet(), large));
    expect(fault).toMatchObject({ code: 'PLATFORM_REJECTED', field: 'file' });
    expect(fault.detail).toContain('файл велик (64 МБ), платформа принимает не больше 5 МБ');
    expect([uploads.length, state.made < 32 * MB]).toEqual([1, true]);
    await until(() => state.closed);
    uploads[0]?.resume();
    await until(() => uploads[0]?.destroyed === true);
  });

  it('from a real file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'upload-'));
    closing(() => rm(folder, { recursive: true }));
    const path = join(folder, 'blob');
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
    await writeFile(path, bytes);
    const whole = Promise.withResolvers<[string | undefined, Buffer]>();
    const { url } = await bareServer(async (request, answer) => {
      whole.resolve([request.headers['content-type'], await buffer(request)]);
      answer(200);
    });
    const given = source(bytes, { open: () => createReadStream(path) });
    expect(await repliesAt(url).uploadFile(cabinet(), given)).toBe('f-1');
    const [type, body] = await whole.promise;
    expect(parseMultipart(type, body)?.[0]?.content.equals(bytes)).toBe(true);
  });
});
