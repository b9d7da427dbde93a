import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import type { PlatformShowcase } from '../../../src/platform/port.ts';
import { createRestPlatform } from '../../../src/platform/rest/index.ts';
import { closing, logInsOf } from './replies-support.ts';
import {
  cabinet,
  faultOf,
  type Handler,
  json,
  mapping,
  startServer,
  startWithLogin,
  type TinyServer,
  TOKEN_PATH,
  tokenBody,
} from './support.ts';

const UPLOADS = '/showcase-service/uploads';
const KEY = 'main-7-0a1b2c';

function driverAt(
  baseUrl: string,
  times: { timeoutMs?: number; idleTimeoutMs?: number } = {},
): PlatformShowcase {
  const platform = createRestPlatform({
    baseUrl,
    mapping,
    timeoutMs: 5000,
    idleTimeoutMs: 5000,
    tokenScope: 'sed',
    repeatDelayMs: 1,
    ...times,
  });
  closing(() => platform.close());
  return platform;
}

async function withServer(handler: Handler): Promise<[PlatformShowcase, TinyServer]> {
  const server = await startWithLogin(handler);
  closing(server.close);
  return [driverAt(server.url), server];
}

/** A file of these bytes in pieces; counts how often it was opened. */
function fileOf(bytes: Buffer, size = bytes.length) {
  let opened = 0;
  return {
    size,
    opened: () => opened,
    open() {
      opened += 1;
      const pieces = [];
      for (let at = 0; at < bytes.length; at += 10_000) pieces.push(bytes.subarray(at, at + 10_000));
      return Readable.from(pieces, { objectMode: false });
    },
  };
}

const upload = (platform: PlatformShowcase, file = fileOf(Buffer.from('файл'))) =>
  platform.uploadShowcase(cabinet(), KEY, file);

describe('uploading a file', () => {
  it('sends its very bytes with known length, type, packing, key and cabinet', async () => {
    const bytes = randomBytes(300_000);
    const got: Buffer[] = [];
    const server = await startServer(() => undefined);
    await server.close();
    const { createServer } = await import('node:http');
    const http = createServer(async (request, response) => {
      if (request.url === TOKEN_PATH) {
        request.resume();
        return json(response, 200, tokenBody());
      }
      for await (const piece of request) got.push(piece as Buffer);
      expect(request.headers).toMatchObject({
        'content-length': '300000',
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
        'idempotency-key': KEY,
        'opa-id': '100200',
        authorization: 'Bearer tok-1',
      });
      expect(request.headers['transfer-encoding']).toBeUndefined();
      return json(response, 202, { uploadId: 'u-1' });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closing(async () => {
      http.closeAllConnections();
      http.close();
    });
    const { port } = http.address() as { port: number };
    expect(await upload(driverAt(`http://127.0.0.1:${port}`), fileOf(bytes))).toEqual({ uploadId: 'u-1' });
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
  });

  it('takes a number for the id, and no other nonsense', async () => {
    const ids: unknown[] = [17, 'u-2', '', null, { a: 1 }, 1.5, 'a\u0000b'];
    const [platform] = await withServer((_seen, response) => json(response, 202, { uploadId: ids.shift() }));
    expect(await upload(platform)).toEqual({ uploadId: '17' });
    expect(await upload(platform)).toEqual({ uploadId: 'u-2' });
    while (ids.length > 0) {
      expect(await faultOf(upload(platform))).toMatchObject({
        code: 'PLATFORM_OUTCOME_UNKNOWN',
        kind: 'unknown',
      });
    }
  });

  it('opens the file anew when the session died early, and sends it once otherwise', async () => {
    let calls = 0;
    const [platform, server] = await withServer((_seen, response) => {
      calls += 1;
      return calls === 1 ? json(response, 401, {}) : json(response, 202, { uploadId: 'u' });
    });
    const file = fileOf(Buffer.from('x'.repeat(100)));
    await upload(platform, file);
    expect(file.opened()).toBe(2);
    expect(server.seen.filter(({ path }) => path === UPLOADS).map(({ body }) => body.length)).toEqual([
      100, 100,
    ]);
    expect(logInsOf(server)).toBe(2);
  });

  it.each([
    [413, { error: 'too_many' }, { code: 'SHOWCASE_TOO_MANY_RECORDS', detail: 'код ответа 413' }],
    [
      422,
      {
        error: 'validation',
        details: [{ field: 'organization.ogrn', code: 'BAD_HEADER', message: 'не та' }],
      },
      { code: 'SHOWCASE_HEADER_REFUSED', field: 'organization.ogrn', detail: 'BAD_HEADER: не та' },
    ],
    [
      422,
      { error: 'validation', details: [{ field: 'subjectId', code: 'UNKNOWN', message: 'нет\nтакой' }, {}] },
      { code: 'SHOWCASE_FILE_REFUSED', field: 'subjectId', detail: 'UNKNOWN: нет такой' },
    ],
    [
      422,
      { error: 'validation', details: { field: 'records', message: 'число' } },
      { code: 'SHOWCASE_HEADER_REFUSED', field: 'records', detail: 'validation: число' },
    ],
    [422, { error: 'bad_file' }, { code: 'SHOWCASE_FILE_REFUSED', detail: 'bad_file' }],
    [422, '<html>нет</html>', { code: 'SHOWCASE_FILE_REFUSED', detail: 'HTTP_422' }],
    [
      422,
      { details: [{ field: 'что-то не то', message: 5 }] },
      { code: 'SHOWCASE_FILE_REFUSED', detail: 'HTTP_422' },
    ],
    [400, {}, { code: 'SHOWCASE_FILE_REFUSED' }],
    [403, {}, { code: 'PLATFORM_FORBIDDEN' }],
    [429, {}, { code: 'PLATFORM_BUSY' }],
    [404, {}, { code: 'SHOWCASE_FILE_REFUSED' }],
    [500, {}, { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    [502, '<html>', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    [503, {}, { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    [200, '<html>', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
  ])('%i %j is %j, after one try', async (status, body, fault) => {
    const [platform, server] = await withServer((_seen, response) => json(response, status, body));
    expect(await faultOf(upload(platform))).toMatchObject(fault);
    expect(server.paths().filter((path) => path === UPLOADS)).toHaveLength(1);
  });

  it('cut after sending is unknown; refused before sending is not', async () => {
    const [platform, server] = await withServer((_seen, response) => {
      response.destroy();
    });
    expect(await faultOf(upload(platform))).toMatchObject({ code: 'PLATFORM_OUTCOME_UNKNOWN' });
    await platform.readShowcaseReport(cabinet(), 'x', { size: 1 }).catch(() => undefined);
    await server.close();
    expect(await faultOf(upload(platform))).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });

  it('stops by itself when nothing is taken any more', async () => {
    const server = await startWithLogin(() => undefined);
    closing(server.close);
    const fault = await faultOf(upload(driverAt(server.url, { idleTimeoutMs: 200 })));
    expect(fault).toMatchObject({ code: 'PLATFORM_OUTCOME_UNKNOWN' });
  });

  it('stopped by us is unknown when it was under way, and STOPPED before', async () => {
    const stop = new AbortController();
    const [platform] = await withServer(() => stop.abort());
    const file = fileOf(Buffer.from('x'));
    const cut = platform.uploadShowcase(cabinet(), KEY, file, stop.signal);
    expect(await faultOf(cut)).toMatchObject({ code: 'PLATFORM_OUTCOME_UNKNOWN' });
    const never = platform.uploadShowcase(cabinet(), KEY, file, AbortSignal.abort());
    expect(await faultOf(never)).toMatchObject({ code: 'STOPPED' });
  });

  it.each([3, 5])('a file of 4 bytes that should have %i is our own trouble', async (size) => {
    const [platform] = await withServer((_seen, response) => json(response, 202, { uploadId: 'u' }));
    const file = { size, open: () => Readable.from([Buffer.from('1234')], { objectMode: false }) };
    expect(await faultOf(upload(platform, file as never))).toMatchObject({ code: 'FILE_DAMAGED' });
  });

  it('a file that cannot be read in the middle is our own trouble', async () => {
    const [platform] = await withServer((_seen, response) => json(response, 202, { uploadId: 'u' }));
    const file = {
      size: 10,
      open: () =>
        Readable.from(
          (function* () {
            yield Buffer.from('12');
            throw Object.assign(new Error('диск'), { code: 'EIO' });
          })(),
          { objectMode: false },
        ),
    };
    const fault = await faultOf(platform.uploadShowcase(cabinet(), KEY, file));
    expect(fault).toMatchObject({ code: 'SPOOL_UNAVAILABLE', detail: 'файл витрины не читается (EIO)' });
  });

  it('refuses a key that a header cannot hold', async () => {
    const [platform] = await withServer(() => undefined);
    const work = platform.uploadShowcase(cabinet(), 'ключ', fileOf(Buffer.from('x')));
    const fault = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ code: 'DEFECT' });
  });
});
