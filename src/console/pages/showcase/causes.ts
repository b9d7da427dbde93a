import type { Queryable } from '../../../store/data-source.ts';

/** Records of one showcase that wait for a person for one reason. */
export interface CauseLine {
  readonly code: string;
  /** The platform's own code, when it refused. */
  readonly platformCode: string | null;
  readonly count: number;
  /** There are more: counting ended here. */
  readonly isCut: boolean;
}

/** Records that are counted at most. */
const MOST = 50_000;

/** Why records are refused or without a category, the most frequent first; by the index of open records. */
export async function countOpenCauses(db: Queryable, showcase: string): Promise<readonly CauseLine[]> {
  const rows = await db.query<Omit<CauseLine, 'isCut'> & { readonly seen: number }>(
    `SELECT code, platform_code AS "platformCode", count(*)::int AS count, (sum(count(*)) OVER ())::int AS seen
     FROM (SELECT coalesce(code, '') AS code,
             CASE WHEN code = 'SHOWCASE_RECORD_REFUSED' THEN split_part(detail, ':', 1) END AS platform_code
           FROM showcase_open WHERE showcase = $1 AND state IN ('refused', 'unmapped') LIMIT ${MOST + 1}) o
     GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2`,
    [showcase],
  );
  return rows.map(({ seen, ...row }) => ({ ...row, isCut: seen > MOST }));
}
