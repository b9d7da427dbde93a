import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Fault, toFault } from '../model/errors.ts';
import { endsWithin } from '../shutdown.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Metrics } from './metrics.ts';
import { addWeb, type WebOptions } from './web/app.ts';

/** Where the daemon's life stands; only while it works does it want traffic. */
export type DaemonPhase = 'starting' | 'working' | 'stopping';

export interface ConsoleOptions {
  readonly host: string;
  readonly port: number;
  readonly db: Queryable;
  readonly metrics: Metrics;
  readonly log: Logger;
  phase(): DaemonPhase;
  /** Pages, sign-in and API; without them only the probes are served. */
  readonly web?: WebOptions;
  /** Addresses of the reverse proxies whose `X-Forwarded-*` headers are believed. */
  readonly trustProxy?: readonly string[];
}

export interface ConsoleServer {
  readonly url: string;
  close(): Promise<void>;
}

/** How long a readiness probe waits for the database, ms. */
const PROBE_MS = 3000;

/** How long a whole request may take to arrive, ms: whoever sends a byte now and then holds no connection for ever. */
const REQUEST_MS = 300_000;

/** Largest body of a request but for uploaded files, bytes. */
const BODY_LIMIT = 256 * 1024;

/**
 * The console's port: `/healthz` (the process lives), `/readyz` (it works: database answers, start is over, no stop
 * has begun), `/metrics` (Prometheus), open to whoever reaches the port; all the rest asks for a sign-in.
 * @throws Fault CONSOLE_UNAVAILABLE when the address cannot be listened on
 */
export async function startConsole(options: ConsoleOptions): Promise<ConsoleServer> {
  const { host, port, log, trustProxy = [] } = options;
  const app: FastifyInstance = Fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    // An address that cannot even be read belongs to nobody.
    frameworkErrors: (_error, _request, reply) => {
      reply.hijack();
      reply.raw.writeHead(400, { 'content-type': 'application/json; charset=utf-8' }).end('{"ok":false}');
    },
  });
  app.setErrorHandler(async (error, _request, reply) => {
    const status = clientFault(error);
    if (status !== undefined) return reply.code(status).send({ ok: false });
    // The text of an error is for the log; who asks may be anybody.
    log.error({ code: toFault(error).code, err: error }, 'console request failed');
    return reply.code(500).send({ ok: false });
  });
  app.get('/healthz', async () => ({ ok: true }));
  app.get('/readyz', async (_request, reply) => {
    const phase = options.phase();
    const problem = phase === 'working' ? await probe(options.db) : phase;
    if (problem === undefined) return { ok: true };
    return reply.code(503).send({ ok: false, problem });
  });
  app.get('/metrics', async (_request, reply) => {
    const text = await options.metrics.render();
    return reply.header('content-type', options.metrics.contentType).send(text);
  });
  const { web } = options;
  // In a scope of its own: headers and answers of the probes stay what they were.
  if (web !== undefined) await app.register(async (scope) => await addWeb(scope, web));
  const url = await app.listen({ host, port }).catch((error: unknown) => {
    throw unavailable(host, port, error);
  });
  log.info({ url }, 'console listens');
  return { url, close: () => app.close() };
}

/** Status of a request that Fastify itself refuses (a broken URL, a wrong body), else undefined. */
function clientFault(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

const MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'порт занят другой программой',
  EACCES: 'нет права открыть этот порт',
  EADDRNOTAVAIL: 'у этой машины нет такого адреса',
  ENOTFOUND: 'имя не найдено',
};

function unavailable(host: string, port: number, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const meaning = MEANINGS[code] ?? 'адрес не открывается';
  return new Fault('CONSOLE_UNAVAILABLE', {
    detail: `${host}:${port}: ${meaning}${code === '' ? '' : ` (${code})`}`,
    cause: error,
  });
}

async function probe(db: Queryable): Promise<string | undefined> {
  try {
    const answered = await endsWithin(PROBE_MS, () => db.query('SELECT 1'));
    return answered ? undefined : 'database does not answer';
  } catch {
    return 'database is unreachable';
  }
}
