import type { Queryable } from '../store/data-source.ts';
import { partsOf } from './file-lines.ts';

/*
 * What becomes of the records of a file when its fate is known. Each statement touches only records that are in flight in
 * that file, and writes facts only: where a record then stands follows from them (src/showcase/records.ts).
 */

/** Whether the platform has what it should have, when `accepted` is what it accepted last. */
function isInPlace(accepted: string): string {
  return `(r.verdict = 'remove' AND ${accepted} IS NULL)
    OR (r.verdict IN ('send', 'remove') AND r.hash IS NOT DISTINCT FROM ${accepted})`;
}

function since(accepted: string): string {
  return `since = CASE WHEN ${isInPlace(accepted)} THEN NULL ELSE coalesce(r.since, now()) END`;
}

interface FileOf {
  readonly id: string;
  readonly showcase: string;
}

export interface TakenRecord {
  readonly recordId: string;
  /** Of the line in the file. */
  readonly hash: Buffer;
}

/** The platform has exactly these contents now. */
export async function acceptRecords(
  tx: Queryable,
  upload: FileOf,
  records: readonly TakenRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `UPDATE showcase_record r SET accepted_hash = f.hash, sent_hash = NULL, refused_hash = NULL,
       error_code = NULL, error_field = NULL, error_detail = NULL, ${since('f.hash')}
     FROM unnest($3::text[], $4::int[], $5::bytea[]) AS f (card_key, question_no, hash)
     WHERE r.showcase = $2 AND r.card_key = f.card_key AND r.question_no = f.question_no
       AND r.upload_id = $1 AND r.sent_hash IS NOT NULL`,
    [upload.id, upload.showcase, ...keysOf(records), records.map(({ hash }) => hash)],
  );
}

export interface RefusedRecord {
  readonly recordId: string;
  readonly field?: string;
  /** The platform's code and words. */
  readonly detail: string;
}

/** The platform did not take these; each waits for a change of its content, if it has not changed already. */
export async function refuseRecords(
  tx: Queryable,
  upload: FileOf,
  records: readonly RefusedRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `UPDATE showcase_record r SET refused_hash = r.sent_hash, sent_hash = NULL,
       error_code = 'SHOWCASE_RECORD_REFUSED', error_field = f.field, error_detail = f.detail, ${since('r.accepted_hash')}
     FROM unnest($3::text[], $4::int[], $5::text[], $6::text[]) AS f (card_key, question_no, field, detail)
     WHERE r.showcase = $2 AND r.card_key = f.card_key AND r.question_no = f.question_no
       AND r.upload_id = $1 AND r.sent_hash IS NOT NULL`,
    [
      upload.id,
      upload.showcase,
      ...keysOf(records),
      records.map(({ field }) => field ?? null),
      records.map(({ detail }) => detail),
    ],
  );
}

/**
 * These files are given up: what is in flight in them is ready for another one. `inDoubt`: the platform may have taken
 * some of it, so what it accepted before is not known to stand there either. Returns how many.
 */
export async function freeRecords(
  tx: Queryable,
  uploadIds: readonly string[],
  inDoubt: boolean,
): Promise<number> {
  // No line has an empty hash: whatever should be there differs from it, and goes.
  const accepted = inDoubt ? `''::bytea` : 'r.accepted_hash';
  const [row] = await tx.query<{ count: number }>(
    `WITH freed AS (
       UPDATE showcase_record r SET sent_hash = NULL, accepted_hash = ${accepted}, ${since(accepted)}
       WHERE r.upload_id = ANY($1::bigint[]) AND r.sent_hash IS NOT NULL RETURNING 1)
     SELECT count(*)::int AS count FROM freed`,
    [uploadIds],
  );
  return row?.count ?? 0;
}

/** Moves records from a file to a piece of it. */
export async function moveRecords(
  tx: Queryable,
  upload: FileOf,
  pieceId: string,
  recordIds: readonly string[],
): Promise<void> {
  await tx.query(
    `UPDATE showcase_record r SET upload_id = $5
     FROM unnest($3::text[], $4::int[]) AS f (card_key, question_no)
     WHERE r.showcase = $2 AND r.card_key = f.card_key AND r.question_no = f.question_no
       AND r.upload_id = $1 AND r.sent_hash IS NOT NULL`,
    [upload.id, upload.showcase, ...keysOf(recordIds.map((recordId) => ({ recordId }))), pieceId],
  );
}

function keysOf(records: readonly { readonly recordId: string }[]): [string[], number[]] {
  const parts = records.map(({ recordId }) => partsOf(recordId));
  return [parts.map(({ cardKey }) => cardKey), parts.map(({ questionNo }) => questionNo)];
}
