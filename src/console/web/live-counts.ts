import type { Queryable } from '../../store/data-source.ts';
import type { Section } from './frame.ts';

/** Beyond this nobody counts any more, and neither do we. */
const MOST = 1000;

/** What all viewers are told: counts by section, and a mark that changes when anything has happened. */
export interface LiveState {
  readonly counts: Partial<Record<Section, number>>;
  readonly mark: string;
}

/** Reads both, by partial indexes and primary keys only: it is asked every few seconds. */
export async function readLiveState(db: Queryable): Promise<LiveState> {
  const [row] = await db.query<{ errors: number; appeals: number; cabinets: number; mark: string }>(
    `SELECT (SELECT count(*) FROM (SELECT 1 FROM incident WHERE closed_at IS NULL
              AND (snoozed_until IS NULL OR snoozed_until <= now()) LIMIT ${MOST}) i)::int AS errors,
            (SELECT count(*) FROM (SELECT 1 FROM appeal WHERE stage = 'attention' LIMIT ${MOST}) a)::int AS appeals,
            (SELECT count(*) FROM cabinet WHERE state = 'blocked')::int AS cabinets,
            concat_ws(':', (SELECT max(id) FROM journal), (SELECT max(last_at) FROM incident WHERE closed_at IS NULL)) AS mark`,
  );
  if (row === undefined) return { counts: {}, mark: '' };
  const { mark, ...counts } = row;
  return { counts, mark };
}
