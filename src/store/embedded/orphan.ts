import type { Logger } from 'pino';
import { Fault } from '../../model/errors.ts';
import { answers, type Endpoint, endpointOf } from './endpoint.ts';
import type { Layout } from './layout.ts';
import { stopPostmaster } from './postmaster.ts';
import { clusterNameOf, findPostmaster, readPostmasterFile, removeTraces } from './postmaster-file.ts';
import { isAlive, type ProcessInfo, processesTitled } from './process-info.ts';
import { waitFor } from './wait-for.ts';

const ANSWER_MS = 3_000;
/** A server still replaying its log after a crash answers nobody; it is left to finish. */
const RECOVERY_MS = 180_000;
const LEFTOVER_MS = 15_000;

export interface Adopted {
  readonly process: ProcessInfo;
  readonly endpoint: Endpoint;
}

/**
 * Deals with the server that an earlier, killed process of ours left behind. The caller holds the lock of the
 * state directory, so nobody else can be using it by right.
 *
 * Returns the server when it answers to our password; otherwise stops it. When `undefined` comes back no server
 * of this data folder lives and a new one may start.
 */
export async function adoptOrphan(layout: Layout, log: Logger): Promise<Adopted | undefined> {
  const { dataDir } = layout;
  const found = await findPostmaster(dataDir);
  if (found !== undefined) {
    const endpoint = await waitForAnswer(layout, found.process);
    if (endpoint !== undefined) {
      log.info({ serverPid: found.process.pid }, 'orphaned database server taken over');
      return { process: found.process, endpoint };
    }
    log.warn({ serverPid: found.process.pid }, 'orphaned database server does not answer, stopping it');
    await stopPostmaster(found.process);
  }
  const name = await clusterNameOf(dataDir);
  if (name !== undefined) await waitForLeftovers(name);
  await removeTraces(dataDir, layout.runDir);
  return undefined;
}

async function waitForAnswer(layout: Layout, server: ProcessInfo): Promise<Endpoint | undefined> {
  await waitFor(async () => {
    const file = await readPostmasterFile(layout.dataDir);
    return file?.status !== 'starting' || !(await isAlive(server));
  }, RECOVERY_MS);
  const file = await readPostmasterFile(layout.dataDir);
  const endpoint = file?.status === 'ready' ? endpointOf(file) : undefined;
  if (endpoint === undefined) return undefined;
  return (await answers(endpoint, layout.state.password, ANSWER_MS)) ? endpoint : undefined;
}

/**
 * Children of a killed server end by themselves, but not at once, and a new server must not write beside them.
 * (PostgreSQL checks that too, by its shared memory; it then refuses to start instead of waiting.)
 */
async function waitForLeftovers(clusterName: string): Promise<void> {
  const none = async () => (await processesTitled(`postgres: ${clusterName}: `)).length === 0;
  if (await none()) return;
  if (await waitFor(none, LEFTOVER_MS)) return;
  throw new Fault('EMBEDDED_DATABASE_FAILED', {
    detail: `процессы прежнего сервера базы (${clusterName}) не завершаются`,
  });
}
