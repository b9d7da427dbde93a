import type { Queryable } from '../../../store/data-source.ts';

/** What stands and waits now; each number bounded by `MOST` + 1. */
export interface Figures {
  /** Estimate of the planner, exact while the table is small. */
  readonly appeals: number;
  readonly appealsAreExact: boolean;
  readonly deliveriesAttention: number;
  readonly cardsAttention: number;
  readonly appealsAttention: number;
  readonly deliveriesWaiting: number;
  readonly cardsWaiting: number;
}

export const MOST = 10_000;

const upTo = (from: string) => `(SELECT count(*)::int FROM (SELECT 1 FROM ${from} LIMIT ${MOST + 1}) n)`;

/** Every number comes of a partial index, so a healthy million costs nothing. */
export async function readFigures(db: Queryable): Promise<Figures> {
  const [row] = await db.query<Figures & { few: number; estimate: number }>(
    `SELECT ${upTo(`delivery WHERE state = 'attention'`)} AS "deliveriesAttention",
       ${upTo(`card WHERE stage = 'attention'`)} AS "cardsAttention",
       ${upTo(`appeal WHERE stage = 'attention'`)} AS "appealsAttention",
       ${upTo(`delivery WHERE state IN ('queued', 'sending', 'unknown')`)} AS "deliveriesWaiting",
       ${upTo(`package WHERE stage IN ('sent', 'taken', 'received')`)} AS "cardsWaiting",
       ${upTo('appeal')} AS few,
       (SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'appeal'::regclass) AS estimate`,
  );
  if (row === undefined) throw new Error('a SELECT without FROM gives a row');
  const { few, estimate, ...figures } = row;
  const isExact = few <= MOST;
  return { ...figures, appeals: isExact ? few : Math.max(estimate, few), appealsAreExact: isExact };
}

export interface IncidentGroup {
  readonly code: string;
  /** Open incidents of it. */
  readonly incidents: number;
  /** Failures of all of them together. */
  readonly count: number;
  readonly openedAt: Date;
  /** Those with most failures. */
  readonly largest: readonly {
    readonly id: string;
    readonly scope: string;
    readonly acknowledged: boolean;
  }[];
}

/** Open incidents by kind, the kind with most failures first; those that somebody has snoozed are out of sight. */
export async function readIncidents(db: Queryable): Promise<IncidentGroup[]> {
  return await db.query<IncidentGroup>(
    `SELECT code, count(*)::int AS incidents, sum(count)::float8 AS count, min(opened_at) AS "openedAt",
       json_agg(json_build_object('id', id::text, 'scope', scope, 'acknowledged', acknowledged_at IS NOT NULL) ORDER BY place)
         FILTER (WHERE place <= ${LARGEST}) AS largest
     FROM (SELECT *, row_number() OVER (PARTITION BY code ORDER BY count DESC, id DESC) AS place
       FROM incident WHERE closed_at IS NULL AND (snoozed_until IS NULL OR snoozed_until <= now())) i
     GROUP BY code ORDER BY 3 DESC, code`,
  );
}

/** Incidents of a kind that are named. */
export const LARGEST = 3;

export interface ShowcaseLine {
  readonly id: string;
  readonly builtAt: Date | null;
  readonly running: boolean;
  readonly questions: number | null;
  readonly code: string | null;
  readonly sentAt: Date | null;
  readonly accepted: number | null;
  readonly rejected: number | null;
  /** Not in the showcase in their newest state, bounded. */
  readonly open: number;
}

/** The last pass and the last report of each showcase. */
export async function readShowcases(db: Queryable, ids: readonly string[]): Promise<ShowcaseLine[]> {
  return await db.query<ShowcaseLine>(
    `SELECT s.id, b.finished_at AS "builtAt", b.started_at IS NOT NULL AND b.finished_at IS NULL AS running,
       b.questions::float8 AS questions, b.error_code AS code, u.sent_at AS "sentAt", u.accepted, u.rejected,
       ${upTo(`showcase_record r WHERE r.showcase = s.id AND r.state IN ('refused', 'unmapped')`)} AS open
     FROM unnest($1::text[]) s (id)
     LEFT JOIN LATERAL (SELECT * FROM showcase_build WHERE showcase = s.id ORDER BY id DESC LIMIT 1) b ON true
     LEFT JOIN LATERAL (SELECT * FROM showcase_upload WHERE showcase = s.id AND settled_at IS NOT NULL ORDER BY id DESC LIMIT 1) u ON true
     ORDER BY s.id`,
    [ids],
  );
}
