import type { CheckTask } from '../config/check.ts';
import type { Archive, LoadedConfig } from '../config/index.ts';
import { Fault } from '../model/errors.ts';
import { openArchive } from '../open-archive.ts';
import { type DeloMapping, loadDeloMapping } from '../sed/delo/index.ts';
import { mappingFile } from './mapping-file.ts';

/** The archive's data file, where there is an archive: a site without one may have no such file. */
export function archiveMappingChecks(loaded: LoadedConfig): CheckTask[] {
  if (loaded.archives.length === 0) return [];
  const run = async () => {
    await loadDeloMapping(mappingFile(loaded, 'delo.yaml'));
    return undefined;
  };
  return [{ name: 'delo.yaml', run }];
}

/** Logs in to every archive, reads one card, and looks whether the cardfiles of its showcases are there. */
export async function archiveChecks(loaded: LoadedConfig): Promise<CheckTask[]> {
  if (loaded.archives.length === 0) return [];
  // What is wrong with the file is told by its own line.
  const mapping = await loadDeloMapping(mappingFile(loaded, 'delo.yaml')).catch(() => undefined);
  if (mapping === undefined) return [];
  return loaded.archives.map((archive) => ({
    name: archive.id,
    run: (signal) => checkArchive(loaded, archive, mapping, signal),
  }));
}

async function checkArchive(
  loaded: LoadedConfig,
  archive: Archive,
  mapping: DeloMapping,
  signal: AbortSignal,
): Promise<string> {
  const delo = openArchive(archive, mapping);
  try {
    await delo.check(signal);
    const there = new Set((await delo.cardfiles(signal)).map(({ due }) => due));
    const missing = loaded.config.showcases
      .filter((showcase) => showcase.archive === archive.id)
      .flatMap(({ id, cardfiles }) =>
        cardfiles.filter((due) => !there.has(due)).map((due) => `${due} (витрина ${id})`),
      );
    if (missing.length > 0) {
      throw new Fault('CONFIG_INVALID', { detail: `в архиве нет картотек: ${missing.join(', ')}` });
    }
    return `в порядке, картотек: ${there.size}`;
  } finally {
    await delo.close();
  }
}
