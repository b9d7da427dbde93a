import type { Queryable } from '../store/data-source.ts';

/** Terms that run: over, over within three days, or without a resolution three days after the registration. */
export const TERM_RISKS = ['overdue', 'soon', 'unresolved'] as const;
export type TermRisk = (typeof TERM_RISKS)[number];

/** Served by the index `appeal_unanswered`: neither answered nor forwarded by us. */
const UNANSWERED = `a.answered_at IS NULL AND a.answer_at IS NOT NULL AND a.stage IN ('awaiting', 'open', 'attention')`;

const UNRESOLVED = `EXISTS (SELECT 1 FROM card k WHERE k.appeal_id = a.id AND k.stage = 'registered'
  AND k.registered_at < now() - interval '3 days'
  AND NOT EXISTS (SELECT 1 FROM sed_event e WHERE e.card_id = k.id AND e.kind = 'consideration'))`;

const WHEN: Readonly<Record<TermRisk, string>> = {
  overdue: 'a.answer_at < now()',
  soon: `a.answer_at >= now() AND a.answer_at < now() + interval '3 days'`,
  unresolved: UNRESOLVED,
};

/**
 * Condition on `appeal a`; `finalStatuses` is the placeholder of a text array: what was answered on the platform by hand
 * is no risk.
 */
export function termCondition(risk: TermRisk, finalStatuses: string): string {
  return `${UNANSWERED} AND ${WHEN[risk]} AND NOT (a.status = ANY(${finalStatuses}::text[]))`;
}

export interface RiskLine {
  readonly id: string;
  readonly posId: string;
  readonly cabinet: string;
  readonly answerAt: Date;
  readonly cardNumber: string | null;
}

export interface TermRisks {
  /** Up to `most` + 1 each: more than that is «more than». */
  readonly counts: Readonly<Record<TermRisk, number>>;
  readonly most: number;
  /** Resolutions were looked for among so many terms that end first; absent: among all. */
  readonly unresolvedOf?: number;
  /** Terms that end first, the longest overdue left to their list. */
  readonly nearest: readonly RiskLine[];
}

const MOST = 2_000;
const MOST_RESOLUTIONS = 1_000;

/** Appeals whose term is at risk; every count looks at a bounded piece of an index. */
export async function readTermRisks(db: Queryable, finalStatuses: readonly string[]): Promise<TermRisks> {
  const count = async (risk: TermRisk) => {
    const [row] = await db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM (SELECT 1 FROM appeal a WHERE ${termCondition(risk, '$1')} LIMIT ${MOST + 1}) a`,
      [finalStatuses],
    );
    return row?.count ?? 0;
  };
  const unresolved = async () => {
    // Two look-ups a row: only among the terms that end first.
    const [row] = await db.query<{ looked: number; count: number }>(
      `SELECT count(*)::int AS looked, (count(*) FILTER (WHERE ${UNRESOLVED}))::int AS count FROM (
         SELECT a.id FROM appeal a WHERE ${UNANSWERED} AND a.answer_at >= now() AND NOT (a.status = ANY($1::text[]))
         ORDER BY a.answer_at LIMIT ${MOST_RESOLUTIONS}) a`,
      [finalStatuses],
    );
    return row ?? { looked: 0, count: 0 };
  };
  const nearest = () =>
    db.query<RiskLine>(
      `SELECT a.id::text AS id, a.pos_id AS "posId", c.name AS cabinet, a.answer_at AS "answerAt",
         (SELECT number FROM card WHERE appeal_id = a.id ORDER BY id DESC LIMIT 1) AS "cardNumber"
       FROM (SELECT * FROM appeal a WHERE ${termCondition('soon', '$1')} ORDER BY a.answer_at, a.id LIMIT 8) a
       JOIN cabinet c USING (opa_id) ORDER BY a.answer_at, a.id`,
      [finalStatuses],
    );
  const [overdue, soon, open, lines] = await Promise.all([
    count('overdue'),
    count('soon'),
    unresolved(),
    nearest(),
  ]);
  return {
    counts: { overdue, soon, unresolved: open.count },
    most: MOST,
    nearest: lines,
    ...(open.looked === MOST_RESOLUTIONS ? { unresolvedOf: MOST_RESOLUTIONS } : {}),
  };
}
