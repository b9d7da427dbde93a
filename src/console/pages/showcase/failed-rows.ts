import type { CardLinks } from '../../../showcase/card-links.ts';
import { type NotUploaded, notUploadedOf, type OpenRow } from '../../../showcase/not-uploaded.ts';
import type { Queryable } from '../../../store/data-source.ts';
import { type FailedFilter, type FailedPlace, legsOf } from './failed-filter.ts';

export interface FailedLine extends NotUploaded {
  readonly cardfile: string;
  readonly place: FailedPlace;
}

export interface FailedPage {
  readonly rows: readonly FailedLine[];
  /** Where the next page begins; absent at the end. */
  readonly next?: FailedPlace;
  /** The page ends early: nothing more was found as far as was looked. */
  readonly isPartial?: true;
}

export interface FailedOptions {
  readonly filter: FailedFilter;
  /** Showcases of the settings. */
  readonly known: readonly string[];
  readonly after?: FailedPlace;
  /** The words of the platform are looked at too. */
  readonly withDetails: boolean;
  readonly linkOf?: CardLinks;
  readonly size: number;
  /** Rows that one step looks at. */
  readonly step?: number;
  /** After so long no further step is begun, ms. */
  readonly patienceMs?: number;
}

const STEP = 5_000;
const PATIENCE_MS = 150;

/**
 * One page of the log, by keyset: showcase after showcase, state after state, in the order of the partial index of open
 * records. A filter is looked up in steps for a moment; a page that finds little says so and goes on from there.
 */
export async function listFailed(db: Queryable, options: FailedOptions): Promise<FailedPage> {
  const { filter, known, size, patienceMs = PATIENCE_MS } = options;
  // Without a filter every row that is looked at is shown.
  const isFiltered = Object.keys(filter).some((name) => name !== 'showcase' && name !== 'state');
  const step = isFiltered ? (options.step ?? STEP) : Math.min(options.step ?? STEP, size + 1);
  const began = performance.now();
  const rows: FailedLine[] = [];
  for (const leg of legsOf(filter, known, options.after)) {
    let from: FailedPlace | undefined = leg;
    while (from !== undefined) {
      rows.push(...(await readStep(db, options, from, step, size + 1 - rows.length)));
      const last = rows[size - 1];
      if (rows.length > size && last !== undefined) return { rows: rows.slice(0, size), next: last.place };
      const end = await endOfStep(db, from, step);
      if (end !== undefined && performance.now() - began > patienceMs) {
        return { rows, next: end, isPartial: true };
      }
      from = end;
    }
  }
  return { rows };
}

async function readStep(
  db: Queryable,
  { filter, withDetails, linkOf }: FailedOptions,
  from: FailedPlace,
  step: number,
  limit: number,
): Promise<FailedLine[]> {
  const params: unknown[] = [from.showcase, from.state, from.id];
  const put = (value: unknown) => `$${params.push(value)}`;
  const has = (column: string, text: string) =>
    `position(lower(${put(text)}) IN lower(coalesce(${column}, ''))) > 0`;
  const { code, rubric, cardfile, text } = filter;
  const conditions = [
    'true',
    ...(code === undefined
      ? []
      : [
          `(code = ${put(code)} OR (code = 'SHOWCASE_RECORD_REFUSED' AND split_part(detail, ':', 1) = ${put(code)}))`,
        ]),
    ...(rubric === undefined ? [] : [`starts_with(otk_code, ${put(rubric)})`]),
    ...(cardfile === undefined ? [] : [`cardfile = ${put(cardfile)}`]),
    ...(text === undefined
      ? []
      : [`(${has('reg_number', text)}${withDetails ? ` OR ${has('detail', text)}` : ''})`]),
  ];
  const rows = await db.query<OpenRow & { readonly cardfile: string }>(
    `SELECT * FROM (
       SELECT o.id::text AS id, o.id AS place, o.showcase, o.card_key, o.question_no, o.otk_code, o.card_isn, o.reg_number,
         o.reg_date::text AS reg_date, o.cardfile, o.state, coalesce(o.since, now()) AS since, coalesce(o.code, u.error_code) AS code,
         coalesce(o.field, u.error_field) AS field, coalesce(o.detail, u.error_detail) AS detail
       FROM (SELECT * FROM showcase_open WHERE showcase = $1 AND state = $2 AND id > $3::bigint ORDER BY id LIMIT ${step}) o
       LEFT JOIN showcase_upload u ON u.id = o.upload_id AND u.state = 'failed' AND o.state = 'ready') q
     WHERE ${conditions.join(' AND ')} ORDER BY place LIMIT ${limit}`,
    params,
  );
  return rows.map((row) => ({
    ...notUploadedOf(row, linkOf),
    cardfile: row.cardfile,
    place: { showcase: from.showcase, state: from.state, id: row.id },
  }));
}

/** The last row of a whole step; undefined when the step was the last. */
async function endOfStep(db: Queryable, from: FailedPlace, step: number): Promise<FailedPlace | undefined> {
  const [end] = await db.query<{ id: string }>(
    `SELECT r.id::text AS id FROM showcase_record r WHERE showcase = $1 AND state = $2
       AND state IN ('ready', 'refused', 'unmapped') AND r.id > $3::bigint ORDER BY r.id OFFSET ${step - 1} LIMIT 1`,
    [from.showcase, from.state, from.id],
  );
  return end === undefined ? undefined : { ...from, id: end.id };
}
