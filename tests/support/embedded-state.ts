import { join } from 'node:path';
import { layoutOf, stateFileOf } from '../../src/store/embedded/layout.ts';
import { stopPostmaster } from '../../src/store/embedded/postmaster.ts';
import { findPostmaster } from '../../src/store/embedded/postmaster-file.ts';
import { readState } from '../../src/store/embedded/state-file.ts';

/** Process number of the embedded server of a stand's state directory; 0 when none lives. */
export async function stateOf(standDir: string): Promise<{ readonly pid: number }> {
  return { pid: (await findServer(standDir))?.process.pid ?? 0 };
}

/** Whether the embedded server of a stand lives. */
export async function isServerAlive(standDir: string): Promise<boolean> {
  return (await findServer(standDir)) !== undefined;
}

/** Stops what a killed daemon left. */
export async function stopServer(standDir: string): Promise<void> {
  const found = await findServer(standDir);
  if (found !== undefined) await stopPostmaster(found.process);
}

async function findServer(standDir: string) {
  const stateDir = join(standDir, 'state');
  const state = await readState(stateFileOf(stateDir)).catch(() => undefined);
  return state === undefined
    ? undefined
    : await findPostmaster(layoutOf(stateDir, state).dataDir).catch(() => undefined);
}
