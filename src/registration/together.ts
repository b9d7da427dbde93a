import type { DataSource } from 'typeorm';
import type { EarlierCard } from '../sed/port.ts';
import { preparing } from '../store/data-source.ts';
import { createGatherer } from '../store/gather.ts';
import { type OutcomeOf, storeOutcomes } from './file-outcomes.ts';
import type { PackageState } from './state.ts';

/** A package about to be begun, with the identities that follow from its key. */
export interface PackageDraft {
  readonly appealId: string;
  readonly repetition: string;
  readonly documentUid: string;
  readonly channel: string;
  readonly part: number;
  readonly attempt: number;
  readonly addition: PackageState['addition'];
  readonly subject: string;
  readonly changeId: string;
  readonly attachments: readonly string[];
  readonly missing: PackageState['missing'];
  readonly earlier: EarlierCard | null;
  readonly messageId: string;
  readonly returnId: string;
  readonly messageDir: string;
  readonly owner: string;
  /** Changes that it settles. */
  readonly handled: readonly string[];
}

export interface BegunPackage {
  readonly cardId: string;
  /** Null when somebody else has begun it. */
  readonly packageId: string | null;
  /** Epoch ms. */
  readonly headerTime: number;
}

export interface SentPackage {
  readonly packageId: string;
  readonly cardId: string;
  readonly appealId: string;
  readonly opaId: string;
  /** The appeal's `due_at` as it was read: another one set meanwhile is newer and stays. */
  readonly dueAt: string | null;
  readonly journal: { readonly part: number; readonly attempt: number; readonly files: number };
}

/** The statements that every card costs, each for all appeals that come to it at the same time. */
export interface TogetherStatements {
  /** Stores what became of the files of one appeal. */
  storeOutcomes(outcomes: readonly OutcomeOf[]): Promise<void>;
  /** Stores card and package unless they are there; all or nothing of one draft. */
  begin(draft: PackageDraft): Promise<BegunPackage>;
  /** Marks a written package and its card as sent; true when the appeal's `due_at` was cleared with it. */
  markSent(sent: SentPackage): Promise<boolean>;
}

const known = new WeakMap<DataSource, TogetherStatements>();

/** The one set of them that a database has in this process. */
export function together(dataSource: DataSource): TogetherStatements {
  const found = known.get(dataSource);
  if (found !== undefined) return found;
  const db = preparing(dataSource);
  const made: TogetherStatements = {
    storeOutcomes: createGatherer(async (outcomes: readonly (readonly OutcomeOf[])[]) => {
      await storeOutcomes(db, outcomes.flat());
      return outcomes.map(() => undefined);
    }),
    begin: createGatherer(async (drafts: readonly PackageDraft[]) => {
      const rows = await db.query<BegunPackage & { place: number }>(BEGIN_PACKAGES, [
        JSON.stringify(drafts.map((draft, place) => ({ ...draft, place }))),
      ]);
      return inPlaces(drafts.length, rows);
    }),
    markSent: createGatherer(async (sent: readonly SentPackage[]) => {
      const rows = await db.query<{ id: string }>(MARK_SENT, [
        sent.map((one) => one.packageId),
        sent.map((one) => one.cardId),
        sent.map((one) => one.appealId),
        sent.map((one) => one.opaId),
        sent.map((one) => one.dueAt),
        sent.map((one) => JSON.stringify(one.journal)),
      ]);
      const cleared = new Set(rows.map((row) => row.id));
      return sent.map((one) => cleared.has(one.appealId));
    }),
  };
  known.set(dataSource, made);
  return made;
}

function inPlaces(length: number, rows: readonly (BegunPackage & { place: number })[]): BegunPackage[] {
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  return Array.from({ length }, (_, place) => {
    const row = byPlace.get(place);
    if (row === undefined) throw new Error('a begun package is not among the rows');
    return row;
  });
}

// `= ANY (ARRAY(…))` is looked up by index; a join is planned for tables that may have no statistics yet.
const BEGIN_PACKAGES = `
WITH t AS (
  SELECT * FROM json_to_recordset($1::json) AS t (
    place int, "appealId" bigint, repetition text, "documentUid" text, channel text, part int, attempt int,
    addition text, subject text, "changeId" bigint, attachments jsonb, missing jsonb, earlier jsonb,
    "messageId" text, "returnId" text, "messageDir" text, owner text, handled bigint[])),
c AS (
  INSERT INTO card (appeal_id, repetition, document_uid, channel)
  SELECT "appealId", repetition, "documentUid", channel FROM t ORDER BY "appealId"
  ON CONFLICT (appeal_id, repetition) DO UPDATE
    SET channel = excluded.channel, error_code = NULL, error_detail = NULL
  RETURNING id, appeal_id, repetition),
k AS (
  SELECT t.*, c.id AS card_id FROM t JOIN c ON c.appeal_id = t."appealId" AND c.repetition = t.repetition),
p AS (
  INSERT INTO package (card_id, part, attempt, addition, subject, channel, change_id, attachments, missing,
                       earlier, message_id, return_id, message_dir, header_time, owner)
  SELECT card_id, part, attempt, addition, subject, channel, "changeId", attachments, missing,
         earlier, "messageId", "returnId", "messageDir", date_trunc('seconds', now()), owner FROM k
  ON CONFLICT (card_id, part, attempt) DO NOTHING
  RETURNING id, card_id, part, attempt, header_time),
b AS (
  SELECT k.place, k.card_id, k.handled, p.id, p.header_time
  FROM k LEFT JOIN p ON p.card_id = k.card_id AND p.part = k.part AND p.attempt = k.attempt),
h AS (
  UPDATE appeal_change SET handled_at = now()
  WHERE id = ANY (ARRAY(SELECT unnest(handled) FROM b WHERE id IS NOT NULL)))
SELECT place, card_id::text AS "cardId", id::text AS "packageId",
       (extract(epoch FROM header_time) * 1000)::float8 AS "headerTime"
FROM b`;

// The cards are locked first, in the order in which the reader of Reports locks them: a Reception may come within
// milliseconds of the writing.
const MARK_SENT = `
WITH l AS MATERIALIZED (
  SELECT id FROM card WHERE id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE),
p AS (
  UPDATE package SET stage = 'sent', sent_at = now()
  WHERE id = ANY ($1::bigint[]) AND stage = 'writing' AND (SELECT count(*) FROM l) >= 0 RETURNING id),
c AS (
  UPDATE card SET stage = 'sent' WHERE id = ANY ($2::bigint[]) AND stage = 'planned'),
j AS (
  INSERT INTO journal (opa_id, appeal_id, event, data)
  SELECT t.opa_id, t.appeal_id, 'card-sent', t.data
  FROM unnest($1::bigint[], $3::bigint[], $4::text[], $6::jsonb[]) AS t (package_id, appeal_id, opa_id, data)
  JOIN p ON p.id = t.package_id)
UPDATE appeal a SET due_at = NULL
FROM unnest($3::bigint[], $5::text[]) AS t (id, due_at)
WHERE a.id = ANY ($3::bigint[]) AND a.id = t.id AND a.due_at::text IS NOT DISTINCT FROM t.due_at
RETURNING a.id::text AS id`;
