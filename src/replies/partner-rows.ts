import { writeJournal } from '../alerts/journal.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { PartnerReportRequest } from '../sed/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import type { RepliesDeps } from './deps.ts';

/** A report that is owed, with all it is written from. Times are epoch ms. */
export interface OwedReport {
  readonly id: string;
  readonly kind: PartnerReportRequest['kind'];
  readonly subject: string;
  readonly headerTime: number;
  readonly failureCode: string | null;
  readonly failureText: string | null;
  readonly failures: number;
  readonly seq: number;
  /** What was written about the same answer before. */
  readonly earlier: readonly Pick<OwedReport, 'kind' | 'subject' | 'seq'>[];
  readonly appealId: string;
  readonly opaId: string;
  readonly posId: string;
  /** UID of our document. */
  readonly documentUid: string;
  /** The event «answer»: what the answer document said, and when it happened. */
  readonly facts: unknown;
  readonly answeredAt: number;
}

/** Whoever claimed a report and died lets it go after this long; more than any writing of one small message takes. */
const LEASE_SECONDS = 120;

const epoch = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/**
 * A report goes out when those before it about the same answer are written: its Reception, then what came of it, in the
 * order in which it came. Of an answer whose delivery was made anew, those of the earlier delivery count too.
 */
const CLAIM = `
WITH due AS (
  SELECT r.id FROM sed_reply r JOIN delivery d ON d.id = r.delivery_id JOIN sed_event e ON e.id = d.event_id
    JOIN sed_message m ON m.id = e.message_id JOIN appeal held ON held.id = d.appeal_id
  WHERE r.state = 'planned' AND r.next_try_at <= now() AND m.channel = $1 AND held.opa_id <> ALL ($3::text[])
    AND NOT EXISTS (
      SELECT 1 FROM sed_reply o JOIN delivery od ON od.id = o.delivery_id
      WHERE od.event_id = d.event_id AND o.state = 'planned'
        AND (o.kind <> 'reception', o.id) < (r.kind <> 'reception', r.id))
  ORDER BY r.id LIMIT $2 FOR UPDATE OF r SKIP LOCKED)
UPDATE sed_reply r SET next_try_at = now() + make_interval(secs => ${LEASE_SECONDS})
FROM due, delivery d, appeal a, card k, sed_event e
WHERE r.id = due.id AND d.id = r.delivery_id AND a.id = d.appeal_id AND k.id = d.card_id AND e.id = d.event_id
RETURNING r.id::text AS id, r.kind, r.subject, ${epoch('r.header_time')} AS "headerTime",
  r.failure_code AS "failureCode", r.failure_text AS "failureText", r.failures, d.seq, a.id::text AS "appealId",
  a.opa_id AS "opaId", a.pos_id AS "posId", k.document_uid AS "documentUid", e.data AS facts,
  (SELECT coalesce(json_agg(json_build_object('kind', o.kind, 'subject', o.subject, 'seq', od.seq)), '[]')
   FROM sed_reply o JOIN delivery od ON od.id = o.delivery_id
   WHERE od.event_id = d.event_id AND o.state = 'written') AS earlier,
  ${epoch('coalesce(e.at, e.stored_at)')} AS "answeredAt"`;

/**
 * Takes reports of a channel that are due, for this process alone until its lease is over; oldest first. Those of `held`
 * cabinets (opaIds) stay.
 */
export async function claimReports(
  db: Queryable,
  channel: string,
  limit: number,
  held: readonly string[] = [],
): Promise<OwedReport[]> {
  const rows = await db.query<OwedReport>(CLAIM, [channel, limit, held]);
  return rows.sort((a, b) => Number(a.id) - Number(b.id));
}

/** Puts «written» into store and journal; whoever else wrote it too wrote the same message. */
export async function markWritten(deps: Pick<RepliesDeps, 'dataSource'>, report: OwedReport): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE sed_reply SET state = 'written' WHERE id = $1 AND state = 'planned' RETURNING id`,
      [report.id],
    );
    if (rows.length > 0) await writeJournal(tx, [entry(report, 'partner-report-written')]);
  });
}

/** Gives a claimed report back, to be tried again after the delay; `failed` counts it as an attempt. */
export async function putBack(
  deps: Pick<RepliesDeps, 'dataSource'>,
  report: OwedReport,
  delayMs: number,
  failed?: { readonly code: ErrorCode; readonly tell: boolean },
): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE sed_reply SET next_try_at = now() + make_interval(secs => $2), failures = $3 + $4::int
       WHERE id = $1 AND state = 'planned' AND failures = $3 RETURNING id`,
      [report.id, delayMs / 1000, report.failures, failed === undefined ? 0 : 1],
    );
    if (rows.length === 0 || failed?.tell !== true) return;
    await writeJournal(tx, [{ ...entry(report, 'partner-report-failed'), code: failed.code }]);
  });
}

/** What is planned for a channel that wants no reports will not be written, not even when it wants them later. */
export async function dropReports(db: Queryable, channel: string): Promise<void> {
  await db.query(
    `UPDATE sed_reply r SET state = 'off' FROM delivery d, sed_event e, sed_message m
     WHERE r.state = 'planned' AND d.id = r.delivery_id AND e.id = d.event_id AND m.id = e.message_id AND m.channel = $1`,
    [channel],
  );
}

function entry({ appealId, opaId, kind, seq }: OwedReport, event: string) {
  return { appealId, opaId, event, data: { kind, seq } };
}
