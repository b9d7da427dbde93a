import type { DataSource } from 'typeorm';
import { inTransaction } from '../store/data-source.ts';

const KEY = 'dry:';

/**
 * Remembers which cabinets are dry. Of those that were and are no more, whatever was held is rung for: it goes on at once,
 * after a restart too. `live` and `dry`: opaIds of the cabinets now in force.
 */
export async function settleDryMarks(
  dataSource: DataSource,
  { live, dry }: { readonly live: readonly string[]; readonly dry: readonly string[] },
): Promise<void> {
  await inTransaction(dataSource, async (tx) => {
    await tx.query(
      `INSERT INTO setting (key, value) SELECT $1 || opa_id, 'true' FROM unnest($2::text[]) AS t (opa_id)
       ON CONFLICT (key) DO NOTHING`,
      [KEY, dry],
    );
    const ended = await tx.query<{ opa_id: string }>(
      `DELETE FROM setting WHERE key = ANY(SELECT $1 || opa_id FROM unnest($2::text[]) AS t (opa_id))
       RETURNING substr(key, length($1) + 1) AS opa_id`,
      [KEY, live],
    );
    if (ended.length === 0) return;
    const opaIds = ended.map((row) => row.opa_id);
    await tx.query(`UPDATE appeal SET due_at = now() WHERE opa_id = ANY($1) AND due_at > now()`, [opaIds]);
    await tx.query(
      `UPDATE sed_reply r SET next_try_at = now() FROM delivery d JOIN appeal a ON a.id = d.appeal_id
       WHERE d.id = r.delivery_id AND r.state = 'planned' AND a.opa_id = ANY($1) AND r.next_try_at > now()`,
      [opaIds],
    );
  });
}
