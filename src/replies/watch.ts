import { lateTerms } from '../alerts/incident/late-terms.ts';
import { type Incidents, tellCount } from '../alerts/incidents.ts';
import type { CabinetConfig } from '../config/schema.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';

interface WatchDeps {
  readonly db: Queryable;
  readonly incidents: Incidents;
}

/**
 * Tells of what no single event shows: one incident a cabinet and cause, with the number of cards, closed when none is
 * left. To be called from time to time.
 */
export async function watchReplies(deps: WatchDeps, cabinets: readonly CabinetConfig[]): Promise<void> {
  await tell(deps, cabinets, 'ANSWER_NOT_ARRIVED', await countAnnounced(deps.db));
  await tell(deps, cabinets, 'CARD_TERM_TOO_LATE', await countLateTerms(deps.db, cabinets));
}

type Counts = ReadonlyMap<string, number>;

async function tell(
  deps: WatchDeps,
  cabinets: readonly CabinetConfig[],
  code: ErrorCode,
  counts: Counts,
): Promise<void> {
  for (const { opaId } of cabinets) {
    await tellCount(deps, code, `opa:${opaId}`, counts.get(opaId) ?? 0);
  }
}

/**
 * Answers that a Report announced a day ago and whose document has not come; another one that came for the same card
 * since settles it (contracts/sev.md, «The answer»).
 */
async function countAnnounced(db: Queryable): Promise<Counts> {
  return byCabinet(
    await db.query(
      `SELECT a.opa_id AS "opaId", count(DISTINCT k.id)::int AS count
       FROM sed_event e JOIN card k ON k.id = e.card_id JOIN appeal a ON a.id = k.appeal_id
       WHERE e.kind = 'answer-announced' AND e.stored_at < now() - interval '24 hours' AND a.stage = 'open'
         AND NOT EXISTS (SELECT 1 FROM sed_event d WHERE d.card_id = e.card_id AND d.kind = 'answer'
                         AND (d.subject = e.subject OR d.stored_at > e.stored_at))
       GROUP BY 1`,
    ),
  );
}

/**
 * Cards not answered yet whose first term in the СЭД is later than the platform's: nothing tells the clerk that the
 * citizen expects an answer sooner (contracts/sev.md, `Document/Control/Deadline`).
 */
async function countLateTerms(db: Queryable, cabinets: readonly CabinetConfig[]): Promise<Counts> {
  const { join, where } = lateTerms('k', 'z.zone');
  return byCabinet(
    await db.query(
      `SELECT a.opa_id AS "opaId", count(*)::int AS count
       FROM appeal a JOIN card k ON k.appeal_id = a.id
       JOIN unnest($1::text[], $2::text[]) AS z (opa_id, zone) ON z.opa_id = a.opa_id
       ${join} WHERE ${where} GROUP BY 1`,
      [cabinets.map(({ opaId }) => opaId), cabinets.map(({ timeZone }) => timeZone)],
    ),
  );
}

function byCabinet(rows: readonly unknown[]): Counts {
  return new Map((rows as { opaId: string; count: number }[]).map(({ opaId, count }) => [opaId, count]));
}
