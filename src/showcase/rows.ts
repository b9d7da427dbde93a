import type { Queryable } from '../store/data-source.ts';
import { COMMON, type PackedRows, REASONS, SEPARATOR } from './packed-rows.ts';

/** The separator as the server writes it. */
const SPLIT = `E'\\x1e'`;

/** The packed rows as the relation `u`, in parameters from `first` on, the lines last. */
function unpacked(first: number, kind: PackedRows['kind']): string {
  const names = kind === 'lines' ? [...COMMON, 'content'] : [...COMMON, ...REASONS];
  const arrays = names.map((name, index) =>
    name === 'content'
      ? `string_to_array($${first + index}::text, E'\\n')`
      : `string_to_array($${first + index}, ${SPLIT}, E'\\x1d')`,
  );
  const own =
    kind === 'lines'
      ? `'send' AS verdict, content, sha256(convert_to(content, 'UTF8')) AS hash,
         NULL AS own_code, NULL AS own_field, NULL AS own_detail`
      : `verdict, NULL AS content, NULL::bytea AS hash, own_code, own_field, own_detail`;
  // A parameter of one empty text makes an array of none, so that its row comes with NULL. OFFSET keeps the server from
  // working out the hash for each use of it.
  return `(SELECT coalesce(key, '') AS key, no::int AS no, coalesce(code, '') AS code, coalesce(isn, '') AS isn,
    coalesce(number, '') AS number, day::date AS day, coalesce(cardfile, '') AS cardfile, ${own}
    FROM unnest(${arrays.join(', ')}) AS a (${names.join(', ')}) OFFSET 0) u`;
}

function parametersOf({ kind, columns, lines }: PackedRows): readonly unknown[] {
  return kind === 'lines' ? [...columns, lines] : columns;
}

/**
 * Stores new questions; with `uploadId` those that have a line stand in that file already.
 * @throws StatementError 23505 when a number is taken: another pass was faster
 */
export async function insertRows(
  tx: Queryable,
  showcase: string,
  buildId: number,
  rows: PackedRows,
  uploadId?: number,
): Promise<void> {
  if (rows.count === 0) return;
  await tx.query(
    `INSERT INTO showcase_record (showcase, build_id, card_key, question_no, otk_code, card_isn, reg_number, reg_date,
       cardfile, verdict, content, hash, own_code, own_field, own_detail, since, upload_id, sent_hash)
     SELECT $1, $2, key, no, code, isn, number, day, cardfile, verdict, content, hash, own_code, own_field, own_detail,
       now(), CASE WHEN verdict = 'send' THEN $3::bigint END, CASE WHEN $3::bigint IS NOT NULL THEN hash END
     FROM ${unpacked(4, rows.kind)}`,
    [showcase, buildId, uploadId ?? null, ...parametersOf(rows)],
  );
}

/**
 * Stores what a look found of known questions: content and hash, or why there is none (the last good line stays). What
 * stands in a file goes on standing there.
 */
export async function updateRows(
  tx: Queryable,
  showcase: string,
  buildId: number,
  rows: PackedRows,
): Promise<void> {
  if (rows.count === 0) return;
  await tx.query(
    `UPDATE showcase_record r SET build_id = $2, card_isn = u.isn, reg_number = u.number, reg_date = u.day,
       cardfile = u.cardfile, verdict = u.verdict, content = coalesce(u.content, r.content),
       hash = coalesce(u.hash, r.hash), own_code = u.own_code, own_field = u.own_field, own_detail = u.own_detail,
       since = CASE WHEN u.verdict = 'send' AND r.sent_hash IS NULL AND u.hash = r.accepted_hash
         THEN NULL ELSE coalesce(r.since, now()) END
     FROM ${unpacked(3, rows.kind)} WHERE r.showcase = $1 AND r.card_key = u.key AND r.question_no = u.no`,
    [showcase, buildId, ...parametersOf(rows)],
  );
}

/** The line with the state REMOVED: no string in it can hold an unescaped quote, so only the field itself fits. */
const REMOVED = `regexp_replace(content, '"state":"[A-Z_]+"', '"state":"REMOVED"')`;

/**
 * Takes questions off the showcase: the stored line with the state REMOVED is to go. What the platform never accepted, and
 * what is in no file, is gone at once.
 */
export async function removeRows(
  tx: Queryable,
  showcase: string,
  buildId: number,
  rows: readonly { readonly key: string; readonly no: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE showcase_record r SET build_id = $2, verdict = 'remove', content = n.content, hash = n.hash, own_code = NULL,
       own_field = NULL, own_detail = NULL,
       since = CASE WHEN r.sent_hash IS NULL AND (r.accepted_hash IS NULL OR r.accepted_hash = n.hash)
         THEN NULL ELSE coalesce(r.since, now()) END
     FROM (SELECT card_key, question_no, ${REMOVED} AS content, sha256(convert_to(${REMOVED}, 'UTF8')) AS hash
       FROM showcase_record s
       JOIN unnest(string_to_array($3, ${SPLIT}), string_to_array($4, ${SPLIT})::int[]) AS u (key, no)
         ON s.card_key = coalesce(u.key, '') AND s.question_no = u.no
       WHERE s.showcase = $1) n
     WHERE r.showcase = $1 AND r.card_key = n.card_key AND r.question_no = n.question_no AND r.verdict <> 'remove'`,
    [showcase, buildId, rows.map(({ key }) => key).join(SEPARATOR), rows.map(({ no }) => no).join(SEPARATOR)],
  );
}
