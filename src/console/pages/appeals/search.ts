import type { Queryable } from '../../../store/data-source.ts';
import { type Candidates, findCandidates } from './candidates.ts';
import type { AppealFilter, Place } from './filter.ts';

export interface AppealLine {
  readonly id: string;
  readonly posId: string;
  readonly cabinet: string;
  readonly kind: string;
  readonly stage: string;
  readonly receivedAt: Date;
  readonly answerAt: Date | null;
  readonly answeredAt: Date | null;
  readonly errorCode: string | null;
  readonly cardStage: string | null;
  readonly cardNumber: string | null;
  readonly cardDate: string | null;
  readonly place: Place;
}

export interface AppealPage {
  readonly rows: readonly AppealLine[];
  /** Where the next page begins; absent at the end. */
  readonly next?: Place;
  /** The page ends early: so far was looked, and what comes next is looked at by the next page. */
  readonly scannedTo?: Date;
}

export interface SearchOptions {
  readonly filter: AppealFilter;
  readonly from?: Date;
  readonly to?: Date;
  readonly after?: Place;
  readonly finalStatuses: readonly string[];
  readonly size?: number;
  /** Rows that one step of the walk looks at. */
  readonly step?: number;
  /** After so long no further step is begun, ms. */
  readonly patienceMs?: number;
  /** Rows found by a number or a state at most, to be sorted by receipt. */
  readonly candidates?: number;
}

const SIZE = 50;
const STEP = 5_000;
const PATIENCE_MS = 120;
const CANDIDATES = 3_000;

const PLACE = `json_build_object('at', a.received_at::text, 'id', a.id::text) AS place`;
const COLUMNS = `a.id::text AS id, a.pos_id AS "posId", c.name AS cabinet, a.kind, a.stage, a.received_at AS "receivedAt",
  a.answer_at AS "answerAt", a.answered_at AS "answeredAt", a.error_code AS "errorCode", k.stage AS "cardStage",
  k.number AS "cardNumber", k.date::text AS "cardDate", ${PLACE}`;
const NEWEST_FIRST = 'ORDER BY a.received_at DESC, a.id DESC';

/**
 * One page of appeals, newest receipt first, by keyset. What a number or a rare state finds is taken by its index and
 * sorted; all else walks an index of receipt in steps, for a tenth of a second: a page that finds little says how far it
 * looked and goes on from there, so no conjunction of filters makes anybody wait, and nothing is passed over or shown twice.
 */
export async function searchAppeals(db: Queryable, options: SearchOptions): Promise<AppealPage> {
  const { filter, size = SIZE, step = STEP, patienceMs = PATIENCE_MS } = options;
  const began = performance.now();
  const opaId = filter.cabinet === undefined ? undefined : await cabinetId(db, filter.cabinet);
  if (opaId === null) return { rows: [] };
  const context = { filter, finalStatuses: options.finalStatuses };
  const found = await findCandidates(db, context, options.candidates ?? CANDIDATES);
  const rows: AppealLine[] = [];
  let { after } = options;
  for (;;) {
    const walk = statements(options, opaId, found, after, size + 1 - rows.length, step);
    rows.push(...(await db.query<AppealLine>(walk.page, walk.pageParams)));
    const last = rows[size - 1];
    if (rows.length > size && last !== undefined) return { rows: rows.slice(0, size), next: last.place };
    if (walk.end === undefined) return { rows };
    const [end] = await db.query<{ receivedAt: Date; place: Place }>(walk.end, walk.endParams);
    if (end === undefined) return { rows };
    after = end.place;
    if (performance.now() - began > patienceMs) return { rows, next: end.place, scannedTo: end.receivedAt };
  }
}

/** One step: its page, and where the step ends, absent when it needs no other. */
function statements(
  { filter, from, to }: SearchOptions,
  opaId: string | undefined,
  found: Candidates,
  after: Place | undefined,
  limit: number,
  step: number,
) {
  const params: unknown[] = [];
  const put = (value: unknown) => `$${params.push(value)}`;
  // Served by the order of an index: inside the walk. The rest is looked up for each row that the walk meets.
  const conditions = [
    ...(opaId === undefined ? [] : [`a.opa_id = ${put(opaId)}`]),
    ...(filter.stage === undefined ? [] : [`a.stage = '${filter.stage}'`]),
    ...(from === undefined ? [] : [`a.received_at >= ${put(from)}`]),
    ...(to === undefined ? [] : [`a.received_at < ${put(to)}`]),
    ...(after === undefined
      ? []
      : [`(a.received_at, a.id) < (${put(after.at)}::timestamptz, ${put(after.id)}::bigint)`]),
    ...(found.ids === undefined ? [] : [`a.id = ANY(${put(found.ids)}::bigint[])`]),
  ];
  const endParams = [...params];
  const look = found.rest.map((condition) => condition(put));
  const isWhole = look.length === 0 || found.ids !== undefined;
  const walked = `FROM appeal a ${where(conditions)} ${NEWEST_FIRST}`;
  const page = `SELECT ${COLUMNS}
    FROM (SELECT a.* FROM (SELECT a.* ${walked} ${isWhole ? '' : `LIMIT ${step}`}) a ${where(look)} ${NEWEST_FIRST} LIMIT ${limit}) a
    JOIN cabinet c USING (opa_id)
    LEFT JOIN LATERAL (SELECT stage, number, date FROM card WHERE appeal_id = a.id ORDER BY id DESC LIMIT 1) k ON true
    ${NEWEST_FIRST}`;
  const end = `SELECT a.received_at AS "receivedAt", ${PLACE} ${walked} OFFSET ${step - 1} LIMIT 1`;
  return { page, pageParams: params, ...(isWhole ? {} : { end }), endParams };
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}

/** The platform's number of a cabinet; null when there never was one of that name. */
async function cabinetId(db: Queryable, name: string): Promise<string | null> {
  const [row] = await db.query<{ opaId: string }>(
    `SELECT opa_id AS "opaId" FROM cabinet WHERE name = $1 OR opa_id = $1 ORDER BY name = $1 DESC LIMIT 1`,
    [name],
  );
  return row?.opaId ?? null;
}
