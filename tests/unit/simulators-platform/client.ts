import { request } from 'node:http';
import {
  type PlatformOptions,
  type PlatformSimulator,
  startPlatform,
} from '../../simulators/platform/index.ts';

export const OPA = '100001';
export const OTHER = '100002';

/** A platform with two cabinets; the caller closes it. */
export async function platformWithCabinets(options: PlatformOptions = {}): Promise<PlatformSimulator> {
  const platform = await startPlatform(options);
  for (const opaId of [OPA, OTHER]) {
    platform.addCabinet({
      opaId,
      identifier: `id-${opaId}`,
      password: `pw-${opaId}`,
      name: `Кабинет ${opaId}`,
    });
  }
  return platform;
}

export function logIn(platform: PlatformSimulator, opaId = OPA, password = `pw-${opaId}`): Promise<Response> {
  return fetch(`${platform.url}/auth-service/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', username: `id-${opaId}`, password, scope: 'any' }),
  });
}

export type Json = Record<string, unknown>;

export async function jsonOf(response: Response): Promise<Json> {
  return (await response.json()) as Json;
}

/** Headers of a fresh log-in. */
export async function access(platform: PlatformSimulator, opaId = OPA): Promise<Record<string, string>> {
  const token = await jsonOf(await logIn(platform, opaId));
  return { Authorization: `Bearer ${String(token['access_token'])}`, 'OPA-ID': opaId };
}

export interface FeedAnswer {
  content: Json[];
  next: string;
  last: boolean;
}

export async function readFeed(
  platform: PlatformSimulator,
  headers: Record<string, string>,
  query = '',
): Promise<FeedAnswer> {
  const response = await fetch(`${platform.url}/appeal-service/sed/appeals?${query}`, { headers });
  if (response.status !== 200) throw new Error(`feed answered ${response.status}`);
  return (await response.json()) as FeedAnswer;
}

export function post(
  url: string,
  headers: Record<string, string>,
  body: unknown,
  key?: string,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      'Content-Type': 'application/json',
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    },
    body: JSON.stringify(body),
  });
}

export function postStatus(
  platform: PlatformSimulator,
  headers: Record<string, string>,
  posId: number,
  fields: Json,
  key?: string,
): Promise<Response> {
  const url = `${platform.url}/appeal-service/sed/appeals/${posId}/statuses`;
  return post(url, headers, { at: '2026-01-15T10:00:00+03:00', ...fields }, key);
}

export const ANSWER: Json = {
  answerType: 'SOLVED',
  comment: 'Яма заделана.',
  number: '12-А',
  date: '2026-01-20',
  signer: { surname: 'Лесная', name: 'Юлия', position: 'начальник отдела' },
  fileIds: [],
};

export function postAnswer(
  platform: PlatformSimulator,
  headers: Record<string, string>,
  posId: number,
  fields: Json = {},
  key?: string,
): Promise<Response> {
  return post(
    `${platform.url}/appeal-service/sed/appeals/${posId}/answers`,
    headers,
    { ...ANSWER, ...fields },
    key,
  );
}

export function upload(
  platform: PlatformSimulator,
  headers: Record<string, string>,
  name: string,
  content: string,
  field = 'file',
): Promise<Response> {
  const body = new FormData();
  body.append('note', 'не файл');
  body.append(field, new Blob([content], { type: 'text/plain' }), name);
  return fetch(`${platform.url}/inbox-service/filestorage`, { method: 'POST', headers, body });
}

export function download(
  platform: PlatformSimulator,
  headers: Record<string, string>,
  fileId: string,
  range?: string,
): Promise<Response> {
  return fetch(`${platform.url}/inbox-service/filestorage/${fileId}`, {
    headers: { ...headers, ...(range === undefined ? {} : { Range: range }) },
  });
}

/** What came before the connection ended, whole or not. */
export function rawGet(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; announced: number; body: Buffer; complete: boolean }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', () => undefined);
      response.on('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          announced: Number(response.headers['content-length']),
          body: Buffer.concat(pieces),
          complete: response.complete,
        }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}

/** Waits for a condition; fails after the deadline with its name. */
export async function until(what: string, condition: () => boolean, deadlineMs = 5000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
