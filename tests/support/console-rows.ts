import type { Queryable } from '../../src/store/data-source.ts';

/** Rows as the flows leave them, for pages that only read. Every number is unique in the process. */
let last = 1000;
const next = () => {
  last += 1;
  return last;
};

export interface AppealRow {
  readonly opaId: string;
  readonly posId?: string;
  readonly stage?: string;
  readonly status?: string;
  readonly kind?: string;
  readonly receivedAt?: Date;
  readonly answerAt?: Date | null;
  readonly answeredAt?: Date | null;
  readonly errorCode?: string;
  readonly errorDetail?: string;
}

export async function addCabinetRow(db: Queryable, opaId: string, name: string): Promise<void> {
  await db.query(`INSERT INTO cabinet (opa_id, name, start_from, polled_at) VALUES ($1, $2, now(), now())`, [
    opaId,
    name,
  ]);
}

export async function addAppealRow(db: Queryable, row: AppealRow): Promise<string> {
  const [added] = await db.query<{ id: string }>(
    `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at, answer_at, answered_at, error_code, error_detail, first_seen_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $6) RETURNING id::text AS id`,
    [
      row.opaId,
      row.posId ?? String(next()),
      row.stage ?? 'open',
      row.kind ?? 'MESSAGE',
      row.status ?? 'IN_WORK',
      row.receivedAt ?? new Date(),
      row.answerAt ?? null,
      row.answeredAt ?? null,
      row.errorCode ?? null,
      row.errorDetail ?? null,
    ],
  );
  return added?.id ?? '';
}

export async function addChangeRow(
  db: Queryable,
  appealId: string,
  row: { readonly change?: string; readonly raw?: string | null; readonly at?: Date } = {},
): Promise<string> {
  const [added] = await db.query<{ id: string }>(
    `INSERT INTO appeal_change (appeal_id, identity, change, raw, stored_at) VALUES ($1, $2, $3, $4, $5) RETURNING id::text AS id`,
    [
      appealId,
      `c${next()}`,
      row.change ?? 'NEW',
      row.raw === undefined ? '{}' : row.raw,
      row.at ?? new Date(),
    ],
  );
  return added?.id ?? '';
}

export async function addCardRow(
  db: Queryable,
  appealId: string,
  row: {
    readonly stage?: string;
    readonly number?: string;
    readonly repetition?: string;
    readonly registeredAt?: Date;
    readonly errorCode?: string;
    readonly errorDetail?: string;
  } = {},
): Promise<string> {
  const [added] = await db.query<{ id: string }>(
    `INSERT INTO card (appeal_id, repetition, document_uid, channel, stage, number, registered_at, error_code, error_detail)
     VALUES ($1, $2, $3, 'delo-1', $4, $5, $6, $7, $8) RETURNING id::text AS id`,
    [
      appealId,
      row.repetition ?? '',
      `uid-${next()}`,
      row.stage ?? 'registered',
      row.number ?? null,
      row.registeredAt ?? null,
      row.errorCode ?? null,
      row.errorDetail ?? null,
    ],
  );
  return added?.id ?? '';
}

export async function addPackageRow(
  db: Queryable,
  card: { readonly cardId: string; readonly changeId: string },
  row: { readonly stage?: string; readonly part?: number; readonly failure?: string } = {},
): Promise<string> {
  const key = next();
  const [added] = await db.query<{ id: string }>(
    `INSERT INTO package (card_id, part, attempt, channel, change_id, attachments, missing, message_id, return_id,
       message_dir, header_time, stage, owner, sent_at, failure_text)
     VALUES ($1, $2, 1, 'delo-1', $3, '[]', '[]', $4, $5, $6, now(), $7, 'test', now(), $8) RETURNING id::text AS id`,
    [
      card.cardId,
      row.part ?? 0,
      card.changeId,
      `m${key}`,
      `r${key}`,
      `d${key}`,
      row.stage ?? 'sent',
      row.failure ?? null,
    ],
  );
  return added?.id ?? '';
}

/** An event of the СЭД and the message that brought it. */
export async function addEventRow(
  db: Queryable,
  card: { readonly cardId: string },
  row: { readonly kind?: string; readonly raw?: string; readonly at?: Date } = {},
): Promise<{ readonly eventId: string; readonly messageId: string }> {
  const key = next();
  const at = row.at ?? new Date();
  const [message] = await db.query<{ id: string }>(
    `INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, raw, files, read_at)
     VALUES ('delo-1', $1, $1, 'Report', $2, $3, '[]', $4) RETURNING id::text AS id`,
    [`message-${key}`, `return-${key}`, row.raw ?? '<Report/>', at],
  );
  const messageId = message?.id ?? '';
  const [event] = await db.query<{ id: string }>(
    `INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, at, data, handled_at, stored_at)
     SELECT document_uid, $2, $3, id, $4, $5, '{}', $5, $5 FROM card WHERE id = $1 RETURNING id::text AS id`,
    [card.cardId, row.kind ?? 'registration', String(key), messageId, at],
  );
  return { eventId: event?.id ?? '', messageId };
}

export async function addDeliveryRow(
  db: Queryable,
  of: { readonly appealId: string; readonly cardId: string; readonly eventId: string },
  row: {
    readonly kind?: 'status' | 'answer';
    readonly state?: string;
    readonly payload?: unknown;
    readonly errorCode?: string;
    readonly errorDetail?: string;
    readonly rule?: string;
    readonly baseline?: number;
    readonly settledAt?: Date;
  } = {},
): Promise<string> {
  const kind = row.kind ?? 'answer';
  const payload = row.payload ?? (kind === 'answer' ? ANSWER : STATUS);
  const [added] = await db.query<{ id: string }>(
    `INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state, error_code, error_detail, baseline, settled_at)
     SELECT $1, $2, $3, coalesce(max(seq), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM delivery WHERE appeal_id = $1
     RETURNING id::text AS id`,
    [
      of.appealId,
      of.cardId,
      of.eventId,
      `key-${next()}`,
      kind,
      row.rule ?? 'правило',
      JSON.stringify(payload),
      row.state ?? 'queued',
      row.errorCode ?? null,
      row.errorDetail ?? null,
      row.baseline ?? null,
      row.settledAt ?? null,
    ],
  );
  return added?.id ?? '';
}

const ANSWER = {
  kind: 'answer',
  answerType: 'EXPLAINED',
  comment: 'Разъяснено',
  number: '7',
  date: '2026-01-02',
};
const STATUS = { kind: 'status', role: 'takeToWork', at: '2026-01-02T10:00:00Z' };
