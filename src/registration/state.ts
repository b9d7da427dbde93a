import type { AppealStage } from '../intake/eligibility.ts';
import type { CardRequest, EarlierCard } from '../sed/port.ts';
import type { Queryable } from '../store/data-source.ts';

export type CardStage = 'planned' | 'sent' | 'taken' | 'received' | 'registered' | 'attention' | 'cancelled';
/** `again`: refused, and a person asked for another attempt. */
export type PackageStage = 'writing' | 'sent' | 'taken' | 'received' | 'registered' | 'failed' | 'again';

export interface AttachmentState {
  readonly id: string;
  readonly fileId: string;
  readonly name: string;
  readonly size: number | null;
  readonly mimeType: string | null;
  readonly expectedSha256: string | null;
  readonly state: 'wanted' | 'stored' | 'refused';
  readonly sha256: string | null;
  readonly storedSize: number | null;
  readonly attempts: number;
  readonly retryUsedMs: number;
  readonly nextTryAt: number;
  readonly seenAt: number;
  readonly errorCode: string | null;
}

export interface PackageState {
  readonly id: string;
  readonly part: number;
  readonly attempt: number;
  readonly addition: NonNullable<CardRequest['addition']> | null;
  /** Identity of the change an addition tells of. */
  readonly subject: string;
  readonly channel: string;
  readonly changeId: string;
  readonly attachments: readonly string[];
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
  readonly earlier: EarlierCard | null;
  readonly headerTime: number;
  readonly stage: PackageStage;
  readonly begun: number;
  readonly writeFailures: number;
}

export interface CardState {
  readonly id: string;
  readonly repetition: string;
  readonly documentUid: string;
  readonly channel: string;
  readonly stage: CardStage;
  readonly number: string | null;
  readonly date: string | null;
  readonly packages: readonly PackageState[];
}

export interface PendingChange {
  readonly id: string;
  readonly identity: string;
  readonly change: string;
  /** When it was stored. */
  readonly at: number;
  /** A TERM_MOVED to a term that we have sent ourselves: our own echo, no news to the clerk. */
  readonly isEcho?: boolean;
}

/** Everything the next step of an appeal is decided from. Times are epoch milliseconds of the database's clock. */
export interface AppealState {
  readonly id: string;
  readonly opaId: string;
  readonly posId: string;
  readonly stage: AppealStage;
  readonly firstSeenAt: number;
  /** The database's clock when this was read: all times here are compared with it and with no other. */
  readonly now: number;
  /** When the bell is to ring next, exactly as stored: a change made meanwhile is noticed by it. */
  readonly dueAt: string | null;
  readonly cabinetActive: boolean;
  /** Its last work ended in an error that no step foresaw. */
  readonly isFailed: boolean;
  /** The newest readable change: what a card is made of. */
  readonly newest: { readonly changeId: string; readonly raw: string } | null;
  readonly pending: readonly PendingChange[];
  readonly attachments: readonly AttachmentState[];
  /** Oldest first. */
  readonly cards: readonly CardState[];
  /** `repeatOf`: how far the earlier appeal's card is; null when there is none. */
  readonly repeatOf: { readonly stage: CardStage | 'unknown'; readonly card: EarlierCard | null } | null;
}

/** Loads the state of several appeals in one query. Missing ids are left out. */
export async function loadAppeals(db: Queryable, ids: readonly string[]): Promise<AppealState[]> {
  const rows = await db.query<{ state: AppealState }>(LOAD, [ids]);
  return rows.map((row) => row.state);
}

const epoch = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`;

// An attempt is stored before its call: an echo can come while the outcome of the call is still unknown.
const IS_ECHO = `(ch.change = 'TERM_MOVED' AND EXISTS (SELECT 1 FROM delivery d
        WHERE d.appeal_id = a.id AND d.attempts > 0 AND d.payload->>'role' = 'postpone'
          AND (d.payload->>'postponedTo')::timestamptz = ch.answer_at))`;

const LOAD = `
SELECT json_build_object(
  'id', a.id::text, 'opaId', a.opa_id, 'posId', a.pos_id, 'stage', a.stage,
  'firstSeenAt', ${epoch('a.first_seen_at')}, 'now', ${epoch('clock_timestamp()')}, 'dueAt', a.due_at::text,
  'cabinetActive', c.state = 'active', 'isFailed', coalesce(a.error_code <> 'APPEAL_SHAPE_UNKNOWN', false),
  'newest', (SELECT json_build_object('changeId', ch.id::text, 'raw', ch.raw)
    FROM appeal_change ch WHERE ch.appeal_id = a.id AND ch.identity = a.newest AND ch.raw IS NOT NULL),
  'pending', coalesce((
    SELECT json_agg(json_build_object('id', ch.id::text, 'identity', ch.identity, 'change', ch.change,
      'at', ${epoch('ch.stored_at')}, 'isEcho', ${IS_ECHO}) ORDER BY ch.id)
    FROM appeal_change ch WHERE ch.appeal_id = a.id AND ch.handled_at IS NULL AND ch.readable), '[]'),
  'attachments', coalesce((
    SELECT json_agg(json_build_object(
      'id', f.id::text, 'fileId', f.file_id, 'name', f.name, 'size', f.size, 'mimeType', f.mime_type,
      'expectedSha256', f.expected_sha256, 'state', f.state, 'sha256', f.sha256, 'storedSize', b.size,
      'attempts', f.attempts, 'retryUsedMs', f.retry_used_ms, 'nextTryAt', ${epoch('f.next_try_at')},
      'seenAt', ${epoch('f.seen_at')}, 'errorCode', f.error_code) ORDER BY f.position, f.id)
    FROM attachment f LEFT JOIN blob b ON b.sha256 = f.sha256 WHERE f.appeal_id = a.id), '[]'),
  'cards', coalesce((
    SELECT json_agg(json_build_object(
      'id', k.id::text, 'repetition', k.repetition, 'documentUid', k.document_uid, 'channel', k.channel,
      'stage', k.stage, 'number', k.number, 'date', k.date::text,
      'packages', coalesce((
        SELECT json_agg(json_build_object(
          'id', p.id::text, 'part', p.part, 'attempt', p.attempt, 'addition', p.addition, 'subject', p.subject,
          'channel', p.channel, 'changeId', p.change_id::text, 'attachments', p.attachments, 'missing', p.missing,
          'earlier', p.earlier, 'headerTime', ${epoch('p.header_time')}, 'stage', p.stage, 'begun', p.begun,
          'writeFailures', p.write_failures) ORDER BY p.part, p.attempt)
        FROM package p WHERE p.card_id = k.id), '[]')) ORDER BY k.id)
    FROM card k WHERE k.appeal_id = a.id), '[]'),
  'repeatOf', CASE WHEN a.repeat_of IS NULL THEN NULL ELSE coalesce((
    SELECT json_build_object('stage', coalesce(k.stage, CASE e.stage WHEN 'open' THEN 'planned' ELSE 'unknown' END),
      'card', CASE WHEN k.number IS NOT NULL AND k.date IS NOT NULL THEN json_build_object(
      'documentUid', k.document_uid, 'number', k.number, 'date', k.date::text) END)
    FROM appeal e LEFT JOIN card k ON k.appeal_id = e.id
    WHERE e.opa_id = a.opa_id AND e.pos_id = a.repeat_of AND e.id <> a.id ORDER BY k.id DESC NULLS LAST LIMIT 1),
    json_build_object('stage', 'unknown', 'card', NULL)) END
) AS state
FROM appeal a JOIN cabinet c USING (opa_id)
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id`;
