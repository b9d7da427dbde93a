import { toFault } from '../model/errors.ts';
import type { ArchiveCard, RequisiteWrite } from '../sed/port.ts';
import type { BuildDeps } from './deps.ts';
import { isPlatformBorn } from './plan.ts';

/** How the requisite's values are written; the archive's driver puts them into the site's words. */
export function flagText(upload: boolean): string {
  return upload ? 'true' : 'false';
}

export interface FlagWriter {
  /** Fills the requisite in those cards of a batch that need it. Never throws: it must not hold a pass. */
  write(cards: readonly ArchiveCard[], signal?: AbortSignal): Promise<void>;
  summary(): { readonly written: number; readonly refused: number };
}

/**
 * Writes «Выгрузка в витрину ПОС» into platform-born cards where it was never filled, so that a clerk sees what we do with
 * them and may decide otherwise. A fault ends the writing for this pass: the requisite is still unset at the next one.
 */
export function createFlagWriter(
  { archive, log, writeFlags }: Pick<BuildDeps, 'archive' | 'log' | 'writeFlags'>,
  includePlatformBorn: boolean,
): FlagWriter {
  let isOn = writeFlags;
  let [written, refused] = [0, 0];
  const values = { showcaseFlag: flagText(includePlatformBorn) };
  return {
    async write(cards, signal) {
      if (!isOn) return;
      const writes: RequisiteWrite[] = cards
        .filter((card) => isPlatformBorn(card) && card.showcaseFlag === undefined && isReadable(card))
        .map(({ isn }) => ({ isn, values }));
      if (writes.length === 0) return;
      try {
        const outcomes = await archive.writeRequisites(writes, signal);
        const done = outcomes.filter(({ ok }) => ok).length;
        written += done;
        refused += outcomes.length - done;
      } catch (error) {
        isOn = false;
        const { code, detail } = toFault(error);
        log.warn({ code, detail }, 'showcase requisite not written');
      }
    },
    summary: () => ({ written, refused }),
  };
}

/** A value that could not be read is a clerk's all the same. */
function isReadable({ issues }: ArchiveCard): boolean {
  return issues?.some(({ field }) => field === 'showcaseFlag') !== true;
}
