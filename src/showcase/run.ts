import { toFault } from '../model/errors.ts';
import { type CollectSummary, collect } from './collect.ts';
import type { BuildDeps, Showcase } from './deps.ts';
import { withShowcaseLock } from './lock.ts';
import { writeReady } from './uploads.ts';

export interface RunSummary {
  readonly collected: CollectSummary;
  /** Files that wait for their upload now. */
  readonly files: number;
}

/**
 * One whole run of a showcase: a pass over the archive, then files of everything that is ready; the ticks of the daemons
 * carry the files on. An archive that is away keeps nothing back that was ready before.
 * @throws Fault SHOWCASE_BUSY, and what `collectShowcase` and `writeUploads` throw
 */
export async function runShowcase(
  deps: BuildDeps,
  showcase: Showcase,
  signal?: AbortSignal,
): Promise<RunSummary> {
  return await withShowcaseLock(deps.dataSource, showcase.id, async () => {
    let collected: CollectSummary;
    try {
      collected = await collect(deps, showcase, signal);
    } catch (error) {
      if (!OURS.has(toFault(error).code)) await writeReady(deps, showcase, signal);
      throw error;
    }
    const files = await writeReady(deps, showcase, signal);
    return { collected, files: collected.files + files.length };
  });
}

/** Troubles of our own house, which writing files would only meet again. */
const OURS: ReadonlySet<string> = new Set(['STOPPED', 'DATABASE_UNREACHABLE', 'SPOOL_UNAVAILABLE', 'DEFECT']);
