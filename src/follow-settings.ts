import type { Logger } from 'pino';
import { closeOfRemovedPlaces, type PlacesInForce } from './alerts/incident/removed.ts';
import type { Incidents } from './alerts/incidents.ts';
import { type Cabinet, type ConfigChange, type LoadedConfig, watchConfig } from './config/index.ts';
import type { Breakers } from './endpoints/breaker.ts';
import {
  findMendedCabinets,
  recheckCabinet,
  registerCabinets,
  releaseRemovedCabinets,
} from './intake/cabinets.ts';
import type { Fault } from './model/errors.ts';
import type { Platform } from './platform/port.ts';
import type { Queryable } from './store/data-source.ts';

export interface SettingsDeps {
  readonly db: Queryable;
  readonly incidents: Incidents;
  readonly platform: Platform;
  readonly breakers: Pick<Breakers, 'forget'>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** One incident for settings that cannot be taken, whatever is wrong with them. */
const SCOPE = 'settings';

/** Makes the database fit the settings of this start: a row of each cabinet, no block and no incident of what was taken out. */
export async function settleSettings(
  deps: Pick<SettingsDeps, 'db' | 'incidents'>,
  cabinets: readonly Cabinet[],
  places: PlacesInForce,
): Promise<void> {
  const { db, incidents } = deps;
  await registerCabinets(db, cabinets);
  await releaseRemovedCabinets(db, incidents, cabinets);
  await closeOfRemovedPlaces(deps, places);
  await incidents.close(db, 'CONFIG_INVALID', SCOPE);
}

/**
 * Follows the settings until aborted. A cabinet added is read, one taken out is not read any more, a changed log-in is
 * tried at once; `take` gets the cabinets now in force. Settings with faults change nothing and are one incident
 * until they are mended. Never rejects.
 */
export async function followSettings(
  deps: SettingsDeps,
  loaded: LoadedConfig,
  take: (cabinets: readonly Cabinet[]) => void,
): Promise<void> {
  const { db, incidents, log, signal } = deps;
  let faulty = false;

  async function onFault(fault: Fault): Promise<void> {
    log.error({ code: fault.code, detail: fault.detail }, 'new settings not taken');
    if (fault.code !== 'CONFIG_INVALID') return;
    faulty = true;
    await incidents.open(db, fault.code, SCOPE, fault.detail);
  }

  async function onSound(): Promise<void> {
    if (!faulty) return;
    faulty = false;
    await incidents.close(db, 'CONFIG_INVALID', SCOPE);
  }

  const lost = (error: unknown) => log.error({ err: error }, 'state of the settings not stored');
  const watching = watchConfig(
    loaded,
    async (change) => {
      take(change.loaded.cabinets);
      await applyChange(deps, change);
    },
    {
      signal,
      onFault: (fault) => void onFault(fault).catch(lost),
      onSound: () => void onSound().catch(lost),
    },
  );
  // Mended while the daemon was down; beside the watch, for a platform that is away takes its time to say so.
  await Promise.all([watching, recheckMended(deps, loaded.cabinets).catch(lost)]);
}

async function applyChange(deps: SettingsDeps, change: ConfigChange): Promise<void> {
  const { db, incidents, platform, breakers, log, signal } = deps;
  const { added, removed, changed, secretsChanged, loaded, restartNeeded } = change;
  await registerCabinets(db, loaded.cabinets);
  await releaseRemovedCabinets(db, incidents, loaded.cabinets);
  const inForce = new Set(loaded.cabinets.map(({ opaId }) => opaId));
  for (const { opaId } of [...removed, ...changed.map(({ before }) => before)]) {
    platform.forget(opaId);
    if (!inForce.has(opaId)) breakers.forget(`cabinet:${opaId}`);
  }
  // Another identifier or password: worth a log-in though the one before was refused.
  for (const cabinet of [...changed.map(({ after }) => after), ...secretsChanged]) {
    if (cabinet.enabled) await recheckCabinet(db, incidents, platform, cabinet, cabinet.access, signal);
  }
  await recheckMended(deps, added);
  log.info(
    {
      cabinets: loaded.cabinets.length,
      added: added.map(({ id }) => id),
      removed: removed.map(({ id }) => id),
      changed: [...changed.map(({ after }) => after.id), ...secretsChanged.map(({ id }) => id)],
      restartNeeded,
    },
    'settings read again',
  );
}

/** Tries the log-in of cabinets that were blocked for other credentials than they have now. */
async function recheckMended(deps: SettingsDeps, cabinets: readonly Cabinet[]): Promise<void> {
  const { db, incidents, platform, signal } = deps;
  const mended = await findMendedCabinets(
    db,
    cabinets.map((cabinet) => cabinet.access),
  );
  const ids = new Set(mended.map((access) => access.opaId));
  for (const cabinet of cabinets.filter(({ opaId }) => ids.has(opaId))) {
    await recheckCabinet(db, incidents, platform, cabinet, cabinet.access, signal);
  }
}
