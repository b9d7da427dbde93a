import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveBatch } from './batch.ts';
import { type ArchiveControl, controlOf } from './control.ts';
import { fallingFault, faultReply } from './faults.ts';
import { serveRead } from './read.ts';
import { page, type Reply } from './reply.ts';
import type { Counts } from './select.ts';
import { isLoggedIn, serveSession } from './session.ts';
import { type ArchiveState, createState } from './state.ts';
import type { ArchiveOptions } from './types.ts';

export type { ArchiveControl } from './control.ts';
export type { ArchiveCounters, ArchiveFault, ArchiveOptions, ArchiveTruth, TrueState } from './types.ts';

export interface ArchiveSimulator extends ArchiveControl {
  /** `http://127.0.0.1:{port}`, no slash at the end. */
  readonly url: string;
  readonly user: string;
  close(): Promise<void>;
}

const SESSION = '/Services/ApiSession.asmx';
const ODATA = '/CoreHost/OData/';

/** Starts a simulated ДЕЛО-WEB archive on 127.0.0.1 (contract: sev, section 2). It knows nothing of the connector. */
export async function startArchive(options: ArchiveOptions = {}): Promise<ArchiveSimulator> {
  const state = createState(options);
  const counts: Counts = new Map();
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer({ keepAlive: true }, (req, res) => {
    // A caller that leaves in the middle is nothing to report.
    res.on('error', () => undefined);
    serve(state, counts, timers, req, res).catch((error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      if (res.headersSent) res.destroy();
      else send(res, page(500, `simulator: ${words}`));
    });
  });
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  server.maxRequestsPerSocket = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...controlOf(state),
    url: `http://127.0.0.1:${port}`,
    user: state.user,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  state: ArchiveState,
  counts: Counts,
  timers: Set<NodeJS.Timeout>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const target = req.url ?? '/';
  state.counters.longestUrl = Math.max(
    state.counters.longestUrl,
    `http://${req.headers.host ?? ''}${target}`.length,
  );
  const url = new URL(target, 'http://127.0.0.1');
  const body = await textOf(req);
  const { cookie } = req.headers;
  const isSession = url.pathname.startsWith(SESSION);
  if (!isSession && !url.pathname.startsWith(ODATA)) return send(res, page(404, 'Not found'));
  const entity = isSession ? '' : decodeURIComponent(url.pathname.slice(ODATA.length)).replace(/\/$/, '');
  const route = isSession ? 'login' : entity === '$batch' ? 'batch' : 'read';
  const rule = fallingFault(state, { route, entity });
  const work = async (): Promise<Reply> => {
    if (state.options.mostUrl !== undefined && target.length > state.options.mostUrl)
      return page(414, 'URI too long');
    if (isSession) {
      const rest = url.pathname.slice(SESSION.length);
      return await serveSession(state, {
        method: req.method ?? '',
        rest,
        query: url.searchParams,
        body,
        cookies: cookie,
      });
    }
    if (!isLoggedIn(state, cookie)) return page(401, 'Log in first');
    if (route === 'batch') {
      state.counters.batches += 1;
      return serveBatch(state, req.headers['content-type'] ?? '', body);
    }
    state.counters.reads += 1;
    return serveRead(state, counts, entity, url.searchParams);
  };
  if (rule === undefined) return send(res, await work());
  const instead = faultReply(state, rule, cookie);
  if (instead !== undefined) return send(res, instead);
  if (rule.kind === 'hang') return;
  if (rule.kind === 'cut') return void req.socket.destroy();
  const reply = await work();
  if (rule.kind === 'cut-after') return void req.socket.destroy();
  if (rule.kind === 'truncate') return truncate(res, reply);
  const timer = setTimeout(() => {
    timers.delete(timer);
    send(res, reply);
  }, rule.ms ?? 1000);
  timers.add(timer);
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(res: ServerResponse, { status, type, text, headers }: Reply): void {
  if (res.destroyed) return;
  const bytes = Buffer.from(text, 'utf8');
  for (const [name, value] of Object.entries(headers ?? {})) {
    res.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  res.writeHead(status, { ...(type !== '' && { 'Content-Type': type }), 'Content-Length': bytes.length });
  res.end(bytes);
}

function truncate(res: ServerResponse, { status, type, text }: Reply): void {
  const bytes = Buffer.from(text, 'utf8');
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length });
  res.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => res.destroy());
}
