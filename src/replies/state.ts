import type { DeliveryPayload, DeliveryState } from '../model/delivery.ts';
import type { Queryable } from '../store/data-source.ts';
import type { StoredEvent } from './interpret.ts';

export interface DeliveryFileState {
  readonly position: number;
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
  readonly platformFileId: string | null;
}

/** One status or answer on its way. Times are epoch ms of the database's clock. */
export interface Delivery {
  readonly id: string;
  readonly cardId: string;
  readonly seq: number;
  readonly key: string;
  readonly payload: DeliveryPayload;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly retryUsedMs: number;
  /** Failures so far, of reading, uploading and sending: the pause grows with them. */
  readonly failures: number;
  readonly nextTryAt: number;
  readonly owner: string | null;
  /** When the last attempt was begun. */
  readonly begunAt: number | null;
  /** When the last attempt ended, as far as it is known. */
  readonly endedAt: number | null;
  /** Equal entries in the platform's history before the attempt; null when none of ours can be on its way. */
  readonly baseline: number | null;
  readonly files: readonly DeliveryFileState[];
}

export interface CardEvents {
  readonly id: string;
  readonly repetition: string;
  readonly number: string | null;
  readonly date: string | null;
  /** Events of the СЭД not yet looked at by this flow, in the order in which they came. */
  readonly fresh: readonly StoredEvent[];
  /** Terms told by Reports with a Registration, oldest first, those of `fresh` left out. */
  readonly deadlines: readonly { readonly day: string; readonly at: number }[];
  readonly deliveries: readonly Delivery[];
}

/** Everything the next step of an appeal's replies is decided from. */
export interface RepliesState {
  readonly appealId: string;
  readonly opaId: string;
  readonly posId: string;
  readonly answerAt: number | null;
  readonly now: number;
  readonly cabinetActive: boolean;
  readonly cards: readonly CardEvents[];
}

/** Loads the replies of several appeals in one query; those of which there is nothing to do are left out. */
export async function loadReplies(db: Queryable, appealIds: readonly string[]): Promise<RepliesState[]> {
  const rows = await db.query<{ state: RepliesState }>(LOAD, [appealIds]);
  return rows.map((row) => row.state);
}

/** Of these appeals, those with something to carry back: asked for every batch, so it reads two indexes and no more. */
export async function findWithReplies(db: Queryable, appealIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT a.id::text AS id FROM appeal a WHERE a.id = ANY($1::bigint[]) AND ${HAS_WORK}`,
    [appealIds],
  );
  return new Set(rows.map((row) => row.id));
}

const epoch = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

const HAS_WORK = `(
  EXISTS (SELECT 1 FROM delivery d WHERE d.appeal_id = a.id AND d.state IN ('queued', 'sending', 'unknown'))
  OR EXISTS (SELECT 1 FROM sed_event e JOIN card k ON k.id = e.card_id WHERE k.appeal_id = a.id AND e.handled_at IS NULL))`;

const EVENT = `json_build_object('id', e.id::text, 'kind', e.kind, 'subject', e.subject,
  'at', ${epoch('coalesce(e.at, e.stored_at)')}, 'toldAt', ${epoch('coalesce(m.header_time, e.stored_at)')},
  'data', e.data, 'files', m.files)`;

const DELIVERY = `json_build_object('id', d.id::text, 'cardId', d.card_id::text, 'seq', d.seq, 'key', d.key,
  'payload', d.payload, 'state', d.state, 'attempts', d.attempts, 'retryUsedMs', d.retry_used_ms,
  'failures', d.failures, 'begunAt', ${epoch('d.begun_at')},
  'nextTryAt', ${epoch('d.next_try_at')}, 'owner', d.owner, 'endedAt', ${epoch('d.ended_at')}, 'baseline', d.baseline,
  'files', coalesce((SELECT json_agg(json_build_object('position', f.position, 'name', f.name, 'sha256', f.sha256,
    'size', f.size, 'platformFileId', f.platform_file_id) ORDER BY f.position)
    FROM delivery_file f WHERE f.delivery_id = d.id), '[]'))`;

const LOAD = `
SELECT json_build_object(
  'appealId', a.id::text, 'opaId', a.opa_id, 'posId', a.pos_id, 'answerAt', ${epoch('a.answer_at')},
  'now', ${epoch('clock_timestamp()')}, 'cabinetActive', c.state = 'active',
  'cards', (SELECT json_agg(json_build_object(
    'id', k.id::text, 'repetition', k.repetition, 'number', k.number, 'date', k.date::text,
    'fresh', coalesce((SELECT json_agg(${EVENT} ORDER BY e.id) FROM sed_event e JOIN sed_message m ON m.id = e.message_id
      WHERE e.card_id = k.id AND e.handled_at IS NULL), '[]'),
    'deadlines', coalesce((SELECT json_agg(json_build_object('day', e.data->>'deadline',
        'at', ${epoch('coalesce(e.at, e.stored_at)')}) ORDER BY e.at, e.id)
      FROM sed_event e WHERE e.card_id = k.id AND e.kind = 'deadline' AND e.handled_at IS NOT NULL
        AND e.data->>'registered' = 'true'), '[]'),
    'deliveries', coalesce((SELECT json_agg(${DELIVERY} ORDER BY d.seq) FROM delivery d WHERE d.card_id = k.id), '[]')
  ) ORDER BY k.id) FROM card k WHERE k.appeal_id = a.id)
) AS state
FROM appeal a JOIN cabinet c USING (opa_id)
WHERE a.id = ANY($1::bigint[])
  AND ${HAS_WORK}
ORDER BY a.id`;
