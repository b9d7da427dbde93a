import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { Fault } from '../../model/errors.ts';
import type { Account } from './account.ts';
import { type Binaries, SERVER_ENV } from './binaries.ts';
import type { Endpoint } from './endpoint.ts';
import type { Layout } from './layout.ts';
import { clusterNameOf, readPostmasterFile } from './postmaster-file.ts';
import { isAlive, isAliveNow, type ProcessInfo, readProcess } from './process-info.ts';
import { lastFatal, logSize } from './server-log.ts';
import { waitFor } from './wait-for.ts';

/** Replay of the log after a crash may take this long, at worst, on a slow disk. */
const START_LIMIT_MS = 180_000;
const FAST_STOP_MS = 30_000;
const QUICK_STOP_MS = 10_000;

/** Values by which one embedded server differs from PostgreSQL's defaults, by name. */
export type ServerSettings = Readonly<Record<string, string>>;

/**
 * Modest memory; durability as PostgreSQL ships it. Only LOG, FATAL and PANIC go to the log, and never statements
 * or row values: both may hold what citizens wrote.
 */
const SETTINGS: ServerSettings = {
  shared_buffers: '128MB',
  max_connections: '100',
  wal_compression: 'on',
  max_wal_size: '1GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  unix_socket_permissions: '0700',
};

/**
 * Starts the server and returns when it takes connections.
 * @throws Fault EMBEDDED_DATABASE_FAILED with the server's own reason.
 */
export async function startPostmaster(
  layout: Layout,
  binaries: Binaries,
  account: Account | undefined,
  endpoint: Endpoint,
  extra: ServerSettings,
): Promise<ProcessInfo> {
  const logStart = await logSize(layout.logFile);
  const clusterName = (await clusterNameOf(layout.dataDir)) ?? '';
  const child = await launch(layout, binaries, account, serverOptions(layout, clusterName, endpoint, extra));
  const { pid } = child;
  const gone = () => pid === undefined || child.exitCode !== null || child.signalCode !== null;
  let ready = false;
  // Our process may end by its own will while this one starts; later its supervisor sees to that.
  const onExit = () => {
    if (pid !== undefined && !gone()) signalServer(pid, 'SIGINT');
  };
  process.once('exit', onExit);
  await waitFor(async () => {
    const file = await readPostmasterFile(layout.dataDir);
    ready = file?.pid === pid && file?.status === 'ready';
    return ready || gone();
  }, START_LIMIT_MS).finally(() => process.off('exit', onExit));
  const info = pid === undefined ? undefined : await readProcess(pid);
  if (ready && info !== undefined) return info;
  if (info !== undefined) await stopPostmaster(info);
  const reason = await lastFatal(layout.logFile, logStart);
  const detail = reason === '' ? `сервер не запустился, подробности в ${layout.logFile}` : reason;
  throw new Fault('EMBEDDED_DATABASE_FAILED', { detail });
}

/**
 * Stops a server: fast shutdown, then an immediate one, then by force; nothing committed is lost by any of them.
 * @throws Fault EMBEDDED_DATABASE_FAILED when it outlives all three.
 */
export async function stopPostmaster(
  server: ProcessInfo,
  fastMs = FAST_STOP_MS,
  quickMs = QUICK_STOP_MS,
): Promise<void> {
  const gone = async () => !(await isAlive(server));
  const steps = [
    ['SIGINT', fastMs],
    ['SIGQUIT', quickMs],
    ['SIGKILL', QUICK_STOP_MS],
  ] as const;
  for (const [signal, limitMs] of steps) {
    if (await gone()) return;
    signalServer(server.pid, signal);
    // A suspended process would never see the signal.
    signalServer(server.pid, 'SIGCONT');
    if (await waitFor(gone, limitMs)) return;
  }
  throw new Fault('EMBEDDED_DATABASE_FAILED', {
    detail: `сервер (процесс ${server.pid}) не останавливается`,
  });
}

async function launch(
  layout: Layout,
  binaries: Binaries,
  account: Account | undefined,
  options: string[],
): Promise<ChildProcess> {
  // Opened by us: the server's account need not be able to write the state directory.
  await using log = await open(layout.logFile, 'a', 0o640);
  const child = spawn(binaries.postgres, options, {
    ...account,
    cwd: '/',
    env: SERVER_ENV,
    // A session of its own: Ctrl-C in the terminal is for us, who stop it when our work is stored.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.once('error', () => undefined);
  child.unref();
  return child;
}

function serverOptions(
  layout: Layout,
  clusterName: string,
  endpoint: Endpoint,
  extra: ServerSettings,
): string[] {
  const settings = {
    ...SETTINGS,
    ...extra,
    cluster_name: clusterName,
    port: String(endpoint.port),
    listen_addresses: endpoint.socketDir === undefined ? '127.0.0.1' : '',
    unix_socket_directories: endpoint.socketDir === undefined ? '' : quoted(endpoint.socketDir),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', layout.dataDir, ...options];
}

/** The setting is a list: a comma or a space in the path must not split it. */
function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

/**
 * Tells a server to stop and does not wait, for the moment in which our own process ends. Fast shutdown: what is
 * committed stays, the rest is rolled back, and the server ends by itself.
 */
export function abandonServer(server: ProcessInfo): void {
  if (isAliveNow(server)) signalServer(server.pid, 'SIGINT');
}

function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone; the caller looks again.
  }
}
