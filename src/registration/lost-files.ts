import { stat } from 'node:fs/promises';
import type { Fault } from '../model/errors.ts';
import type { RegistrationDeps } from './deps.ts';
import type { AppealState, PackageState } from './state.ts';

/**
 * Ids of the package's attachments whose bytes the spool has lost, to be fetched again: those that are not there, and
 * after a failed checksum (FILE_DAMAGED) all. None after any other fault, and none while the spool itself is away:
 * then nothing is lost yet.
 */
export async function findLostFiles(
  deps: Pick<RegistrationDeps, 'spool'>,
  state: AppealState,
  pkg: PackageState,
  fault: Fault,
): Promise<string[]> {
  if (fault.code === 'FILE_DAMAGED') return [...pkg.attachments];
  if (fault.code !== 'SPOOL_UNAVAILABLE') return [];
  const healthy = await deps.spool.check().then(
    () => true,
    () => false,
  );
  if (!healthy) return [];
  const lost: string[] = [];
  for (const { id, sha256 } of state.attachments) {
    if (sha256 === null || !pkg.attachments.includes(id)) continue;
    if (await isMissing(deps.spool.pathOf(sha256))) lost.push(id);
  }
  return lost;
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
