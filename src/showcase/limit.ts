import type { Queryable } from '../store/data-source.ts';

const KEY = 'showcase-limit:';

/**
 * How many records to put into one file of a showcase: its setting `maxRecords`, or less when the platform has refused a
 * file as too large since (contracts/platform-rest.md, section 6: 413).
 */
export async function recordLimit(db: Queryable, showcase: string, maxRecords: number): Promise<number> {
  const [row] = await db.query<{ value: string }>(`SELECT value FROM setting WHERE key = $1`, [
    KEY + showcase,
  ]);
  const learnt = Number(row?.value ?? maxRecords);
  return Number.isSafeInteger(learnt) && learnt > 0 ? Math.min(learnt, maxRecords) : maxRecords;
}

/** Remembers that a file of so many records was too large; only a smaller limit replaces the earlier one. */
export async function learnLimit(tx: Queryable, showcase: string, refused: number): Promise<void> {
  const limit = Math.max(1, Math.ceil(refused / 2));
  await tx.query(
    `INSERT INTO setting AS s (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE s.value::bigint > excluded.value::bigint`,
    [KEY + showcase, String(limit)],
  );
}
