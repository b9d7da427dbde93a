import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClerkError } from '../clerk/commands.ts';
import type { DeloCore } from '../simulator.ts';
import { control } from './control.ts';
import { parseForm } from './form.ts';
import { html, json, type Reply, readBody } from './http.ts';
import { errorPage } from './layout.ts';
import { clerkForm, pages } from './pages.ts';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** A form of another site must not work here, even on one's own machine. */
function refuseForeign(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  const foreign = origin !== undefined && origin !== 'null' && new URL(origin).host !== host;
  if (foreign || origin === 'null') throw new ClerkError('Запрос с чужой страницы', 403);
}

async function route(core: DeloCore, request: IncomingMessage, url: URL): Promise<Reply> {
  if (url.pathname.startsWith('/_control/')) {
    const body = request.method === 'POST' ? await readBody(request) : Buffer.alloc(0);
    return control(core, request.method ?? 'GET', url, body);
  }
  if (request.method === 'GET' || request.method === 'HEAD') return pages(core, url);
  if (request.method !== 'POST') throw new ClerkError('Так сюда нельзя', 405);
  const form = parseForm(await readBody(request), request.headers['content-type']);
  return clerkForm(core, url.pathname, form);
}

function failure(error: unknown, isControl: boolean): Reply {
  const status = error instanceof ClerkError ? error.status : error instanceof SyntaxError ? 400 : 500;
  const text = error instanceof Error ? error.message : String(error);
  return isControl ? json({ error: text }, status) : html(errorPage(text), status);
}

async function handle(core: DeloCore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://delo.invalid');
  let reply: Reply;
  try {
    refuseForeign(request);
    reply = await route(core, request, url);
  } catch (error) {
    reply = failure(error, url.pathname.startsWith('/_control/'));
  }
  response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) });
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

/** Serves the pages and the control interface. */
export async function listen(
  core: DeloCore,
  at: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = createServer((request, response) => {
    handle(core, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
