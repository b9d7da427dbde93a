import type { Cabinet } from '../config/index.ts';
import type { CabinetState } from '../intake/cabinets.ts';
import type { Queryable } from '../store/data-source.ts';

/** How a cabinet of the settings stands. */
export interface CabinetHealth {
  readonly config: Cabinet;
  readonly state: CabinetState;
  readonly code: string | null;
  /** Why a person paused it, or what the platform said. */
  readonly detail: string | null;
  readonly since: Date | null;
  readonly polledAt: Date | null;
  /** Seconds since its feed was last read to the end; null for one that is not read. */
  readonly lag: number | null;
  readonly failures: number;
}

/** A lag over this many poll intervals, and over a quarter of an hour, is worth telling. */
const LATE_POLLS = 5;
const LATE_SECONDS = 900;

/** All cabinets of the settings in force with their state, in the order of the settings. */
export async function readCabinets(db: Queryable, cabinets: readonly Cabinet[]): Promise<CabinetHealth[]> {
  const rows = await db.query<Omit<CabinetHealth, 'config'> & { opaId: string }>(
    `SELECT opa_id AS "opaId", state, state_code AS code, state_detail AS detail, state_since AS since,
       polled_at AS "polledAt", extract(epoch FROM now() - coalesce(polled_at, state_since))::float8 AS lag,
       poll_failures AS failures
     FROM cabinet WHERE opa_id = ANY($1)`,
    [cabinets.map(({ opaId }) => opaId)],
  );
  const found = new Map(rows.map((row) => [row.opaId, row]));
  return cabinets.map((config) => {
    const row = found.get(config.opaId);
    const isRead = config.enabled && row?.state !== 'paused' && row?.state !== 'blocked';
    return {
      config,
      state: row?.state ?? 'active',
      code: row?.code ?? null,
      detail: row?.detail ?? null,
      since: row?.since ?? null,
      polledAt: row?.polledAt ?? null,
      lag: isRead ? Math.max(0, row?.lag ?? 0) : null,
      failures: row?.failures ?? 0,
    };
  });
}

/** Whether its feed is read much later than it should be. */
export function isLate({ lag, config }: Pick<CabinetHealth, 'lag' | 'config'>): boolean {
  return lag !== null && lag > Math.max(LATE_SECONDS, (LATE_POLLS * config.pollInterval) / 1000);
}

/** What wants a look first: blocked, paused, late, switched off, then the rest. */
export function rankOf(cabinet: CabinetHealth): number {
  if (cabinet.config.enabled && cabinet.state === 'blocked') return 0;
  if (cabinet.config.enabled && cabinet.state === 'paused') return 1;
  if (isLate(cabinet)) return 2;
  return cabinet.config.enabled ? 4 : 3;
}
