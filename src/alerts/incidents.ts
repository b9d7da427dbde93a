import type { Logger } from 'pino';
import { codeEntry } from '../model/code-entry.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';

/**
 * A group of equal failures: opens once, counts, closes once. `scope` names the cabinet, channel or endpoint, never a
 * person; `cause` tells failures of one scope apart (`causeOf`), and is left out where the scope itself is what is
 * broken (settings, a folder, a log-in): that is one incident whatever it says. Idempotent across daemons: the open one
 * is unique by (code, scope, cause).
 */
export interface Incidents {
  open(db: Queryable, code: ErrorCode, scope: string, detail?: string, cause?: string): Promise<void>;
  /** Sets the count of an open incident to what is true now; opens it when it is not. */
  openCounted(
    db: Queryable,
    code: ErrorCode,
    scope: string,
    count: number,
    detail?: string,
    cause?: string,
  ): Promise<void>;
  /** Closes those of all causes. */
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

/** Open causes of one code and scope that are kept apart: an outside that words each failure anew must not make a storm. */
export const MOST_CAUSES = 10;
/** The cause under which all further ones are gathered. */
export const OTHER_CAUSES = '*';

/** Incidents in the store; who is to be written to is decided later (src/alerts/incident/mails.ts). */
export function createIncidents(log: Logger): Incidents {
  async function put(
    db: Queryable,
    code: ErrorCode,
    scope: string,
    detail: string | undefined,
    count: number | null,
    cause: string,
  ) {
    const rows = await db.query<{ opened: boolean; fingerprint: string }>(PUT, [
      code,
      scope,
      detail ?? null,
      count,
      cause,
    ]);
    const [row] = rows;
    if (row?.opened) {
      const { title, remedy } = codeEntry(code);
      log.error({ code, scope, detail, title, remedy }, 'incident opened');
    }
  }
  return {
    open: (db, code, scope, detail, cause = '') => put(db, code, scope, detail, null, cause),
    openCounted: (db, code, scope, count, detail, cause = '') => put(db, code, scope, detail, count, cause),
    async close(db, code, scope) {
      const rows = await db.query(
        `UPDATE incident SET closed_at = now() WHERE code = $1 AND scope = $2 AND closed_at IS NULL RETURNING id`,
        [code, scope],
      );
      if (rows.length > 0) log.info({ code, scope }, 'incident closed');
    },
  };
}

const PUT = `
INSERT INTO incident (code, scope, detail, count, fingerprint)
SELECT $1, $2, $3, coalesce($4::bigint, 1),
  CASE WHEN $5 = ''
    OR EXISTS (SELECT 1 FROM incident WHERE code = $1 AND scope = $2 AND fingerprint = $5 AND closed_at IS NULL)
    OR (SELECT count(*) FROM incident WHERE code = $1 AND scope = $2 AND closed_at IS NULL) < ${MOST_CAUSES}
  THEN $5 ELSE '${OTHER_CAUSES}' END
ON CONFLICT (code, scope, fingerprint) WHERE closed_at IS NULL DO UPDATE
  SET count = coalesce($4::bigint, incident.count + 1), last_at = now(),
      detail = coalesce(excluded.detail, incident.detail)
RETURNING (xmax = 0) AS opened, fingerprint`;
