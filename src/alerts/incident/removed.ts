import type { ErrorCode } from '../../model/error-codes.ts';
import type { Queryable } from '../../store/data-source.ts';
import type { Incidents } from '../incidents.ts';
import { WATCHED_ELSEWHERE } from './reconcile.ts';

interface Removed {
  readonly db: Queryable;
  readonly incidents: Incidents;
}

/**
 * Closes what only the daemon's watches of a cabinet close: nobody watches one that is in the settings no more. Incidents
 * of its deliveries stay, for those still wait for a person. `cabinets`: those of the settings in force.
 */
export async function closeOfRemovedCabinets(
  deps: Removed,
  cabinets: readonly { readonly id: string; readonly opaId: string }[],
): Promise<void> {
  const opaIds = cabinets.map(({ opaId }) => opaId);
  // A breaker bears the number, all else the id.
  await closeAll(
    deps,
    `(scope LIKE 'cabinet:%' AND NOT (substr(scope, 9) = ANY($1)))
      OR (scope LIKE 'opa:%' AND code = ANY($2) AND NOT (substr(scope, 5) = ANY($3)))`,
    [[...cabinets.map(({ id }) => id), ...opaIds], WATCHED_ELSEWHERE, opaIds],
  );
}

/**
 * Closes incidents of channels and archives of the СЭД that are in the settings no more: nothing will show that their
 * cause is gone. Messages set aside stay: each waits to be read or dropped by a person, and its end closes its incident.
 */
export async function closeOfRemovedPlaces(
  deps: Removed,
  { channels, archives }: PlacesInForce,
): Promise<void> {
  await closeAll(
    deps,
    `(scope LIKE 'channel:%' AND code NOT LIKE 'SED\\_MESSAGE\\_%' AND NOT (split_part(scope, ':', 2) = ANY($1)))
      OR (scope LIKE 'archive:%' AND NOT (split_part(scope, ':', 2) = ANY($2)))`,
    [channels.map(({ id }) => id), archives.map(({ id }) => id)],
  );
}

/** Channels and archives of the settings; they are read at start only. */
export interface PlacesInForce {
  readonly channels: readonly { readonly id: string }[];
  readonly archives: readonly { readonly id: string }[];
}

async function closeAll(
  { db, incidents }: Removed,
  which: string,
  params: readonly unknown[],
): Promise<void> {
  const left = await db.query<{ code: ErrorCode; scope: string }>(
    `SELECT DISTINCT code, scope FROM incident WHERE closed_at IS NULL AND (${which})`,
    params,
  );
  for (const { code, scope } of left) await incidents.close(db, code, scope);
}
