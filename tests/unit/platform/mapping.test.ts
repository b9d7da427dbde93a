import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseDocument } from 'yaml';
import {
  fillPath,
  loadPlatformMapping,
  meaningOf,
  parsePlatformMapping,
} from '../../../src/platform/rest/mapping.ts';
import { anyText, faultOf, mapping } from './support.ts';

const SHIPPED = new URL('../../../mappings/platform.yaml', import.meta.url).pathname;

/** What the loader says of the shipped file with values put at dotted paths; undefined takes the key out. */
async function complaint(changes: Record<string, unknown>): Promise<string> {
  const document = parseDocument(await readFile(SHIPPED, 'utf8'));
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    if (value === undefined) document.deleteIn(keys);
    else document.setIn(keys, value);
  }
  const fault = await faultOf((async () => parsePlatformMapping(String(document), 'platform.yaml'))());
  expect(fault.code).toBe('CONFIG_INVALID');
  return fault.detail ?? '';
}

describe('the shipped mapping', () => {
  it('makes cards of appeals that passed moderation and are open, and of no others', () => {
    expect(mapping.cardStatuses).toContain('MODERATION_ACCEPT');
    expect(mapping.cardStatuses).not.toContain('MODERATION_NEW');
    expect([...mapping.finalStatuses].sort()).toEqual(['MODERATION_DECLINE', 'SEND_RESPONSE']);
    expect([...mapping.cardStatuses, ...mapping.finalStatuses, 'MODERATION_NEW'].sort()).toEqual(
      Object.keys(mapping.statuses).sort(),
    );
  });

  it('holds the calls of the contract', () => {
    expect(mapping.calls.token).toMatchObject({ method: 'POST', path: '/auth-service/oauth/token' });
    expect(mapping.calls.feed).toMatchObject({ method: 'GET', path: '/appeal-service/sed/appeals' });
    expect(mapping.calls.file.path).toBe('/inbox-service/filestorage/{fileId}');
    expect(mapping.calls.sendStatus).toMatchObject({ effect: 'write' });
    expect(mapping.calls.sendAnswer).toMatchObject({ effect: 'write' });
    expect(mapping.headers).toMatchObject({ cabinet: 'OPA-ID', idempotencyKey: 'Idempotency-Key' });
    expect(mapping.limits).toMatchObject({ pageSize: 200, uploadFileBytes: 50 * 1024 ** 2, answerFiles: 10 });
  });

  it('calls that change nothing on the platform are reads, all others writes', () => {
    const writes = Object.entries(mapping.calls).filter(([, call]) => call.effect === 'write');
    expect(writes.map(([name]) => name).sort()).toEqual([
      'sendAnswer',
      'sendStatus',
      'uploadFile',
      'uploadShowcase',
    ]);
  });
});

describe('a faulty mapping is told with the path at fault', () => {
  it.each<[string, string, unknown, string]>([
    [
      'a path without its placeholder',
      'calls.file.path',
      '/files',
      'calls.file.path: нужны подстановки {fileId}',
    ],
    [
      'a path with a stray one',
      'calls.feed.path',
      '/f/{posId}',
      'calls.feed.path: в этом пути не должно быть',
    ],
    ['a relative path', 'calls.feed.path', 'feed', 'calls.feed.path: путь начинается с /'],
    ['an unknown meaning', 'calls.feed.answers', { 410: 'gone' }, 'calls.feed.answers.410: нужно одно из'],
    ['a status that is none', 'commonAnswers.999', 'ok', 'commonAnswers.999'],
    ['an impossible header name', 'headers.cabinet', 'OPA ID', 'headers.cabinet: недопустимое имя'],
    ['a missing section', 'limits', undefined, 'limits: отсутствует'],
    [
      'a missing parameter name',
      'calls.feed.parameters.after',
      undefined,
      'calls.feed.parameters.after: нужна строка',
    ],
    ['a superfluous key', 'tokens', {}, '(весь файл): лишнее: tokens'],
    ['a superfluous key deep inside', 'token.x', 1, 'token: лишнее: x'],
    [
      'a card status nobody knows',
      'cardStatuses',
      ['NOWHERE'],
      'cardStatuses.0: «NOWHERE» нет в разделе statuses',
    ],
    [
      'a final card status',
      'cardStatuses',
      ['SEND_RESPONSE'],
      'cardStatuses.0: «SEND_RESPONSE» назван и конечным',
    ],
    [
      'an unknown change',
      'changeRoles.rated',
      'STARRED',
      'changeRoles.rated: «STARRED» нет в разделе changes',
    ],
    ['another version', 'version', 2, 'version: поддерживается только version: 1'],
    ['a limit of zero', 'limits.pageSize', 0, 'limits.pageSize: нужно число от 1'],
  ])('%s', async (_name, path, value, expected) => {
    expect(await complaint({ [path]: value })).toContain(expected);
  });

  it('all faults at once', async () => {
    const detail = await complaint({ errors: undefined, version: 3 });
    expect(detail).toContain('errors: отсутствует');
    expect(detail).toContain('version: поддерживается');
  });

  it('a file that is not there, and one that is no YAML', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapping-'));
    try {
      const missing = await faultOf(loadPlatformMapping(join(folder, 'none.yaml')));
      expect(missing).toMatchObject({
        code: 'CONFIG_INVALID',
        detail: expect.stringContaining('файл не читается'),
      });
      await writeFile(join(folder, 'broken.yaml'), 'a: [1');
      const broken = await faultOf(loadPlatformMapping(join(folder, 'broken.yaml')));
      expect(broken).toMatchObject({
        code: 'CONFIG_INVALID',
        detail: expect.stringContaining('это не YAML'),
      });
      await writeFile(join(folder, 'empty.yaml'), '');
      expect((await faultOf(loadPlatformMapping(join(folder, 'empty.yaml')))).code).toBe('CONFIG_INVALID');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('meaningOf', () => {
  it.each<[Parameters<typeof meaningOf>[1], number, string]>([
    ['feed', 200, 'ok'],
    ['feed', 410, 'cursor-expired'],
    ['feed', 400, 'invalid'],
    ['feed', 401, 'session-refused'],
    ['token', 401, 'wrong-credentials'],
    ['token', 423, 'cabinet-not-ready'],
    ['file', 206, 'partial'],
    ['file', 416, 'range-refused'],
    ['feed', 206, 'misdirected'],
    ['feed', 302, 'misdirected'],
    ['feed', 500, 'unavailable'],
    ['feed', 599, 'unavailable'],
    ['feed', 503, 'busy'],
    ['sendStatus', 409, 'illegal-transition'],
    ['sendStatus', 201, 'ok'],
    ['sendAnswer', 418, 'invalid'],
    ['uploadFile', 413, 'too-large'],
  ])('%s %i is %s', (call, status, meaning) => {
    expect(meaningOf(mapping, call, status)).toBe(meaning);
  });

  it("a call's own class stands behind a common exact status", () => {
    const own = structuredClone(mapping);
    own.calls.feed.answers = { '5xx': 'misdirected' };
    expect(meaningOf(own, 'feed', 503)).toBe('busy');
    expect(meaningOf(own, 'feed', 502)).toBe('misdirected');
  });
});

describe('fillPath', () => {
  it('encodes what would change the path', () => {
    expect(fillPath('/a/{id}/b', { id: 'x/../y?z#ё' })).toBe('/a/x%2F..%2Fy%3Fz%23%D1%91/b');
  });

  it.each(['', '.', '..'])('refuses the segment «%s», which a URL folds away', (id) => {
    expect(() => fillPath('/a/{id}', { id })).toThrow('PLATFORM_REJECTED');
  });

  it('whatever the value, the path keeps its segments', () => {
    fc.assert(
      fc.property(
        anyText.filter((text) => text !== ''),
        (id) => {
          fc.pre(!/^\.{1,2}$/.test(id.toWellFormed()));
          const url = new URL(`http://h${fillPath('/a/{id}/b', { id })}`);
          expect(url.pathname.split('/')).toHaveLength(4);
          expect(decodeURIComponent(url.pathname.split('/')[2] ?? '')).toBe(id.toWellFormed());
        },
      ),
    );
  });
});
