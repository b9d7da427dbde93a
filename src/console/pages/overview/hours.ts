import type { Queryable } from '../../../store/data-source.ts';

export interface HourFigures {
  /** Begin of the hour. */
  readonly at: Date;
  readonly appeals: number;
  readonly cards: number;
  readonly answers: number;
}

/** A fuller hour counts as this many: far more than any installation has, and few enough to count at once. */
const MOST = 20_000;
const HOUR_MS = 3_600_000;
const HOURS = 24;
/** What was stored late belongs to an hour that is over; after so long none comes any more. */
const SETTLED_MS = 15 * 60_000;

/**
 * Appeals read, cards registered and answers delivered by the hour, the last 24 of them. An hour that is over is counted
 * once and kept, so a look costs a count of the hours that still change, each by an index of time.
 */
export function createHours(db: Queryable, now: () => number = Date.now): () => Promise<HourFigures[]> {
  const settled = new Map<number, HourFigures>();
  return async () => {
    const current = Math.floor(now() / HOUR_MS) * HOUR_MS;
    const hours = Array.from({ length: HOURS }, (_, index) => current - (HOURS - 1 - index) * HOUR_MS);
    for (const at of settled.keys()) if (at < (hours[0] ?? 0)) settled.delete(at);
    const wanted = hours.filter((at) => !settled.has(at));
    const counted = new Map((await count(db, wanted)).map((row) => [row.at.getTime(), row]));
    for (const [at, row] of counted) if (at + HOUR_MS + SETTLED_MS < now()) settled.set(at, row);
    return hours.map(
      (at) => settled.get(at) ?? counted.get(at) ?? { at: new Date(at), appeals: 0, cards: 0, answers: 0 },
    );
  };
}

const within = (table: string, column: string, also: string) =>
  `(SELECT count(*)::int FROM (SELECT 1 FROM ${table} WHERE ${column} >= h.at AND ${column} < h.at + interval '1 hour'
    ${also} LIMIT ${MOST}) n)`;

async function count(db: Queryable, hours: readonly number[]): Promise<HourFigures[]> {
  return await db.query<HourFigures>(
    `SELECT h.at, ${within('appeal', 'first_seen_at', '')} AS appeals,
       ${within('card', 'registered_at', '')} AS cards,
       ${within('delivery', 'settled_at', `AND state = 'done' AND kind = 'answer'`)} AS answers
     FROM unnest($1::timestamptz[]) h (at)`,
    [hours.map((at) => new Date(at))],
  );
}
