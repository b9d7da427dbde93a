import type { Queryable } from '../store/data-source.ts';
import { RECORD_STATES, type RecordState, UPLOAD_STATES, type UploadState } from './records.ts';

/** How a showcase stands. */
export interface ShowcaseStatus {
  readonly showcase: string;
  /** All questions but those that are off the showcase. */
  readonly records: number;
  /** How many questions stand in each state. */
  readonly states: Readonly<Record<RecordState, number>>;
  /** How many files stand in each state. */
  readonly uploads: Readonly<Record<UploadState, number>>;
  readonly lastBuild?: {
    readonly startedAt: Date;
    /** Absent: it runs still, or was cut. */
    readonly finishedAt?: Date;
    readonly cards: number;
    readonly questions: number;
    readonly errorCode?: string;
  };
  /** When the platform's last report was settled. */
  readonly lastSettledAt?: Date;
}

interface BuildRow {
  readonly showcase: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly cards: string;
  readonly questions: string;
  readonly error_code: string | null;
}

/** How these showcases stand, in their order. */
export async function readStatus(db: Queryable, showcases: readonly string[]): Promise<ShowcaseStatus[]> {
  const records = await db.query<{ showcase: string; state: RecordState; count: string }>(
    `SELECT showcase, state, count(*) AS count FROM showcase_record WHERE showcase = ANY($1) GROUP BY 1, 2`,
    [showcases],
  );
  const uploads = await db.query<{
    showcase: string;
    state: UploadState;
    count: string;
    settled: Date | null;
  }>(
    `SELECT showcase, state, count(*) AS count, max(settled_at) AS settled FROM showcase_upload
     WHERE showcase = ANY($1) GROUP BY 1, 2`,
    [showcases],
  );
  const builds = await db.query<BuildRow>(
    `SELECT DISTINCT ON (showcase) showcase, started_at, finished_at, cards, questions, error_code FROM showcase_build
     WHERE showcase = ANY($1) ORDER BY showcase, id DESC`,
    [showcases],
  );
  return showcases.map((showcase) => {
    const own = uploads.filter((row) => row.showcase === showcase);
    const states = countsOf(
      RECORD_STATES,
      records.filter((row) => row.showcase === showcase),
    );
    const build = builds.find((row) => row.showcase === showcase);
    const settled = own.find(({ state }) => state === 'settled')?.settled ?? null;
    return {
      showcase,
      records: Object.values(states).reduce((sum, count) => sum + count, 0) - states.gone,
      states,
      uploads: countsOf(UPLOAD_STATES, own),
      ...(build === undefined ? {} : { lastBuild: buildOf(build) }),
      ...(settled === null ? {} : { lastSettledAt: settled }),
    };
  });
}

function countsOf<S extends string>(
  states: readonly S[],
  rows: readonly { readonly state: S; readonly count: string }[],
): Record<S, number> {
  const counts = states.map((state) => [state, Number(rows.find((row) => row.state === state)?.count ?? 0)]);
  return Object.fromEntries(counts) as Record<S, number>;
}

function buildOf(row: BuildRow): NonNullable<ShowcaseStatus['lastBuild']> {
  return {
    startedAt: row.started_at,
    cards: Number(row.cards),
    questions: Number(row.questions),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.error_code === null ? {} : { errorCode: row.error_code }),
  };
}
