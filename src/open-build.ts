import { join } from 'node:path';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { LoadedConfig } from './config/index.ts';
import { Fault, toFault } from './model/errors.ts';
import { openArchive } from './open-archive.ts';
import type { Platform } from './platform/port.ts';
import { loadMapper } from './rubrics/load.ts';
import { loadDeloMapping } from './sed/delo/index.ts';
import { loadCardMapping } from './sed/sev/card-mapping.ts';
import type { BuildDeps, Showcase } from './showcase/deps.ts';
import { originalCategories } from './showcase/originals.ts';
import type { Queryable } from './store/data-source.ts';
import type { Terms } from './terms/index.ts';

export interface BuildParts {
  readonly loaded: LoadedConfig;
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly platform: Pick<Platform, 'parseItem'>;
  readonly log: Logger;
  readonly terms: Terms;
  /** ОГРН by the platform's log-in. */
  askOgrn(showcase: Showcase): Promise<string | undefined>;
  /** Whether nothing may leave for this cabinet now. */
  isDry(opaId: string): boolean;
}

/**
 * Builds with the archive, the newest rules and the mapping of cards as the settings name them; the archive is closed
 * afterwards.
 * @throws Fault CONFIG_INVALID, and whatever `work` throws
 */
export async function withBuild<T>(
  parts: BuildParts,
  showcase: Showcase,
  work: (deps: BuildDeps) => Promise<T>,
): Promise<T> {
  const { loaded, dataSource, db, log, terms } = parts;
  const settings = loaded.archives.find(({ id }) => id === showcase.archive);
  if (settings === undefined)
    throw new Fault('CONFIG_INVALID', { detail: `нет архива «${showcase.archive}»` });
  const { mappingsDir, spoolDir } = loaded.config;
  const archive = openArchive(settings, await loadDeloMapping(join(mappingsDir, 'delo.yaml')), log);
  try {
    return await work({
      ...{ dataSource, db, log, archive, terms, spoolDir },
      mapper: await loadMapper(db),
      now: () => Date.now(),
      writeFlags: !parts.isDry(showcase.opaId),
      askOgrn: () => parts.askOgrn(showcase),
      originals: await originals(parts, showcase),
    });
  } finally {
    await archive.close().catch((error: unknown) => {
      log.warn({ showcase: showcase.id, code: toFault(error).code }, 'archive not closed');
    });
  }
}

async function originals(
  { loaded, db, platform }: BuildParts,
  showcase: Showcase,
): Promise<NonNullable<BuildDeps['originals']>> {
  const mapping = await loadCardMapping(join(loaded.config.mappingsDir, 'card.yaml'));
  const regionOf = (opaId: string) => loaded.cabinets.find((cabinet) => cabinet.opaId === opaId)?.region;
  const rubricOf: Parameters<typeof originalCategories>[0]['rubricOf'] = (
    opaId,
    { kind, category, subcategory },
  ) => {
    const region = regionOf(opaId);
    const card = mapping.resolve({ opaId, kind, ...(region === undefined ? {} : { region }) });
    return card.rubricFor(category.name, subcategory.name);
  };
  return (posIds) => originalCategories({ db, platform, rubricOf }, showcase, posIds);
}
