import type { Queryable } from '../../../src/store/data-source.ts';

export interface AppealRow {
  readonly id: string;
  readonly opa_id: string;
  readonly stage: string;
  readonly error_code: string | null;
  readonly error_detail: string | null;
  readonly due_at: Date | null;
}

export interface CardRow {
  readonly id: string;
  readonly repetition: string;
  readonly document_uid: string;
  readonly channel: string;
  readonly stage: string;
  readonly number: string | null;
  readonly date: string | null;
  readonly error_code: string | null;
  readonly error_detail: string | null;
}

export interface PackageRow {
  readonly id: string;
  readonly card_id: string;
  readonly part: number;
  readonly attempt: number;
  readonly addition: string | null;
  readonly subject: string;
  readonly channel: string;
  readonly attachments: string[];
  readonly missing: { name: string; reason: string }[];
  readonly earlier: { documentUid: string; number: string; date: string } | null;
  readonly message_id: string;
  readonly return_id: string;
  readonly message_dir: string;
  readonly stage: string;
  readonly begun: number;
  readonly owner: string;
  readonly write_failures: number;
  readonly failure_code: number | null;
  readonly failure_text: string | null;
}

export interface FileRow {
  readonly id: string;
  readonly file_id: string;
  readonly name: string;
  readonly state: string;
  readonly sha256: string | null;
  readonly attempts: number;
  readonly retry_used_ms: string;
  readonly error_code: string | null;
  readonly error_detail: string | null;
}

export interface IncidentRow {
  readonly code: string;
  readonly scope: string;
  readonly count: string;
  readonly closed: boolean;
}

export async function appealOf(db: Queryable, posId: string): Promise<AppealRow> {
  const [row] = await db.query<AppealRow>(
    `SELECT id::text AS id, opa_id, stage, error_code, error_detail, due_at FROM appeal WHERE pos_id = $1`,
    [posId],
  );
  if (row === undefined) throw new Error(`no appeal ${posId}`);
  return row;
}

/** Cards of an appeal, oldest first. */
export async function cardsOf(db: Queryable, posId: string): Promise<CardRow[]> {
  return await db.query<CardRow>(
    `SELECT k.id::text AS id, repetition, document_uid, channel, k.stage, number, date::text AS date,
            k.error_code, k.error_detail
     FROM card k JOIN appeal a ON a.id = k.appeal_id WHERE a.pos_id = $1 ORDER BY k.id`,
    [posId],
  );
}

/** The appeal's only card. */
export async function cardOf(db: Queryable, posId: string): Promise<CardRow> {
  const cards = await cardsOf(db, posId);
  const [card] = cards;
  if (card === undefined || cards.length > 1) throw new Error(`${cards.length} cards of ${posId}`);
  return card;
}

/** Packages of all cards of an appeal, by card, part and attempt. */
export async function packagesOf(db: Queryable, posId: string): Promise<PackageRow[]> {
  return await db.query<PackageRow>(
    `SELECT p.*, p.id::text AS id, p.card_id::text AS card_id
     FROM package p JOIN card k ON k.id = p.card_id JOIN appeal a ON a.id = k.appeal_id
     WHERE a.pos_id = $1 ORDER BY k.id, p.part, p.attempt`,
    [posId],
  );
}

export async function packageOf(db: Queryable, posId: string, part = 0, attempt = 1): Promise<PackageRow> {
  const found = (await packagesOf(db, posId)).find((row) => row.part === part && row.attempt === attempt);
  if (found === undefined) throw new Error(`no package ${part}/${attempt} of ${posId}`);
  return found;
}

export async function filesOf(db: Queryable, posId: string): Promise<FileRow[]> {
  return await db.query<FileRow>(
    `SELECT f.*, f.id::text AS id FROM attachment f JOIN appeal a ON a.id = f.appeal_id
     WHERE a.pos_id = $1 ORDER BY f.position, f.id`,
    [posId],
  );
}

/** Names of what the journal tells of an appeal, in order. */
export async function journalOf(db: Queryable, posId: string): Promise<string[]> {
  const rows = await db.query<{ event: string }>(
    `SELECT j.event FROM journal j JOIN appeal a ON a.id = j.appeal_id WHERE a.pos_id = $1 ORDER BY j.id`,
    [posId],
  );
  return rows.map((row) => row.event);
}

export async function incidentsOf(db: Queryable, code: string): Promise<IncidentRow[]> {
  return await db.query<IncidentRow>(
    `SELECT code, scope, count::text AS count, closed_at IS NOT NULL AS closed FROM incident WHERE code = $1 ORDER BY id`,
    [code],
  );
}
