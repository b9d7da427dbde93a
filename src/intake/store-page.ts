import type { JournalEntry } from '../alerts/journal.ts';
import { writeJournal } from '../alerts/journal.ts';
import type { FeedItem } from '../model/appeal.ts';
import type { Queue } from '../queue/queue.ts';
import type { Queryable } from '../store/data-source.ts';
import type { AppealStage, EligibilityRules } from './eligibility.ts';
import { foldItem, type KnownAppeal, type NewChange } from './fold.ts';

export interface PageOutcome {
  readonly stored: number;
  readonly ringing: number;
  /** Items put before the administrator now: nobody could read them. */
  readonly unread: number;
  /** Unread until now, understood by now. */
  readonly mended: number;
}

type ReadableItem = FeedItem & { readonly posId?: string };

/** An appeal whose job got lost is rung again this long after it was stored. */
const RING_AGAIN_SECONDS = 300;

/**
 * Stores the items of one page inside the caller's transaction, with the jobs that follow from them.
 * Idempotent: an item that was stored before changes nothing, so a page may be read again at will.
 */
export async function storeItems(
  tx: Queryable,
  queue: Queue,
  opaId: string,
  items: readonly FeedItem[],
  rules: EligibilityRules,
  now: Date,
): Promise<PageOutcome> {
  const nameless = items.filter(
    (item): item is FeedItem & { ok: false } => !item.ok && item.posId === undefined,
  );
  const named = items.filter((item) => posIdOf(item) !== undefined);
  const states = await loadKnown(tx, opaId, [...new Set(named.map((item) => posIdOf(item) ?? ''))]);
  const wasUnread = new Set([...states.values()].filter((known) => known.error).map((known) => known.posId));
  const changes = new Map<string, NewChange>();
  const ringing = new Set<string>();
  const journal: JournalEntry[] = [];

  for (const item of named) {
    const posId = posIdOf(item) ?? '';
    const result = foldItem(states.get(posId), item, posId, rules, now);
    states.set(posId, result.known);
    // One identity twice in a page only when the first was unreadable: the readable one counts.
    if (result.change !== undefined) changes.set(`${posId} ${result.change.identity}`, result.change);
    if (result.ring) ringing.add(posId);
  }
  const unread = await storeUnread(tx, opaId, nameless);
  const touched = [...states.values()].filter((known) => known.touched);
  const ids = await writeAppeals(tx, opaId, touched, ringing);
  const written = [...changes.values()];
  const changeIds = await writeChanges(tx, ids, written);
  await writeAttachments(tx, ids, written);
  const settled = await settleUnread(tx, opaId, written);
  for (const change of written) {
    const appealId = ids.get(change.posId);
    if (appealId === undefined || !changeIds.has(`${appealId} ${change.identity}`)) continue;
    const seen = { change: change.change, readable: change.readable };
    journal.push({ opaId, appealId, event: 'change-stored', data: seen });
    for (const value of change.appeal?.unknownValues ?? []) {
      journal.push({ opaId, appealId, event: 'value-unknown', data: { value } });
    }
  }
  await writeJournal(tx, journal);
  const refs = [...ringing].flatMap((posId) => {
    const appealId = ids.get(posId);
    return appealId === undefined ? [] : [{ appealId, opaId }];
  });
  await queue.ringAppeals(tx, refs);
  return {
    stored: changeIds.size,
    ringing: refs.length,
    unread: unread + touched.filter((a) => a.error !== undefined && !wasUnread.has(a.posId)).length,
    mended: settled + touched.filter((a) => a.error === undefined && wasUnread.has(a.posId)).length,
  };
}

function posIdOf(item: ReadableItem): string | undefined {
  return item.ok ? item.appeal.posId : item.posId;
}

async function loadKnown(tx: Queryable, opaId: string, posIds: string[]): Promise<Map<string, KnownAppeal>> {
  // The rows are locked: what a worker does to the same appeal waits for this page, and the reverse.
  const rows = await tx.query<{
    id: string;
    pos_id: string;
    stage: AppealStage;
    stage_reason: string | null;
    newest: string | null;
    unread: string | null;
  }>(
    `SELECT id, pos_id, stage, stage_reason, newest,
            CASE WHEN error_code = 'APPEAL_SHAPE_UNKNOWN' THEN coalesce(error_detail, '') END AS unread
     FROM appeal
     WHERE opa_id = $1 AND pos_id = ANY($2) ORDER BY id FOR UPDATE`,
    [opaId, posIds],
  );
  const known = new Map<string, KnownAppeal>();
  if (rows.length === 0) return known;
  const seen = await tx.query<{ appeal_id: string; identity: string; change: string; readable: boolean }>(
    `SELECT appeal_id, identity, change, readable FROM appeal_change WHERE appeal_id = ANY($1::bigint[])`,
    [rows.map((row) => row.id)],
  );
  const changes = Map.groupBy(seen, (row) => row.appeal_id);
  for (const row of rows) {
    known.set(row.pos_id, {
      id: row.id,
      posId: row.pos_id,
      stage: row.stage,
      ...(row.stage_reason === null ? {} : { stageReason: row.stage_reason }),
      ...(row.newest === null ? {} : { newest: row.newest }),
      seen: new Map(
        (changes.get(row.id) ?? []).map(({ identity, change, readable }) => [identity, { change, readable }]),
      ),
      ...(row.unread === null ? {} : { error: { code: 'APPEAL_SHAPE_UNKNOWN', detail: row.unread } }),
      touched: false,
    });
  }
  return known;
}

async function writeAppeals(
  tx: Queryable,
  opaId: string,
  appeals: readonly KnownAppeal[],
  ringing: ReadonlySet<string>,
): Promise<Map<string, string>> {
  if (appeals.length === 0) return new Map();
  const rows = await tx.query<{ id: string; pos_id: string }>(
    `INSERT INTO appeal AS a (opa_id, pos_id, stage, stage_reason, newest, kind, status, subject_id, received_at,
                              answer_at, repeat_of, error_code, error_detail, due_at)
     SELECT $1, pos_id, stage, reason, newest, coalesce(kind, ''), coalesce(status, ''), subject_id,
            coalesce(received_at, now()), answer_at, repeat_of, error_code, error_detail,
            CASE WHEN ring THEN now() + make_interval(secs => $2) END
     FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                 $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::boolean[])
       AS t (pos_id, stage, reason, newest, kind, status, subject_id, received_at, answer_at, repeat_of,
             error_code, error_detail, ring)
     ON CONFLICT (opa_id, pos_id) DO UPDATE SET
       stage = excluded.stage, stage_reason = excluded.stage_reason,
       newest = coalesce(excluded.newest, a.newest),
       kind = coalesce(nullif(excluded.kind, ''), a.kind), status = coalesce(nullif(excluded.status, ''), a.status),
       subject_id = coalesce(excluded.subject_id, a.subject_id),
       answer_at = coalesce(excluded.answer_at, a.answer_at), repeat_of = coalesce(excluded.repeat_of, a.repeat_of),
       -- Of an item first read now; what was stored before was the moment of storing.
       received_at = CASE WHEN a.newest IS NULL AND excluded.newest IS NOT NULL THEN excluded.received_at
                          ELSE a.received_at END,
       -- An error that registration put there is not the feed's to clear.
       error_code = CASE WHEN excluded.error_code IS NULL AND a.error_code <> 'APPEAL_SHAPE_UNKNOWN'
                         THEN a.error_code ELSE excluded.error_code END,
       error_detail = CASE WHEN excluded.error_code IS NULL AND a.error_code <> 'APPEAL_SHAPE_UNKNOWN'
                           THEN a.error_detail ELSE excluded.error_detail END,
       due_at = coalesce(least(a.due_at, excluded.due_at), a.due_at, excluded.due_at), changed_at = now()
     RETURNING id, pos_id`,
    [
      opaId,
      RING_AGAIN_SECONDS,
      appeals.map((a) => a.posId),
      appeals.map((a) => a.stage),
      appeals.map((a) => a.stageReason ?? null),
      appeals.map((a) => a.newest ?? null),
      appeals.map((a) => a.fields?.kind ?? null),
      appeals.map((a) => a.fields?.status ?? null),
      appeals.map((a) => a.fields?.subjectId ?? null),
      appeals.map((a) => a.fields?.receivedAt ?? null),
      appeals.map((a) => a.fields?.answerAt ?? null),
      appeals.map((a) => a.fields?.repeatOf ?? null),
      appeals.map((a) => a.error?.code ?? null),
      appeals.map((a) => a.error?.detail ?? null),
      appeals.map((a) => ringing.has(a.posId)),
    ],
  );
  return new Map(rows.map((row) => [row.pos_id, row.id]));
}

async function writeChanges(
  tx: Queryable,
  ids: ReadonlyMap<string, string>,
  changes: readonly NewChange[],
): Promise<Set<string>> {
  const rows = await tx.query<{ appeal_id: string; identity: string }>(
    `INSERT INTO appeal_change (appeal_id, identity, change, raw, readable, answer_at, handled_at)
     SELECT appeal_id, identity, change, raw, readable, answer_at, CASE WHEN handled THEN now() END
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::timestamptz[])
       AS t (appeal_id, identity, change, raw, readable, handled, answer_at)
     ON CONFLICT (appeal_id, identity) DO UPDATE SET change = excluded.change, raw = excluded.raw, readable = true,
       answer_at = excluded.answer_at, handled_at = excluded.handled_at
       WHERE NOT appeal_change.readable AND excluded.readable
     RETURNING appeal_id, identity`,
    [
      changes.map((c) => ids.get(c.posId)),
      changes.map((c) => c.identity),
      changes.map((c) => c.change),
      changes.map((c) => c.raw),
      changes.map((c) => c.readable),
      changes.map((c) => c.handled),
      changes.map((c) => c.appeal?.answerAt ?? null),
    ],
  );
  return new Set(rows.map((row) => `${row.appeal_id} ${row.identity}`));
}

async function writeAttachments(
  tx: Queryable,
  ids: ReadonlyMap<string, string>,
  changes: readonly NewChange[],
): Promise<void> {
  const rows = changes.flatMap((change) =>
    (change.appeal?.attachments ?? []).map((file, position) => ({
      ...file,
      position,
      id: ids.get(change.posId),
    })),
  );
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO attachment (appeal_id, file_id, position, name, size, mime_type, expected_sha256)
     SELECT DISTINCT ON (appeal_id, file_id) * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[],
       $5::bigint[], $6::text[], $7::text[]) AS t (appeal_id, file_id, position, name, size, mime_type, sha256)
     ON CONFLICT (appeal_id, file_id) DO NOTHING`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.fileId),
      rows.map((row) => row.position),
      rows.map((row) => row.name),
      rows.map((row) => row.size ?? null),
      rows.map((row) => row.mimeType ?? null),
      rows.map((row) => row.sha256 ?? null),
    ],
  );
}

/** An item that named no appeal when it was first seen, and does now. */
async function settleUnread(tx: Queryable, opaId: string, changes: readonly NewChange[]): Promise<number> {
  const readable = changes.filter((change) => change.readable).map((change) => change.identity);
  if (readable.length === 0) return 0;
  const rows = await tx.query(
    `UPDATE unread_item SET settled_at = now() WHERE opa_id = $1 AND identity = ANY($2) AND settled_at IS NULL
     RETURNING id`,
    [opaId, readable],
  );
  return rows.length;
}

async function storeUnread(
  tx: Queryable,
  opaId: string,
  items: readonly (FeedItem & { ok: false })[],
): Promise<number> {
  if (items.length === 0) return 0;
  const rows = await tx.query(
    `INSERT INTO unread_item (opa_id, identity, raw, issues)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[])
     ON CONFLICT (opa_id, identity) DO NOTHING RETURNING id`,
    [
      opaId,
      items.map((i) => i.changeIdentity),
      items.map((i) => i.raw),
      items.map((i) => i.issues.join('; ')),
    ],
  );
  return rows.length;
}
