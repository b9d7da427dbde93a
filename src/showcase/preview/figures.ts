import type { Queryable } from '../../store/data-source.ts';

/** Questions counted the way the platform's heat map does: all, and of them those of each kind. */
export interface Counts {
  readonly total: number;
  /** Not by a link to an earlier card. */
  readonly fresh: number;
  readonly repeated: number;
  readonly overdue: number;
}

export interface PreviewFigures {
  /** Of what should stand in the showcase, and of that what the platform has accepted. */
  readonly total: Counts & { readonly accepted: number };
  /** One cell each: municipality (ОКТМО of 8 digits, '' for none) and category. */
  readonly cells: readonly (Counts & { readonly oktmo: string; readonly subjectId: string })[];
  /** By month of registration, `YYYY-MM`, oldest first. */
  readonly periods: readonly (Counts & { readonly period: string })[];
}

interface FigureRow {
  readonly kind: 'all' | 'cell' | 'period';
  readonly oktmo: string | null;
  readonly subject: string | null;
  readonly period: string | null;
  readonly total: string;
  readonly fresh: string;
  readonly repeated: string;
  readonly overdue: string;
  readonly accepted: string;
}

/** Digits of ОКТМО that name a municipality; more of them name a settlement in it. */
const MUNICIPALITY = 8;

/**
 * Counts what a showcase holds, one look at each record. Records that are refused or without a category are not in it: the
 * platform would not show them.
 */
export async function readFigures(db: Queryable, showcase: string): Promise<PreviewFigures> {
  const rows = await db.query<FigureRow>(
    `SELECT CASE WHEN GROUPING(period) = 0 THEN 'period' WHEN GROUPING(oktmo) = 0 THEN 'cell' ELSE 'all' END AS kind,
       oktmo, subject, period, count(*) AS total, count(*) FILTER (WHERE NOT repeated) AS fresh,
       count(*) FILTER (WHERE repeated) AS repeated, count(*) FILTER (WHERE overdue) AS overdue,
       count(*) FILTER (WHERE accepted) AS accepted
     FROM (SELECT coalesce(left(j.oktmo, ${MUNICIPALITY}), '') AS oktmo, j."subjectId" AS subject, left(j."regDate", 7) AS period,
         j.repeated IS TRUE AS repeated, j.overdue IS TRUE AS overdue, r.state = 'accepted' AS accepted
       FROM showcase_record r,
         json_to_record(r.content::json) AS j (oktmo text, "subjectId" text, "regDate" text, repeated boolean, overdue boolean)
       WHERE r.showcase = $1 AND r.verdict = 'send') q
     GROUP BY GROUPING SETS ((), (oktmo, subject), (period)) ORDER BY oktmo, subject, period`,
    [showcase],
  );
  const all = rows.find(({ kind }) => kind === 'all');
  return {
    total: { ...countsOf(all), accepted: Number(all?.accepted ?? 0) },
    cells: rows
      .filter(({ kind }) => kind === 'cell')
      .map((row) => ({ ...countsOf(row), oktmo: row.oktmo ?? '', subjectId: row.subject ?? '' })),
    periods: rows
      .filter(({ kind }) => kind === 'period')
      .map((row) => ({ ...countsOf(row), period: row.period ?? '' })),
  };
}

function countsOf(row: FigureRow | undefined): Counts {
  const of = (value: string | undefined) => Number(value ?? 0);
  return {
    total: of(row?.total),
    fresh: of(row?.fresh),
    repeated: of(row?.repeated),
    overdue: of(row?.overdue),
  };
}
