import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostmasterFile } from './postmaster-file.ts';

export const SUPERUSER = 'posrednik';
export const DATABASE = 'posrednik';

/** Where a server listens: a unix socket in a folder, or TCP on 127.0.0.1; never anything wider. */
export interface Endpoint {
  /** Absent for loopback TCP. */
  readonly socketDir?: string;
  readonly port: number;
}

const SOCKET_PORT = 5432;
/** `sun_path` of Linux holds 108 bytes, the closing zero among them. */
const SOCKET_PATH_MAX = 107;

/** A unix socket in `runDir`, or a free loopback port when its path is too long for one. */
export async function chooseEndpoint(runDir: string): Promise<Endpoint> {
  const path = join(runDir, `.s.PGSQL.${SOCKET_PORT}`);
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return { socketDir: runDir, port: SOCKET_PORT };
  return { port: await freePort() };
}

/** Where the server that wrote this postmaster.pid listens; `undefined` while it has not written so far. */
export function endpointOf(file: PostmasterFile): Endpoint | undefined {
  if (file.port === undefined) return undefined;
  return { port: file.port, ...(file.socketDir === undefined ? {} : { socketDir: file.socketDir }) };
}

/** Connection URL as `pg` and libpq read it; holds the password. */
export function urlOf(endpoint: Endpoint, password: string, database: string = DATABASE): string {
  const url = new URL(
    `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${endpoint.port}/${database}`,
  );
  if (endpoint.socketDir !== undefined) url.searchParams.set('host', endpoint.socketDir);
  return url.href;
}

/** Runs statements on one connection of its own; every failure is thrown as `pg` gives it. */
export async function withClient<T>(
  url: string,
  limitMs: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: limitMs,
    query_timeout: limitMs,
    application_name: 'posrednik',
  });
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether the server answers a query of ours within the limit. */
export async function answers(endpoint: Endpoint, password: string, limitMs: number): Promise<boolean> {
  const url = urlOf(endpoint, password, 'postgres');
  return withClient(url, limitMs, async (client) => (await client.query('SELECT 1')).rowCount === 1).catch(
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
