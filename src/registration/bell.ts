import type { DataSource } from 'typeorm';
import type { Queue } from '../queue/queue.ts';
import { inTransaction } from '../store/data-source.ts';

/** Appeals rung in one go; more are rung at the next tick. */
const MOST_AT_ONCE = 1000;

/**
 * Rings for appeals whose time has come: repeats after a wait, and those whose job was lost. The time moves on in
 * the same transaction, so that an appeal in a long queue is rung again only after a while.
 */
export async function ringDue(dataSource: DataSource, queue: Queue): Promise<number> {
  return await inTransaction(dataSource, async (tx) => {
    const rows = await tx.query<{ id: string; opa_id: string }>(
      `WITH due AS (
         SELECT id FROM appeal WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       UPDATE appeal a SET due_at = now() + interval '5 minutes' FROM due WHERE a.id = due.id
       RETURNING a.id::text AS id, a.opa_id`,
      [MOST_AT_ONCE],
    );
    await queue.ringAppeals(
      tx,
      rows.map((row) => ({ appealId: row.id, opaId: row.opa_id })),
    );
    return rows.length;
  });
}
