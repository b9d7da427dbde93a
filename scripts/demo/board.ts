import { Pool } from 'pg';
import { findRunningEmbedded } from '../../src/store/embedded/index.ts';

/** One appeal as the daemon's database has it. */
export interface BoardRow {
  readonly posId: string;
  readonly stage: string;
  /** Of the newest card. */
  readonly cardStage: string | null;
  readonly cardNumber: string | null;
  readonly errorCode: string | null;
}

export interface Incident {
  readonly id: string;
  readonly code: string;
  readonly scope: string;
}

/** What the daemon knows at one moment. */
export interface BoardState {
  readonly rows: readonly BoardRow[];
  /** Items that do not even name their appeal. */
  readonly unread: number;
  readonly incidents: readonly Incident[];
  readonly deliveries: DeliveryCounts;
  readonly showcase: ShowcaseCounts;
}

/** Questions of the archive's cards, by where they stand on their way into the showcase. */
export interface ShowcaseCounts {
  readonly records: number;
  readonly accepted: number;
  /** By the platform or by our own check. */
  readonly refused: number;
  readonly unmapped: number;
  /** Passes over the archive that came to their end. */
  readonly passes: number;
}

/** Statuses and answers on their way to the platform. */
export interface DeliveryCounts {
  /** Not settled yet, and reports that we owe ДЕЛО about answers. */
  readonly open: number;
  readonly attention: number;
  /** Those whose outcome was unknown and was found out by asking the platform. */
  readonly unknownSettled: number;
}

/** Looks into the daemon's database; changes nothing. */
export interface Board {
  /** `undefined` when the database does not answer now. */
  look(): Promise<BoardState | undefined>;
  close(): Promise<void>;
}

const ROWS = `
  SELECT a.pos_id AS "posId", a.stage, k.stage AS "cardStage", k.number AS "cardNumber",
         coalesce(a.error_code, k.error_code) AS "errorCode"
  FROM appeal a
  LEFT JOIN LATERAL (SELECT * FROM card WHERE appeal_id = a.id ORDER BY id DESC LIMIT 1) k ON true
  ORDER BY a.id`;
const UNREAD = 'SELECT count(*)::int AS count FROM unread_item WHERE settled_at IS NULL';
const INCIDENTS = 'SELECT id::text, code, scope FROM incident WHERE closed_at IS NULL ORDER BY id';
// The platform's id comes with its answer alone: one that has none was found in the history.
const DELIVERIES = `
  SELECT (count(*) FILTER (WHERE state IN ('queued', 'sending', 'unknown'))
           + (SELECT count(*) FROM sed_reply WHERE state = 'planned')
           + (SELECT count(*) FROM sed_event WHERE handled_at IS NULL AND card_id IS NOT NULL))::int AS open,
         (count(*) FILTER (WHERE state = 'attention'))::int AS attention,
         (count(*) FILTER (WHERE state = 'done' AND platform_id IS NULL))::int AS "unknownSettled"
  FROM delivery`;
const SHOWCASE = `
  SELECT (count(*) FILTER (WHERE state <> 'gone'))::int AS records,
         (count(*) FILTER (WHERE state = 'accepted'))::int AS accepted,
         (count(*) FILTER (WHERE state = 'refused'))::int AS refused,
         (count(*) FILTER (WHERE state = 'unmapped'))::int AS unmapped,
         (SELECT count(*)::int FROM showcase_build WHERE finished_at IS NOT NULL) AS passes
  FROM showcase_record`;
const NO_SHOWCASE: ShowcaseCounts = { records: 0, accepted: 0, refused: 0, unmapped: 0, passes: 0 };
const NO_DELIVERIES: DeliveryCounts = { open: 0, attention: 0, unknownSettled: 0 };

/** Opens the embedded database of a running daemon. */
export async function openBoard(stateDir: string): Promise<Board> {
  const connectionString = await findRunningEmbedded(stateDir);
  if (connectionString === undefined) throw new Error('the daemon runs, but its database does not answer');
  const pool = new Pool({
    connectionString,
    max: 1,
    query_timeout: 10_000,
    application_name: 'posrednik-demo',
  });
  // A connection that breaks between two looks is told by the next one.
  pool.on('error', () => undefined);
  return {
    async look() {
      try {
        const rows = await pool.query<BoardRow>(ROWS);
        const unread = await pool.query<{ count: number }>(UNREAD);
        const incidents = await pool.query<Incident>(INCIDENTS);
        const showcase = await pool.query<ShowcaseCounts>(SHOWCASE);
        const deliveries = await pool.query<DeliveryCounts>(DELIVERIES);
        return {
          rows: rows.rows,
          unread: unread.rows[0]?.count ?? 0,
          incidents: incidents.rows,
          deliveries: deliveries.rows[0] ?? NO_DELIVERIES,
          showcase: showcase.rows[0] ?? NO_SHOWCASE,
        };
      } catch {
        return undefined;
      }
    },
    close: () => pool.end(),
  };
}
