import type { ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';
import type { AppealState, AttachmentState } from './state.ts';

/** What became of one try at one file. */
export interface FileOutcome {
  readonly attachment: AttachmentState;
  readonly state: 'stored' | 'wanted' | 'refused';
  readonly sha256?: string;
  readonly size?: number;
  readonly code?: ErrorCode;
  readonly detail?: string;
  /** Until the next try, ms. */
  readonly delayMs: number;
  readonly attempts: number;
  readonly retryUsedMs: number;
}

export interface OutcomeOf {
  readonly appeal: Pick<AppealState, 'id' | 'opaId'>;
  readonly outcome: FileOutcome;
}

/** Stores outcomes, of one appeal or of many, in one statement; a file that is no longer wanted keeps its state. */
export async function storeOutcomes(db: Queryable, given: readonly OutcomeOf[]): Promise<void> {
  if (given.length === 0) return;
  const outcomes = given.map(({ outcome }) => outcome);
  await db.query(STORE, [
    outcomes.map((o) => o.attachment.id),
    outcomes.map((o) => o.state),
    outcomes.map((o) => o.sha256 ?? null),
    outcomes.map((o) => o.size ?? null),
    outcomes.map((o) => o.attempts),
    outcomes.map((o) => o.retryUsedMs),
    outcomes.map((o) => o.delayMs),
    outcomes.map((o) => o.code ?? null),
    outcomes.map((o) => o.detail ?? null),
    given.map(({ appeal }) => appeal.opaId),
    given.map(({ appeal }) => appeal.id),
  ]);
}

const STORE = `
WITH t AS (
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[],
                       $8::text[], $9::text[], $10::text[], $11::bigint[])
    AS t (id, state, sha256, size, attempts, retry_used_ms, delay_ms, code, detail, opa_id, appeal_id)),
b AS (
  INSERT INTO blob (sha256, size) SELECT DISTINCT ON (sha256) sha256, size FROM t WHERE sha256 IS NOT NULL
  ON CONFLICT (sha256) DO NOTHING),
j AS (
  INSERT INTO journal (opa_id, appeal_id, event, code, data)
  SELECT opa_id, appeal_id, 'file-refused', code,
         jsonb_build_object('attachmentId', id::text, 'detail', coalesce(detail, ''))
  FROM t WHERE state = 'refused')
UPDATE attachment f SET state = t.state, sha256 = t.sha256, attempts = t.attempts,
  retry_used_ms = t.retry_used_ms, next_try_at = now() + make_interval(secs => t.delay_ms / 1000.0),
  error_code = t.code, error_detail = t.detail
FROM t WHERE f.id = ANY ($1::bigint[]) AND f.id = t.id AND f.state = 'wanted'`;
