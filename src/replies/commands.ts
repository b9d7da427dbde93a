import type { DataSource } from 'typeorm';
import { noteDeliveries, type Said } from '../alerts/incident/note-resent.ts';
import { writeJournal } from '../alerts/journal.ts';
import { writeAudit } from '../console/users/audit.ts';
import type { DeliveryPayload, DeliveryState } from '../model/delivery.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';

export interface DeliveryRow {
  readonly id: string;
  readonly cabinet: string;
  readonly posId: string;
  readonly seq: number;
  readonly kind: string;
  readonly payload: DeliveryPayload;
  readonly state: DeliveryState;
  readonly rule: string;
  readonly attempts: number;
  readonly errorCode: string | null;
  readonly errorField: string | null;
  readonly errorDetail: string | null;
  readonly createdAt: Date;
}

export interface DeliveryFilter {
  readonly id?: string;
  readonly posId?: string;
  readonly state?: DeliveryState;
  readonly code?: string;
  readonly limit?: number;
}

const WHERE = `($1::bigint IS NULL OR d.id = $1) AND ($2::text IS NULL OR a.pos_id = $2)
  AND ($3::text IS NULL OR d.state = $3) AND ($4::text IS NULL OR d.error_code = $4)`;

function whereParams(filter: DeliveryFilter): unknown[] {
  return [filter.id ?? null, filter.posId ?? null, filter.state ?? null, filter.code ?? null];
}

/** Deliveries, newest first. */
export async function listDeliveries(db: Queryable, filter: DeliveryFilter): Promise<DeliveryRow[]> {
  return await db.query<DeliveryRow>(
    `SELECT d.id::text AS id, c.name AS cabinet, a.pos_id AS "posId", d.seq, d.kind, d.payload, d.state, d.rule, d.attempts,
            d.error_code AS "errorCode", d.error_field AS "errorField", d.error_detail AS "errorDetail", d.created_at AS "createdAt"
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id JOIN cabinet c USING (opa_id)
     WHERE ${WHERE} ORDER BY d.id DESC LIMIT $5`,
    [...whereParams(filter), filter.limit ?? 200],
  );
}

/**
 * Sends again what waits in attention: by id or all with one error code. The event is read anew by the rules of now, so a
 * mended mapping counts; the key stays, so nothing is doubled. Of what the platform may have taken already it is asked
 * first; groups of errors wait for how their members end. Who and why is in journal and audit. The daemon's bell rings
 * within a second. Gives the ids.
 */
export async function resendDeliveries(
  dataSource: DataSource,
  filter: DeliveryFilter,
  said: Said,
): Promise<string[]> {
  return await inTransaction(dataSource, async (tx) => {
    const rows = await tx.query<{ id: string }>(
      `SELECT d.id::text AS id FROM delivery d JOIN appeal a ON a.id = d.appeal_id WHERE ${WHERE} AND d.state = 'attention'
       ORDER BY d.id FOR UPDATE OF d`,
      whereParams({ ...filter, state: 'attention' }),
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return ids;
    await noteDeliveries(tx, ids, said);
    await resendLocked(tx, ids, said);
    const { id, code } = filter;
    const about =
      id === undefined
        ? { action: 'deliveries-resent', data: { count: ids.length, error: code } }
        : { action: 'delivery-resent', object: `delivery:${id}` };
    await writeAudit(tx, { ...said, ...about });
    return ids;
  });
}

/**
 * The same for deliveries by their ids, in the caller's transaction, which has locked them: those in attention. However
 * many, the statements are few.
 */
export async function resendLocked(tx: Queryable, ids: readonly string[], said: Said): Promise<void> {
  const rows = await tx.query<{
    id: string;
    appeal_id: string;
    opa_id: string;
    in_doubt: boolean;
    event_id: string;
  }>(
    `SELECT d.id::text AS id, d.appeal_id::text AS appeal_id, a.opa_id, d.baseline IS NOT NULL AS in_doubt, d.event_id::text AS event_id
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id WHERE d.id = ANY($1::bigint[]) AND d.state = 'attention' ORDER BY d.id`,
    [ids],
  );
  if (rows.length === 0) return;
  // Not on the platform for certain: the rules decide afresh. Else it is found there, or goes as it was.
  const fresh = rows.filter((row) => !row.in_doubt);
  const freshIds = fresh.map(({ id }) => id);
  await tx.query(`DELETE FROM sed_reply WHERE delivery_id = ANY($1::bigint[]) AND state = 'planned'`, [
    freshIds,
  ]);
  await tx.query(
    `UPDATE delivery SET state = 'cancelled', settled_at = now(), key = key || ':' || id WHERE id = ANY($1::bigint[])`,
    [freshIds],
  );
  await tx.query(`UPDATE sed_event SET handled_at = NULL WHERE id = ANY($1::bigint[])`, [
    fresh.map((row) => row.event_id),
  ]);
  await tx.query(
    `UPDATE delivery SET state = 'unknown', retry_used_ms = 0, failures = 0, next_try_at = now() WHERE id = ANY($1::bigint[])`,
    [rows.filter((row) => row.in_doubt).map(({ id }) => id)],
  );
  await tx.query(`UPDATE appeal SET due_at = now() WHERE id = ANY($1::bigint[])`, [
    rows.map((row) => row.appeal_id),
  ]);
  await writeJournal(
    tx,
    rows.map((row) => ({
      opaId: row.opa_id,
      appealId: row.appeal_id,
      event: 'delivery-resend-asked',
      data: { deliveryId: row.id, ...said },
    })),
  );
}

/** Lets a delivery fall that is not on its way: queued or in attention. Returns whether there was one. */
export async function cancelDelivery(dataSource: DataSource, id: string, said: Said): Promise<boolean> {
  return await inTransaction(dataSource, async (tx) => {
    const [row] = await tx.query<{ appeal_id: string; opa_id: string }>(
      `UPDATE delivery d SET state = 'cancelled', settled_at = now() FROM appeal a
       WHERE d.id = $1 AND a.id = d.appeal_id AND d.state IN ('queued', 'attention')
       RETURNING d.appeal_id::text AS appeal_id, a.opa_id`,
      [id],
    );
    if (row === undefined) return false;
    const { appeal_id: appealId, opa_id: opaId } = row;
    await tx.query(`UPDATE appeal SET due_at = now() WHERE id = $1`, [appealId]);
    const data = { deliveryId: id, ...said };
    await writeJournal(tx, [{ opaId, appealId, event: 'delivery-cancelled', data }]);
    const object = `delivery:${id}`;
    await writeAudit(tx, { ...said, action: 'delivery-cancelled', object });
    return true;
  });
}
