import { randomUUID } from 'node:crypto';
import { writeJournal } from '../alerts/journal.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import type { RepliesDeps } from './deps.ts';
import type { MarkFacts } from './mark-texts.ts';

/** A card that owes its marks, with all they are made of. Times are epoch ms. */
export interface OwedMark extends MarkFacts {
  readonly cardId: string;
  readonly version: number;
  /** Of this claim: who has lost it settles nothing. */
  readonly lease: string;
  /** The archive's own number of the card; null until it is found. */
  readonly isn: string | null;
  readonly failures: number;
  readonly appealId: string;
  readonly opaId: string;
  readonly posId: string;
  /** As the СЭД registered it. */
  readonly number: string | null;
  readonly date: string | null;
}

/** Whoever claimed a mark and died lets it go after this long. */
const LEASE_SECONDS = 300;

const epoch = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/** What waits in attention is over for the clerk once a later answer is on the platform. */
const CLAIM = `
WITH due AS (
  SELECT m.card_id FROM card_mark m JOIN card k ON k.id = m.card_id JOIN appeal a ON a.id = k.appeal_id
  WHERE m.version > m.settled_version AND m.next_try_at <= now() AND coalesce(m.leased_until, '-infinity') <= now()
    AND a.opa_id = ANY ($1::text[])
  ORDER BY m.failures, m.next_try_at LIMIT $2 FOR UPDATE OF m SKIP LOCKED)
UPDATE card_mark m SET lease = $3, leased_until = now() + make_interval(secs => ${LEASE_SECONDS})
FROM due, card k, appeal a
WHERE m.card_id = due.card_id AND k.id = due.card_id AND a.id = k.appeal_id
RETURNING m.card_id::text AS "cardId", m.version, m.lease::text AS lease, m.isn, m.failures, a.id::text AS "appealId", a.opa_id AS "opaId",
  a.pos_id AS "posId", k.number, k.date::text AS date,
  (SELECT json_build_object('payload', d.payload, 'at', ${epoch('coalesce(d.settled_at, d.created_at)')})
   FROM delivery d WHERE d.card_id = k.id AND d.state = 'done' ORDER BY d.seq DESC LIMIT 1) AS done,
  (SELECT json_build_object('code', d.error_code, 'detail', d.error_detail, 'at', ${epoch('coalesce(d.ended_at, d.created_at)')})
   FROM delivery d WHERE d.card_id = k.id AND d.state = 'attention' AND NOT EXISTS (
     SELECT 1 FROM delivery o WHERE o.card_id = k.id AND o.state = 'done' AND o.kind = 'answer' AND o.seq > d.seq)
   ORDER BY d.seq DESC LIMIT 1) AS attention`;

/** Takes marks that are due, those that failed least first, of these cabinets, for this process alone until the lease is over. */
export async function claimMarks(
  db: Queryable,
  opaIds: readonly string[],
  limit: number,
): Promise<OwedMark[]> {
  return opaIds.length === 0 ? [] : await db.query<OwedMark>(CLAIM, [opaIds, limit, randomUUID()]);
}

/** Takes the lease anew, right before writing; gives the ids of cards that are still this claim's. */
export async function renewLease(db: Queryable, marks: readonly OwedMark[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `UPDATE card_mark m SET leased_until = now() + make_interval(secs => ${LEASE_SECONDS})
     FROM unnest($1::bigint[], $2::uuid[]) AS given (card_id, lease)
     WHERE m.card_id = given.card_id AND m.lease = given.lease RETURNING m.card_id::text AS id`,
    [marks.map(({ cardId }) => cardId), marks.map(({ lease }) => lease)],
  );
  return new Set(rows.map(({ id }) => id));
}

/** The card shows what it owed when it was claimed; a change since then is still owed. */
export async function markWritten(db: Queryable, mark: OwedMark, isn: string): Promise<void> {
  await db.query(
    `UPDATE card_mark SET settled_version = $3, isn = $4, failures = 0, written_at = now(),
       error_code = NULL, error_detail = NULL, lease = NULL, leased_until = NULL
     WHERE card_id = $1 AND lease = $2`,
    [mark.cardId, mark.lease, mark.version, isn],
  );
}

/** The archive refuses: not tried again until the card owes something new. The reason goes to the journal. */
export async function markRefused(
  deps: Pick<RepliesDeps, 'dataSource'>,
  mark: OwedMark,
  code: ErrorCode,
  detail: string,
): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      // The number may be that of a card that is there no more: it is looked for anew.
      `UPDATE card_mark SET settled_version = $3, isn = NULL, error_code = $4, error_detail = $5,
         lease = NULL, leased_until = NULL
       WHERE card_id = $1 AND lease = $2 RETURNING card_id`,
      [mark.cardId, mark.lease, mark.version, code, detail],
    );
    if (rows.length === 0) return;
    const { opaId, appealId } = mark;
    await writeJournal(tx, [{ opaId, appealId, event: 'card-mark-refused', code, data: { detail } }]);
  });
}

/** Gives a claimed mark back, to be tried again after the delay unless it owes something new meanwhile. */
export async function putMarkBack(
  db: Queryable,
  mark: OwedMark,
  delayMs: number,
  isFailed: boolean,
): Promise<void> {
  await db.query(
    `UPDATE card_mark SET lease = NULL, leased_until = NULL,
       next_try_at = CASE WHEN version = $3 THEN now() + make_interval(secs => $4) ELSE next_try_at END,
       failures = CASE WHEN version = $3 THEN failures + $5::int ELSE failures END
     WHERE card_id = $1 AND lease = $2`,
    [mark.cardId, mark.lease, mark.version, delayMs / 1000, isFailed ? 1 : 0],
  );
}

/** How many cards of these cabinets stand refused, by code. */
export async function countRefused(
  db: Queryable,
  opaIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query<{ code: string; count: number }>(
    `SELECT m.error_code AS code, count(*)::int AS count
     FROM card_mark m JOIN card k ON k.id = m.card_id JOIN appeal a ON a.id = k.appeal_id
     WHERE m.error_code IS NOT NULL AND a.opa_id = ANY ($1::text[]) GROUP BY 1`,
    [opaIds],
  );
  return new Map(rows.map(({ code, count }) => [code, count]));
}

/**
 * Stores which cabinets name an archive: from now on their deliveries owe marks. What a cabinet owes that names none any
 * more waits until it does again. False while a cabinet is not stored yet: to be called again.
 */
export async function settleMarkedCabinets(
  db: Queryable,
  cabinets: readonly { readonly opaId: string; readonly archive: string }[],
): Promise<boolean> {
  const params = [cabinets.map(({ opaId }) => opaId), cabinets.map(({ archive }) => archive)];
  await db.query(
    `INSERT INTO marked_cabinet (opa_id, archive)
       SELECT given.opa_id, given.archive FROM unnest($1::text[], $2::text[]) AS given (opa_id, archive)
       JOIN cabinet c ON c.opa_id = given.opa_id
     ON CONFLICT (opa_id) DO UPDATE SET archive = excluded.archive WHERE marked_cabinet.archive <> excluded.archive`,
    params,
  );
  await db.query(`DELETE FROM marked_cabinet WHERE opa_id <> ALL ($1::text[])`, [params[0]]);
  const [row] = await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM marked_cabinet`);
  return row?.count === cabinets.length;
}
