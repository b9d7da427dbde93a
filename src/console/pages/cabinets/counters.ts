import type { Queryable } from '../../../store/data-source.ts';

/** Counts are bounded: one more than this stands for «more than». */
export const MOST = 5_000;

export interface CabinetCounters {
  readonly opaId: string;
  readonly day: number;
  readonly attention: number;
}

const upTo = (most: number, from: string) =>
  `(SELECT count(*)::int FROM (SELECT 1 ${from} LIMIT ${most + 1}) n)`;

/** Received in 24 hours, and in attention now, of these cabinets; each by an index and bounded. */
export async function readCounters(
  db: Queryable,
  opaIds: readonly string[],
): Promise<ReadonlyMap<string, CabinetCounters>> {
  const rows = await db.query<CabinetCounters>(
    `SELECT o.id AS "opaId",
       ${upTo(MOST, `FROM appeal a WHERE a.opa_id = o.id AND a.received_at > now() - interval '1 day'`)} AS day,
       ${upTo(1000, `FROM appeal a WHERE a.stage = 'attention' AND a.opa_id = o.id`)} AS attention
     FROM unnest($1::text[]) o (id)`,
    [opaIds],
  );
  return new Map(rows.map((row) => [row.opaId, row]));
}

export interface CabinetFigures {
  readonly day: number;
  readonly week: number;
  readonly attention: number;
}

/** The same of one cabinet, and of its last week. */
export async function readFigures(db: Queryable, opaId: string): Promise<CabinetFigures> {
  const since = (interval: string) =>
    upTo(MOST, `FROM appeal a WHERE a.opa_id = $1 AND a.received_at > now() - interval '${interval}'`);
  const [row] = await db.query<CabinetFigures>(
    `SELECT ${since('1 day')} AS day, ${since('7 days')} AS week,
       ${upTo(MOST, `FROM appeal a WHERE a.stage = 'attention' AND a.opa_id = $1`)} AS attention`,
    [opaId],
  );
  return row ?? { day: 0, week: 0, attention: 0 };
}

export interface BackfillLine {
  readonly id: string;
  readonly reason: string;
  readonly from: Date;
  readonly to: Date;
  readonly items: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** Its last ten back-fills, newest first. */
export async function readBackfills(db: Queryable, opaId: string): Promise<BackfillLine[]> {
  return await db.query<BackfillLine>(
    `SELECT id::text AS id, reason, changed_from AS from, changed_to AS to, items::float8 AS items,
       created_at AS "createdAt", finished_at AS "finishedAt"
     FROM backfill WHERE opa_id = $1 ORDER BY backfill.id DESC LIMIT 10`,
    [opaId],
  );
}
