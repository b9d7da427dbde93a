import { queryable } from '../../../src/store/data-source.ts';
import type { TestDatabase } from '../../support/database.ts';

export interface DeliveryInput {
  readonly posId: string;
  readonly state: string;
  readonly code?: string;
  readonly detail?: string;
  /** Given: its first attempt was begun. */
  readonly baseline?: number;
}

/** Puts a cabinet `lko-1` (opaId 100001) into the database; safe to repeat. */
export async function putCabinet(database: TestDatabase): Promise<void> {
  await queryable(database.dataSource).query(
    `INSERT INTO cabinet (opa_id, name, start_from) VALUES ('100001', 'lko-1', now()) ON CONFLICT DO NOTHING`,
  );
}

/** Puts a registered appeal with one event and its delivery; returns the delivery's number. */
export async function putDelivery(database: TestDatabase, input: DeliveryInput): Promise<string> {
  const db = queryable(database.dataSource);
  await putCabinet(database);
  const uid = `uid-${input.posId}`;
  const [row] = await db.query<{ id: string }>(
    `WITH a AS (INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at, answer_at)
        VALUES ('100001', $1, 'open', 'message', 'MODERATION_ACCEPT', '2026-01-12T09:00:00Z', '2026-02-11T20:59:59Z')
        RETURNING id),
      ch AS (INSERT INTO appeal_change (appeal_id, identity, change, raw) SELECT id, '7', 'NEW', '{}' FROM a RETURNING id),
      f AS (INSERT INTO attachment (appeal_id, file_id, position, name, state, error_code)
        SELECT id, 'f1', 0, 'Жалоба Полевой.pdf', 'refused', 'FILE_GONE' FROM a),
      k AS (INSERT INTO card (appeal_id, document_uid, channel, stage, number, date)
        SELECT id, $2, 'delo-1', 'registered', 'ОГ-1/26', '2026-01-13' FROM a RETURNING id, appeal_id),
      p AS (INSERT INTO package (card_id, part, attempt, channel, change_id, attachments, missing, message_id, return_id, message_dir,
          header_time, stage, owner)
        SELECT k.id, 0, 1, 'delo-1', ch.id, '[]', '[]', $2, $2, 'dir-' || $1::text, now(), 'registered', 'test' FROM k, ch),
      m AS (INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, files)
        VALUES ('delo-1', 'm-' || $2::text, 'd', 'Report', 'r', '[]') RETURNING id),
      e AS (INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, data, handled_at)
        SELECT $2, 'consideration', 's', k.id, m.id, '{}', now() FROM k, m RETURNING id),
      j AS (INSERT INTO journal (opa_id, appeal_id, event) SELECT '100001', id, 'card-registered' FROM a)
     INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state, attempts, error_code, error_detail, baseline)
     SELECT k.appeal_id, k.id, e.id, 1, 'key-' || $1::text, 'status', 'Назначен исполнитель', '{"kind":"status"}', $3, 1, $4, $5, $6
     FROM k, e RETURNING id::text AS id`,
    [input.posId, uid, input.state, input.code ?? null, input.detail ?? null, input.baseline ?? null],
  );
  return row?.id ?? '';
}

/** State of a delivery, whether its event is to be read anew, and whether its appeal is rung. */
export async function deliveryOf(
  database: TestDatabase,
  id: string,
): Promise<{ state: string; fresh: boolean; rung: boolean }> {
  const [row] = await queryable(database.dataSource).query<{ state: string; fresh: boolean; rung: boolean }>(
    `SELECT d.state, e.handled_at IS NULL AS fresh, a.due_at IS NOT NULL AS rung
     FROM delivery d JOIN sed_event e ON e.id = d.event_id JOIN appeal a ON a.id = d.appeal_id WHERE d.id = $1`,
    [id],
  );
  if (row === undefined) throw new Error(`no delivery ${id}`);
  return row;
}
