import type { Logger } from 'pino';
import type { PolledCabinet } from '../intake/intake.ts';
import { toFault } from '../model/errors.ts';
import type { Platform, PlatformReplies } from '../platform/port.ts';
import type { RegistrationDeps } from '../registration/deps.ts';
import type { RepliesDeps } from '../replies/deps.ts';
import type { SedExchange } from '../sed/port.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Spool } from '../store/spool.ts';
import { dryCard } from './card.ts';
import { type DryFile, openDryFolder } from './folder.ts';
import type { DryRun } from './port.ts';
import { dryReplies } from './replies.ts';

export interface DryRunDeps {
  /** Folder of what would be sent (`dryDir`). */
  readonly dir: string;
  readonly db: Queryable;
  readonly platform: Platform & PlatformReplies;
  readonly sed: Pick<SedExchange, 'identify' | 'render'>;
  readonly spool: Spool;
  readonly log: Logger;
  readonly rules: RepliesDeps['rules'];
  readonly limits: RepliesDeps['limits'];
  readonly computeDeadline: RegistrationDeps['computeDeadline'];
  covers(opaId: string): boolean;
}

/** What is held is looked at again after this long; a switch to live rings at once. */
const RECHECK_MS = 5 * 60_000;

/** A message that would be sent: where it stands under the folder of its appeal, and its files. */
export interface DryMessage {
  readonly name: readonly string[];
  readonly files: readonly DryFile[];
}

/**
 * The dry run: what would be sent stands under `<dryDir>/<cabinet>/<posId>/`, each message with the rule that made it, and
 * nothing of it is stored. A folder that cannot be written is told in the log and tried again.
 */
export function createDryRun(deps: DryRunDeps): DryRun {
  const folder = openDryFolder(deps.dir);

  async function keep(
    { config }: PolledCabinet,
    { posId, now }: { readonly posId: string; readonly now: number },
    make: () => Promise<readonly DryMessage[]>,
  ): Promise<number> {
    try {
      for (const { name, files } of await make()) await folder.put([config.id, posId, ...name], files);
    } catch (error) {
      const fault = toFault(error);
      if (fault.code === 'DATABASE_UNREACHABLE') throw error;
      const { code, detail } = fault;
      deps.log.error(
        { posId, opaId: config.opaId, code, detail, ...(fault.kind === 'defect' ? { err: error } : {}) },
        'dry run not written',
      );
    }
    return now + RECHECK_MS;
  }

  return {
    covers: deps.covers,
    card: (state, step, cabinet) =>
      keep(cabinet, state, async () => [await dryCard(deps, state, step, cabinet)]),
    replies: (state, cabinet) => keep(cabinet, state, () => dryReplies(deps, state, cabinet)),
  };
}
