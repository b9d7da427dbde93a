import type { Queryable } from '../store/data-source.ts';

const KEY = 'showcase-run:';

/** Asks the daemons to run these showcases now; asked twice before one has looked, they run once. */
export async function askRuns(db: Queryable, showcases: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO setting (key, value) SELECT $1 || id, now()::text FROM unnest($2::text[]) AS t (id)
     ON CONFLICT (key) DO NOTHING`,
    [KEY, showcases],
  );
}

/** Takes what was asked for; the caller rings for it in the same transaction. */
export async function takeAskedRuns(tx: Queryable): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `DELETE FROM setting WHERE starts_with(key, $1) RETURNING substr(key, length($1) + 1) AS id`,
    [KEY],
  );
  return rows.map(({ id }) => id);
}
