import type { DataSource } from 'typeorm';
import type { Queue } from '../queue/queue.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';

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

/** Younger than this, what waits is still on its way to a worker. */
const FORGOTTEN_AFTER = "interval '1 minute'";

/**
 * Makes due what has something to carry back and nobody to be rung by. A ring falls on a job that is already queued;
 * taken in the instant before the ringing transaction ends, that job has not seen what the ring was for. Returns how
 * many there were.
 */
export async function dueForgotten(db: Queryable): Promise<number> {
  const rows = await db.query(
    `UPDATE appeal SET due_at = now() WHERE due_at IS NULL AND id IN (
       SELECT k.appeal_id FROM sed_event e JOIN card k ON k.id = e.card_id
       WHERE e.handled_at IS NULL AND e.stored_at < now() - ${FORGOTTEN_AFTER}
       UNION SELECT d.appeal_id FROM delivery d
       WHERE d.state IN ('queued', 'sending', 'unknown') AND d.next_try_at < now() - ${FORGOTTEN_AFTER})
     RETURNING id`,
  );
  return rows.length;
}
