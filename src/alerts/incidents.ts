import type { Logger } from 'pino';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';

/**
 * A group of equal failures: opens once, counts, closes once. `scope` names the cabinet, channel or
 * endpoint, never a person. Idempotent across daemons: the open one is unique by (code, scope).
 */
export interface Incidents {
  open(db: Queryable, code: ErrorCode, scope: string, detail?: string): Promise<void>;
  /** Sets the count of an open incident to what is true now; opens it when it is not. */
  openCounted(db: Queryable, code: ErrorCode, scope: string, count: number, detail?: string): Promise<void>;
  close(db: Queryable, code: ErrorCode, scope: string): Promise<void>;
}

/** Sets an incident to what is true now: counted while there is something to count, closed when there is nothing. */
export async function tellCount(
  { db, incidents }: { readonly db: Queryable; readonly incidents: Incidents },
  code: ErrorCode,
  scope: string,
  count: number,
): Promise<void> {
  if (count > 0) await incidents.openCounted(db, code, scope, count);
  else await incidents.close(db, code, scope);
}

export function createIncidents(log: Logger): Incidents {
  async function put(
    db: Queryable,
    code: ErrorCode,
    scope: string,
    detail: string | undefined,
    count: number | null,
  ) {
    const rows = await db.query<{ opened: boolean }>(
      `INSERT INTO incident (code, scope, detail, count) VALUES ($1, $2, $3, coalesce($4::bigint, 1))
       ON CONFLICT (code, scope) WHERE closed_at IS NULL DO UPDATE
         SET count = coalesce($4::bigint, incident.count + 1), last_at = now(),
             detail = coalesce(excluded.detail, incident.detail)
       RETURNING (xmax = 0) AS opened`,
      [code, scope, detail ?? null, count],
    );
    if (rows[0]?.opened) {
      const { title, remedy } = ERROR_CODES[code];
      log.error({ code, scope, detail, title, remedy }, 'incident opened');
    }
  }
  return {
    open: (db, code, scope, detail) => put(db, code, scope, detail, null),
    openCounted: (db, code, scope, count, detail) => put(db, code, scope, detail, count),
    async close(db, code, scope) {
      const rows = await db.query(
        `UPDATE incident SET closed_at = now() WHERE code = $1 AND scope = $2 AND closed_at IS NULL RETURNING id`,
        [code, scope],
      );
      if (rows.length > 0) log.info({ code, scope }, 'incident closed');
    },
  };
}
