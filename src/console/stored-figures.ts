import { toFault } from '../model/errors.ts';
import { endsWithin } from '../shutdown.ts';
import type { MetricsDeps } from './metrics.ts';

/** One reading of what the database knows. */
export interface StoredFigures {
  readonly cabinets: readonly {
    readonly name: string;
    readonly state: string;
    readonly lagSeconds: number;
    readonly enabled: boolean;
  }[];
  readonly appeals: readonly { readonly stage: string; readonly count: number }[];
  readonly incidents: readonly { readonly code: string; readonly count: number }[];
  readonly queues: readonly { readonly queue: string; readonly waiting: number; readonly active: number }[];
}

/** A reading that takes longer than this is given up: a scrape waits ten seconds at most. */
const READ_LIMIT_MS = 5000;

/** Reads everything at once; undefined when the database is away or does not answer within five seconds. */
export async function readStoredFigures(
  deps: Omit<MetricsDeps, 'breakers'>,
): Promise<StoredFigures | undefined> {
  let figures: StoredFigures | undefined;
  try {
    const inTime = await endsWithin(READ_LIMIT_MS, async () => {
      figures = await read(deps);
    });
    return inTime ? figures : undefined;
  } catch (error) {
    // A defect of ours must be seen; a database that is away has its own gauge.
    if (toFault(error).kind === 'defect' && !isConnectionTrouble(error)) throw error;
    return undefined;
  }
}

/** What the queue throws when its own connections are gone: the driver's bare errors. */
function isConnectionTrouble(error: unknown): boolean {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
  return typeof code === 'string' || /connection|pool|timeout/i.test(message);
}

async function read({ db, queue, cabinets }: Omit<MetricsDeps, 'breakers'>): Promise<StoredFigures> {
  const enabled = new Map(cabinets().map((cabinet) => [cabinet.opaId, cabinet.enabled]));
  const [rows, appeals, incidents, queues] = await Promise.all([
    db.query<{ opa_id: string; name: string; state: string; lag: number }>(
      `SELECT opa_id, name, state, extract(epoch FROM now() - coalesce(polled_at, state_since))::float8 AS lag
       FROM cabinet WHERE opa_id = ANY($1)`,
      [[...enabled.keys()]],
    ),
    db.query<{ stage: string; count: number }>(
      `SELECT CASE WHEN a.stage = 'open' THEN 'card-' || coalesce(k.stage, 'none') ELSE a.stage END AS stage,
              count(*)::float8 AS count
       FROM appeal a LEFT JOIN LATERAL (SELECT stage FROM card WHERE appeal_id = a.id ORDER BY id DESC LIMIT 1) k ON true
       GROUP BY 1`,
    ),
    db.query<{ code: string; count: number }>(
      `SELECT code, count(*)::float8 AS count FROM incident WHERE closed_at IS NULL GROUP BY code`,
    ),
    queue.depth(),
  ]);
  return {
    cabinets: rows.map(({ opa_id, name, state, lag }) => ({
      name,
      state,
      lagSeconds: lag,
      enabled: enabled.get(opa_id) === true,
    })),
    appeals,
    incidents,
    queues,
  };
}
