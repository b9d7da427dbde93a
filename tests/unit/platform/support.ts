import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import type { CabinetAccess, Platform } from '../../../src/platform/port.ts';
import { createRestPlatform } from '../../../src/platform/rest/index.ts';
import { loadPlatformMapping } from '../../../src/platform/rest/mapping.ts';

/** The shipped mapping: what the tests drive is what runs at a site. */
export const mapping = await loadPlatformMapping(
  new URL('../../../mappings/platform.yaml', import.meta.url).pathname,
);

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (
  seen: Seen,
  response: ServerResponse,
  request: IncomingMessage,
) => void | Promise<void>;

export interface TinyServer {
  readonly url: string;
  readonly port: number;
  readonly seen: Seen[];
  /** Paths asked for, in order. */
  paths(): string[];
  close(): Promise<void>;
}

/** A real HTTP server on a free port of 127.0.0.1. */
export async function startServer(handler: Handler): Promise<TinyServer> {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const one: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await text(request).catch(() => ''),
    };
    seen.push(one);
    await handler(one, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    paths: () => seen.map((one) => one.path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export const TOKEN_PATH = '/auth-service/oauth/token';
export const FEED_PATH = '/appeal-service/sed/appeals';
export const FILES_PATH = '/inbox-service/filestorage';

/** A good answer to a log-in. */
export function tokenBody(token = 'tok-1', more: Record<string, unknown> = {}): Record<string, unknown> {
  return { access_token: token, token_type: 'bearer', expires_in: 3600, scope: 'sed', jti: 'j', ...more };
}

/** A server that lets everybody in and leaves the rest to `handler`. */
export function startWithLogin(handler: Handler): Promise<TinyServer> {
  return startServer((seen, response, request) => {
    if (seen.path === TOKEN_PATH) return json(response, 200, tokenBody());
    return handler(seen, response, request);
  });
}

export function cabinet(more: Partial<CabinetAccess> = {}): CabinetAccess {
  return {
    opaId: '100200',
    cabinet: 'first',
    identifier: 'ident-1',
    readPassword: async () => 'secret-1',
    timeZone: 'Asia/Yakutsk',
    ...more,
  };
}

export interface PlatformSettings {
  timeoutMs?: number;
  idleTimeoutMs?: number;
  now?: () => number;
  mapping?: typeof mapping;
}

/** The driver against a tiny server, with short times. */
export function platformAt(baseUrl: string, settings: PlatformSettings = {}): Platform {
  return createRestPlatform({
    baseUrl,
    mapping,
    timeoutMs: 5000,
    idleTimeoutMs: 5000,
    tokenScope: 'sed',
    repeatDelayMs: 1,
    ...settings,
  });
}

/** The Fault a promise rejects with; anything else fails the test. */
export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error('expected a Fault, but the call went well');
  if (!(outcome.error instanceof Fault)) throw outcome.error;
  return outcome.error;
}

/** An item as the contract shows it. */
export function wireItem(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    posId: 374299901,
    changeId: 'c-1',
    kind: 'MESSAGE',
    change: 'NEW',
    status: 'MODERATION_ACCEPT',
    statusText: 'На рассмотрении',
    createdAt: '2026-03-01T10:00:00+03:00',
    receivedAt: '2026-03-01T10:05:00.250Z',
    answerAt: '2026-03-31T23:59:00+03:00',
    source: 'EPGU',
    fastTrack: false,
    subjectId: 12,
    subjectName: 'Дороги',
    subsubjectId: '1207',
    subsubjectName: 'Ямы во дворах',
    description: 'Во дворе яма.\nПросим заделать.',
    location: { address: 'ул. Мира, 1', oktmo: '98701000', latitude: '62.03', longitude: 129.73 },
    applicant: { kind: 'PERSON', epguId: '777', surname: 'Тестов', name: 'Тест', email: 'test@example.org' },
    organizationInfo: { name: 'Администрация', inn: '1435000000' },
    customFieldValues: [{ customFieldId: 'f1', name: 'Подъезд', fieldType: 'NUMBER', value: 3 }],
    attachments: [{ fileId: 'file-1', name: 'фото.jpg', size: 1000, mimeType: 'image/jpeg' }],
    ...more,
  };
}

/** Any sequence of UTF-16 units: lone surrogates, U+0000 and all. */
export const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('a', '/', '.', '%', '😀', '\u0000', '\uD800', '\uDC00', '\uFFFF'),
  ),
});
