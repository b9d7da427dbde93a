import type { Queryable } from '../../store/data-source.ts';

export interface AuditEntry {
  /** Login of a user, `token:NAME` of an integration, `команда` of the command line. */
  readonly who: string;
  /** A stable name of what was done, e.g. `delivery-resent`, `appeal-viewed`. */
  readonly action: string;
  /** What it was done to: `appeal:123`, `user:7`. */
  readonly object?: string;
  readonly why?: string;
  /** Identifiers and counts only: no personal data. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Writes who did what, in the caller's transaction where there is one. */
export async function writeAudit(db: Queryable, entry: AuditEntry): Promise<void> {
  await db.query(`INSERT INTO audit (who, action, object, why, data) VALUES ($1, $2, $3, $4, $5)`, [
    entry.who,
    entry.action,
    entry.object ?? null,
    entry.why ?? null,
    JSON.stringify(entry.data ?? {}),
  ]);
}

export interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly who: string;
  readonly action: string;
  readonly object: string | null;
  readonly why: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface AuditFilter {
  readonly who?: string;
  readonly action?: string;
  readonly object?: string;
  /** Id of the last one seen: older ones follow. */
  readonly before?: string;
  readonly limit?: number;
}

/** Newest first. Each filter has its index, so a page is read, not the table. */
export async function listAudit(db: Queryable, filter: AuditFilter): Promise<AuditRow[]> {
  const conditions = ['true'];
  const params: unknown[] = [];
  for (const [column, value] of [
    ['who =', filter.who],
    ['action =', filter.action],
    ['object =', filter.object],
    ['id <', filter.before],
  ]) {
    if (value !== undefined) conditions.push(`${column} $${params.push(value)}`);
  }
  return await db.query<AuditRow>(
    `SELECT id::text AS id, at, who, action, object, why, data FROM audit
     WHERE ${conditions.join(' AND ')} ORDER BY audit.id DESC LIMIT $${params.push(filter.limit ?? 100)}`,
    params,
  );
}
