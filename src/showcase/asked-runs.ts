import type { Queryable } from '../store/data-source.ts';

const KEY = 'showcase-run:';
/** Before a showcase's id, which has no colon. */
const FILES = 'files:';

/** What is asked of the daemons: a whole run of a showcase, or only files of what is ready in it. */
export interface Asked {
  readonly showcase: string;
  readonly filesOnly: boolean;
}

/** Asks the daemons to run these showcases now; asked twice before one has looked, they run once. */
export async function askRuns(db: Queryable, showcases: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO setting (key, value) SELECT $1 || id, now()::text FROM unnest($2::text[]) AS t (id)
     ON CONFLICT (key) DO NOTHING`,
    [KEY, showcases],
  );
}

/**
 * Asks for files of what is ready in a showcase, without a look at the archive; nothing when nothing is. For the
 * transaction that settles a report: a record whose card or rule changed while its file was on its way is ready from then
 * on, whether the platform took the old content or not. No endless loop: a settled report has taken at least one content
 * out of `ready`, for the platform has it or has refused exactly it.
 */
export async function askFiles(tx: Queryable, showcase: string): Promise<void> {
  const ready = await tx.query(
    `SELECT 1 FROM showcase_record WHERE showcase = $1 AND state = 'ready' LIMIT 1`,
    [showcase],
  );
  if (ready.length > 0) await askRuns(tx, [`${FILES}${showcase}`]);
}

/** Takes what was asked for, as keys; the caller rings for them in the same transaction. */
export async function takeAskedRuns(tx: Queryable): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `DELETE FROM setting WHERE starts_with(key, $1) RETURNING substr(key, length($1) + 1) AS id`,
    [KEY],
  );
  return rows.map(({ id }) => id);
}

/** What a key asks for; the key of a whole run is the showcase's id, as its schedule has it. */
export function askedBy(key: string): Asked {
  const filesOnly = key.startsWith(FILES);
  return { showcase: filesOnly ? key.slice(FILES.length) : key, filesOnly };
}
