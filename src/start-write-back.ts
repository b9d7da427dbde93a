import { once } from 'node:events';
import { join } from 'node:path';
import type { Cabinet, LoadedConfig } from './config/index.ts';
import { openArchive } from './open-archive.ts';
import { settleMarkedCabinets } from './replies/mark-rows.ts';
import { createWriteBack, type WriteBackDeps } from './replies/write-back.ts';
import { loadDeloMapping } from './sed/delo/index.ts';

export interface WriteBackParts extends Omit<WriteBackDeps, 'archive' | 'now'> {
  readonly loaded: LoadedConfig;
  readonly signal: AbortSignal;
  /** Cabinets in force now. */
  cabinets(): readonly Cabinet[];
  isDry(opaId: string): boolean;
  tick(what: string, everyMs: number, action: () => Promise<unknown>): void;
  /** Work that a stop waits for. */
  hold(work: Promise<unknown>): void;
}

const WRITE_MS = 5000;
const SETTLE_MS = 5000;

/**
 * Starts writing «Статус ПОС» and «Ошибка ПОС» into cards of cabinets that name an archive. Cabinets that name one, or no
 * longer do, count from the next turn on; a new archive in the settings counts after a restart.
 */
export async function startWriteBack(parts: WriteBackParts): Promise<void> {
  const { loaded, cabinets, tick, signal } = parts;
  const settle = settler(parts);
  await settle();
  if (loaded.archives.length === 0) return;
  tick('card-marks-cabinets', SETTLE_MS, settle);
  const mapping = await loadDeloMapping(join(loaded.config.mappingsDir, 'delo.yaml'));
  for (const settings of loaded.archives) {
    const archive = openArchive(settings, mapping, parts.log);
    const writer = createWriteBack(
      { ...parts, archive, now: () => performance.now() },
      {
        id: settings.id,
        opaIds: () =>
          cabinets()
            .filter(
              ({ archive: named, enabled, opaId }) => named === settings.id && enabled && !parts.isDry(opaId),
            )
            .map(({ opaId }) => opaId),
      },
    );
    // One tick an archive: one that hangs stops only itself.
    tick('card-marks', WRITE_MS, () => writer.write(signal));
    parts.hold(stopped(signal).then(() => archive.close()));
  }
}

/** Stores which cabinets owe marks, whenever that has changed. */
function settler({ db, cabinets }: WriteBackParts): () => Promise<void> {
  let settled: string | undefined;
  return async () => {
    const marked = cabinets().flatMap(({ opaId, archive }) =>
      archive === undefined ? [] : [{ opaId, archive }],
    );
    const state = JSON.stringify(marked);
    if (state === settled) return;
    if (await settleMarkedCabinets(db, marked)) settled = state;
  };
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
