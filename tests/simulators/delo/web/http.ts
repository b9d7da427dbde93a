import type { IncomingMessage } from 'node:http';
import { ClerkError } from '../clerk/commands.ts';

/** What a route answers. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** A page. No script runs on it, and nothing is loaded from elsewhere. */
export function html(body: string, status = 200): Reply {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'",
    'cache-control': 'no-store',
  };
  return { status, headers, body };
}

/** A JSON answer of the control interface. */
export function json(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value ?? null),
  };
}

/** Back to a page after a form. */
export function seeOther(location: string): Reply {
  return { status: 303, headers: { location }, body: '' };
}

/** A file to save: never shown in place, whatever it is. */
export function download(name: string, bytes: Uint8Array): Reply {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed()).replaceAll("'", '%27')}`,
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body: bytes };
}

/** The whole body; throws ClerkError (413) when it is too large. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new ClerkError('Слишком большой запрос', 413);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
