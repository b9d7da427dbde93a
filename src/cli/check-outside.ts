import { createIncidents } from '../alerts/incidents.ts';
import type { CheckTask } from '../config/check.ts';
import { checkSmtp } from '../config/check-smtp.ts';
import type { Cabinet, LoadedConfig } from '../config/index.ts';
import { unblockCabinet } from '../intake/cabinets.ts';
import { createLog } from '../log.ts';
import type { Platform } from '../platform/port.ts';
import { loadPlatformMapping } from '../platform/rest/index.ts';
import { loadCardMapping } from '../sed/sev/card-mapping.ts';
import { knowsYear, loadTerms } from '../terms/index.ts';
import { archiveMappingChecks } from './check-archive.ts';
import { tablesOf } from './check-house.ts';
import type { CommandDatabase } from './open-database.ts';
import { mappingFile, openPlatform } from './open-platform.ts';

/** Reads every data file; what stands on a faulty one cannot be tried, and its own line here says why. */
export function mappingChecks(loaded: LoadedConfig): CheckTask[] {
  const { mappingsDir } = loaded.config;
  return [
    { name: 'platform.yaml', run: () => quietly(loadPlatformMapping(mappingFile(loaded, 'platform.yaml'))) },
    { name: 'card.yaml', run: () => quietly(loadCardMapping(mappingFile(loaded, 'card.yaml'))) },
    { name: 'terms.yaml, calendar.yaml', run: () => checkTerms(mappingsDir) },
    ...archiveMappingChecks(loaded),
  ];
}

/** A calendar that does not know this year and the next still works, by fixed holidays alone: worth a word. */
async function checkTerms(mappingsDir: string): Promise<string | undefined> {
  const { calendar } = await loadTerms(mappingsDir);
  const year = new Date().getFullYear();
  const unknown = [year, year + 1].filter((candidate) => !knowsYear(calendar, candidate));
  return unknown.length === 0
    ? undefined
    : `в порядке, но в calendar.yaml нет переносов дней за ${unknown.join(' и ')} год`;
}

/** Logs every enabled cabinet in; one that gets in and was blocked may work again. */
export async function cabinetChecks(
  loaded: LoadedConfig,
  database: Promise<CommandDatabase>,
): Promise<CheckTask[]> {
  const mapping = await loadPlatformMapping(mappingFile(loaded, 'platform.yaml')).catch(() => undefined);
  if (mapping === undefined) return [];
  const platform = openPlatform(loaded, mapping);
  return loaded.cabinets.map((cabinet) => ({
    name: cabinet.id,
    run: (signal) => checkCabinet(platform, cabinet, database, signal),
  }));
}

async function checkCabinet(
  platform: Platform,
  cabinet: Cabinet,
  database: Promise<CommandDatabase>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!cabinet.enabled) return 'выключен в настройках (enabled: false), вход не проверялся';
  const { organization } = await platform.checkCabinet(cabinet.access, signal);
  const db = await tablesOf(database);
  if (db !== undefined) await unblockCabinet(db, createIncidents(createLog('silent')), cabinet);
  return organization?.name === undefined ? undefined : `в порядке: ${organization.name}`;
}

/** Connects to the mail server and logs in; sends nothing. Nothing to try when there is no mail. */
export function smtpChecks(loaded: LoadedConfig): CheckTask[] {
  const { smtp } = loaded.config;
  if (smtp === undefined) return [];
  const readPassword = () => loaded.secrets.smtpPassword();
  return [
    {
      name: `${smtp.host}:${smtp.port}`,
      run: (signal) => quietly(checkSmtp(smtp, readPassword, signal)),
    },
  ];
}

async function quietly(done: Promise<unknown>): Promise<undefined> {
  await done;
  return undefined;
}
