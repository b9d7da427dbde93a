import type { Logger } from 'pino';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { Queryable } from '../../store/data-source.ts';
import { causeOf, causeOfMessage } from '../fingerprint.ts';
import { type Incidents, MOST_CAUSES, OTHER_CAUSES } from '../incidents.ts';
import { RECORD_STATE_OF } from './sources.ts';

export interface ReconcileDeps {
  readonly db: Queryable;
  readonly incidents: Incidents;
  readonly log: Logger;
}

/** An incident that was counted so lately is not closed: what it counted may not be seen yet, seconds. */
const QUIET_SECONDS = 10;
const FILLED_AT_ONCE = 1000;

/** Codes of `opa:` incidents that another watch opens, counts and closes (src/replies/watch.ts). */
export const WATCHED_ELSEWHERE: readonly ErrorCode[] = ['ANSWER_NOT_ARRIVED', 'CARD_TERM_TOO_LATE'];

/**
 * Makes incidents of deliveries and unreadable messages say what the tables say: each group of members has an open
 * incident with its number, and one of which no member is left, sent again or not, is closed. To be called from time
 * to time by any number of daemons. Returns how many were closed.
 */
export async function reconcileIncidents(deps: ReconcileDeps, quietSeconds = QUIET_SECONDS): Promise<number> {
  await fillCauses(deps.db);
  const groups = [
    ...(await deps.db.query<Group>(DELIVERIES, [WATCHED_ELSEWHERE])),
    ...(await deps.db.query<Group>(MESSAGES)),
  ];
  await settleGroups(deps, groups);
  const empty = await deps.db.query<{ id: string }>(EMPTY, [WATCHED_ELSEWHERE, groups.map(keyOf)]);
  return await closeLeft(deps, CLOSE, [quietSeconds, empty.map(({ id }) => id)]);
}

/**
 * The same for records of showcases that the platform or our own validation does not take: looked at less often, for
 * there may be a million. They send no mail of their own: the showcase's letter names each.
 */
export async function reconcileRecords(deps: ReconcileDeps): Promise<number> {
  const groups = await deps.db.query<Group>(RECORDS, [Object.keys(RECORD_STATE_OF)]);
  await settleGroups(deps, groups);
  return await closeLeft(deps, CLOSE_RECORDS, [Object.keys(RECORD_STATE_OF), groups.map(keyOf)]);
}

function keyOf({ code, scope, cause }: Group): string {
  return `${code} ${scope} ${cause}`;
}

interface Group {
  readonly code: ErrorCode;
  readonly scope: string;
  readonly cause: string;
  readonly count: number;
  /** An open incident has this cause, and this number in it. */
  readonly known: number | null;
}

const KNOWN = `(SELECT i.count::float8 FROM incident i WHERE i.code = g.code AND i.scope = g.scope AND i.fingerprint = g.cause
  AND i.closed_at IS NULL) AS known`;

const DELIVERIES = `
SELECT g.*, ${KNOWN} FROM (
  SELECT d.error_code AS code, 'opa:' || a.opa_id AS scope, coalesce(d.cause, '') AS cause, count(*)::float8 AS count
  FROM delivery d JOIN appeal a ON a.id = d.appeal_id
  WHERE d.state = 'attention' AND d.error_code IS NOT NULL AND NOT d.error_code = ANY($1) GROUP BY 1, 2, 3) g`;

const MESSAGES = `
SELECT g.*, ${KNOWN} FROM (
  SELECT code, 'channel:' || channel AS scope, coalesce(cause, '') AS cause, count(*)::float8 AS count
  FROM quarantine WHERE settled_at IS NULL GROUP BY 1, 2, 3) g`;

const RECORDS = `
SELECT g.*, ${KNOWN} FROM (
  SELECT code, 'showcase:' || showcase AS scope, coalesce(field, '') AS cause, count(*)::float8 AS count
  FROM showcase_open WHERE state IN ('refused', 'unmapped') AND code = ANY($1) GROUP BY 1, 2, 3) g`;

async function settleGroups({ db, incidents }: ReconcileDeps, groups: readonly Group[]): Promise<void> {
  const places = Map.groupBy(groups, ({ code, scope }) => `${code} ${scope}`);
  for (const list of places.values()) {
    const [first] = list;
    if (first === undefined) continue;
    const { code, scope } = first;
    let apart = list.filter(({ known }) => known !== null).length;
    let others = 0;
    for (const { cause, count, known } of list) {
      if (known === null && apart >= MOST_CAUSES) {
        others += count;
      } else if (known === null) {
        apart += 1;
        await incidents.openCounted(db, code, scope, count, cause === '' ? undefined : cause, cause);
      } else if (known !== count) {
        await recount(db, code, scope, cause, count);
      }
    }
    if (others > 0) await putOthers({ db, incidents }, code, scope, others);
  }
}

/** Only the number: nothing has happened to it. */
async function recount(
  db: Queryable,
  code: string,
  scope: string,
  cause: string,
  count: number,
): Promise<number> {
  const rows = await db.query(
    `UPDATE incident SET count = $4 WHERE code = $1 AND scope = $2 AND fingerprint = $3 AND closed_at IS NULL RETURNING id`,
    [code, scope, cause, count],
  );
  return rows.length;
}

async function putOthers(
  { db, incidents }: Pick<ReconcileDeps, 'db' | 'incidents'>,
  code: ErrorCode,
  scope: string,
  count: number,
): Promise<void> {
  if ((await recount(db, code, scope, OTHER_CAUSES, count)) > 0) return;
  await incidents.openCounted(db, code, scope, count, undefined, OTHER_CAUSES);
}

/** Those stored before causes were, or by another hand. */
async function fillCauses(db: Queryable): Promise<void> {
  const deliveries = await db.query<{
    id: string;
    field: string | null;
    detail: string | null;
    names: string[];
  }>(
    `SELECT d.id::text AS id, d.error_field AS field, d.error_detail AS detail,
       coalesce((SELECT array_agg(f.name) FROM delivery_file f WHERE f.delivery_id = d.id), '{}') AS names
     FROM delivery d WHERE d.state = 'attention' AND d.cause IS NULL ORDER BY d.id LIMIT ${FILLED_AT_ONCE}`,
  );
  await fill(
    db,
    'delivery',
    deliveries.map(({ id, names, ...said }) => [id, causeOf(said, names)]),
  );
  const messages = await db.query<{ id: string; code: string; detail: string }>(
    `SELECT id::text AS id, code, detail FROM quarantine WHERE settled_at IS NULL AND cause IS NULL LIMIT ${FILLED_AT_ONCE}`,
  );
  await fill(
    db,
    'quarantine',
    messages.map(({ id, code, detail }) => [id, causeOfMessage(code, detail)]),
  );
}

async function fill(
  db: Queryable,
  table: 'delivery' | 'quarantine',
  causes: readonly (readonly [string, string])[],
): Promise<void> {
  if (causes.length === 0) return;
  await db.query(
    `UPDATE ${table} t SET cause = c.cause FROM unnest($1::bigint[], $2::text[]) AS c (id, cause)
     WHERE t.id = c.id AND t.cause IS NULL`,
    [causes.map(([id]) => id), causes.map(([, cause]) => cause)],
  );
}

async function closeLeft(
  { db, log }: ReconcileDeps,
  sql: string,
  params: readonly unknown[],
): Promise<number> {
  const rows = await db.query<{ code: string; scope: string }>(sql, params);
  for (const { code, scope } of rows) log.info({ code, scope }, 'incident closed');
  return rows.length;
}

/** Of the gathering incident: any cause that has no open incident of its own. */
const hasCause = (column: string) =>
  `(coalesce(${column}, '') = i.fingerprint OR (i.fingerprint = '${OTHER_CAUSES}' AND NOT EXISTS (SELECT 1 FROM incident o
     WHERE o.code = i.code AND o.scope = i.scope AND o.closed_at IS NULL AND o.fingerprint = coalesce(${column}, ''))))`;

/** Incidents of items that no group stands behind, as it seems: looked at once more, one by one, when they are closed. */
const EMPTY = `
SELECT id::text AS id FROM incident i WHERE closed_at IS NULL
  AND ((scope LIKE 'opa:%' AND NOT code = ANY($1)) OR (scope ~ '^channel:[^:]+$' AND code LIKE 'SED\\_MESSAGE\\_%'))
  AND NOT code || ' ' || scope || ' ' || fingerprint = ANY($2)`;

const CLOSE = `
UPDATE incident i SET closed_at = now()
WHERE i.id = ANY($2::bigint[]) AND i.closed_at IS NULL AND i.last_at <= now() - make_interval(secs => $1) AND CASE
  WHEN i.scope LIKE 'opa:%' THEN NOT EXISTS (
      SELECT 1 FROM delivery d JOIN appeal a ON a.id = d.appeal_id
      WHERE d.state = 'attention' AND d.error_code = i.code AND a.opa_id = substr(i.scope, 5) AND ${hasCause('d.cause')})
    AND NOT EXISTS (SELECT 1 FROM incident_resend r LEFT JOIN incident_resent s ON s.resend_id = r.id AND s.outcome IS NULL
      WHERE r.incident_id = i.id AND (r.finished_at IS NULL OR s.ref IS NOT NULL))
  -- A message of an unknown document is a fact of a moment: a day without another one, and it is over.
  WHEN i.code = 'SED_MESSAGE_ORPHAN' THEN i.last_at < now() - interval '1 day'
  ELSE NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.settled_at IS NULL AND q.code = i.code
    AND q.channel = substr(i.scope, 9) AND ${hasCause('q.cause')}) END
RETURNING i.code, i.scope`;

const CLOSE_RECORDS = `
UPDATE incident i SET closed_at = now()
WHERE i.closed_at IS NULL AND i.scope LIKE 'showcase:%' AND i.code = ANY($1) AND i.fingerprint <> '${OTHER_CAUSES}'
  AND NOT i.code || ' ' || i.scope || ' ' || i.fingerprint = ANY($2)
RETURNING i.code, i.scope`;
