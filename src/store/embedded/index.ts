import type { Logger } from 'pino';
import { Fault } from '../../model/errors.ts';
import { thrown } from '../thrown.ts';
import { type Account, chooseAccount } from './account.ts';
import { type Binaries, findNativeFolder, prepareBinaries } from './binaries.ts';
import {
  answers,
  chooseEndpoint,
  DATABASE,
  type Endpoint,
  endpointOf,
  urlOf,
  withClient,
} from './endpoint.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { ensureData } from './initdb.ts';
import {
  type Layout,
  layoutOf,
  openLayout,
  openPlace,
  openStateDir,
  removeLeftovers,
  stateFileOf,
} from './layout.ts';
import { type Adopted, adoptOrphan } from './orphan.ts';
import { abandonServer, type ServerSettings, startPostmaster, stopPostmaster } from './postmaster.ts';
import { findPostmaster } from './postmaster-file.ts';
import { defaultRefuges, openRefuge } from './refuge.ts';
import { trimServerLog } from './server-log.ts';
import { readState } from './state-file.ts';
import { supervise } from './supervisor.ts';

export interface EmbeddedOptions {
  readonly stateDir: string;
  readonly log: Logger;
  /** Folder `native` of the platform package; found by itself. */
  readonly nativeFolder?: string;
  /** Folders to put data and binaries in when the server's account cannot reach the state directory. */
  readonly refuges?: readonly string[];
  /** PostgreSQL settings over ours; the test runs switch durability off with them. */
  readonly settings?: ServerSettings;
  /** How often the server is looked at, in milliseconds. */
  readonly watchEveryMs?: number;
}

export interface EmbeddedDatabase {
  /** Connection URL; holds the password, so it is never logged. */
  readonly url: string;
  /** Whether an earlier process's server was taken over instead of a new one started. */
  readonly takenOver: boolean;
  /** Process number of the server; changes when it had to be started again. */
  pid(): number;
  /** Fast shutdown, bounded in time; releases the state directory. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL of a state directory, making the database at the first start, or takes over the
 * server that a killed process left.
 *
 * @throws Fault STATE_DIR_BUSY when another process owns the directory; EMBEDDED_DATABASE_FAILED with the reason.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const stateDir = await openStateDir(options.stateDir);
  const locks = [await lockFolder(`${stateDir}/daemon`)];
  const unlock = () => {
    for (const lock of locks.splice(0)) lock.release();
  };
  try {
    return await startLocked(stateDir, options, locks, unlock);
  } catch (error) {
    unlock();
    if (error instanceof Fault) throw error;
    throw new Fault('EMBEDDED_DATABASE_FAILED', { detail: thrown(error).message, cause: error });
  }
}

/**
 * URL of the embedded database that a running daemon keeps in this state directory, for commands beside it;
 * `undefined` when there is none that answers.
 */
export async function findRunningEmbedded(stateDir: string): Promise<string | undefined> {
  const state = await readState(stateFileOf(stateDir));
  if (state === undefined) return undefined;
  const { dataDir } = layoutOf(await openStateDir(stateDir), state);
  const found = await findPostmaster(dataDir).catch(() => undefined);
  const endpoint = found === undefined ? undefined : endpointOf(found.file);
  if (endpoint === undefined || !(await answers(endpoint, state.password, 3_000))) return undefined;
  return urlOf(endpoint, state.password);
}

async function startLocked(
  stateDir: string,
  options: EmbeddedOptions,
  locks: FolderLock[],
  unlock: () => void,
): Promise<EmbeddedDatabase> {
  const { log } = options;
  const refuges = options.refuges ?? defaultRefuges();
  const chosen = await chooseAccount();
  const layout = await openLayout(stateDir, chosen, refuges);
  // A copied state directory points at the same data: its own lock would not keep two daemons apart.
  if (layout.outside) locks.push(await lockFolder(layout.place));
  const account = await openPlace(layout, chosen);
  await trimServerLog(layout.logFile);
  const copyHome = async () => (account === undefined ? layout.place : await openRefuge(refuges, account));
  const ready = () => prepareBinaries(options.nativeFolder ?? findNativeFolder(), account, copyHome);
  const settings = options.settings ?? {};

  const adopted = await adoptOrphan(layout, log);
  const first = adopted ?? (await startAnew(layout, await ready(), account, settings));
  const { endpoint } = first;
  const { password } = layout.state;
  // Whichever way our process ends by its own will (a second signal, a defect), its server ends too.
  let abandon = () => abandonServer(first.process);
  const onExit = () => abandon();
  process.once('exit', onExit);
  try {
    await ensureDatabase(endpoint, password);
  } catch (error) {
    process.off('exit', onExit);
    await stopPostmaster(first.process);
    throw error;
  }
  log.info({ serverPid: first.process.pid, takenOver: adopted !== undefined }, 'embedded database is ready');

  const restart = async () => {
    const again = await adoptOrphan(layout, log);
    return again?.process ?? (await startPostmaster(layout, await ready(), account, endpoint, settings));
  };
  const housekeeping = () => trimServerLog(layout.logFile);
  const supervisor = supervise(first.process, restart, {
    log,
    everyMs: options.watchEveryMs ?? 500,
    housekeeping,
  });
  abandon = () => supervisor.abandon();
  return {
    url: urlOf(endpoint, password),
    takenOver: adopted !== undefined,
    pid: () => supervisor.pid(),
    stop: () =>
      supervisor.stop().finally(() => {
        process.off('exit', onExit);
        unlock();
      }),
  };
}

async function startAnew(
  layout: Layout,
  binaries: Binaries,
  account: Account | undefined,
  settings: ServerSettings,
): Promise<Adopted> {
  await removeLeftovers(layout);
  await ensureData(layout, binaries, account);
  for (let attempt = 1; ; attempt += 1) {
    const endpoint = await chooseEndpoint(layout.runDir);
    try {
      return { process: await startPostmaster(layout, binaries, account, endpoint, settings), endpoint };
    } catch (error) {
      // Between the choice of a free port and its use somebody else may have taken it.
      if (endpoint.socketDir !== undefined || attempt === 3) throw error;
    }
  }
}

async function ensureDatabase(endpoint: Endpoint, password: string): Promise<void> {
  await withClient(urlOf(endpoint, password, 'postgres'), 30_000, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });
}
