import type { Queryable } from '../../../store/data-source.ts';

export interface AppealFile {
  readonly id: string;
  /** As the citizen named it. */
  readonly name: string;
  readonly size: number | null;
  readonly state: string;
  readonly code: string | null;
  readonly detail: string | null;
}

export interface AppealCard {
  readonly id: string;
  readonly repetition: string;
  readonly stage: string;
  readonly number: string | null;
  readonly date: string | null;
  readonly channel: string;
  readonly documentUid: string;
  readonly code: string | null;
  readonly detail: string | null;
  /** A package of it waits for the СЭД or was refused by it: it can be sent again. */
  readonly resendable: boolean;
}

export interface AppealDelivery {
  readonly id: string;
  readonly seq: number;
  readonly kind: string;
  readonly state: string;
  readonly rule: string;
  readonly attempts: number;
  readonly code: string | null;
  readonly field: string | null;
  readonly detail: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  readonly nextTryAt: Date;
  /** It may stand on the platform already: only to be sent again, not to be changed. */
  readonly inDoubt: boolean;
}

export interface AppealFacts {
  readonly id: string;
  readonly opaId: string;
  readonly posId: string;
  readonly cabinet: string;
  readonly kind: string;
  readonly stage: string;
  readonly stageReason: string | null;
  readonly status: string;
  readonly repeatOf: string | null;
  readonly receivedAt: Date;
  readonly firstSeenAt: Date;
  readonly answerAt: Date | null;
  readonly answeredAt: Date | null;
  readonly code: string | null;
  readonly detail: string | null;
}

/** One appeal by the id of its row; undefined when there is none. */
export async function readFacts(db: Queryable, id: string): Promise<AppealFacts | undefined> {
  const [row] = await db.query<AppealFacts>(
    `SELECT a.id::text AS id, a.opa_id AS "opaId", a.pos_id AS "posId", c.name AS cabinet, a.kind, a.stage,
       a.stage_reason AS "stageReason", a.status, a.repeat_of AS "repeatOf", a.received_at AS "receivedAt",
       a.first_seen_at AS "firstSeenAt", a.answer_at AS "answerAt", a.answered_at AS "answeredAt", a.error_code AS code,
       a.error_detail AS detail
     FROM appeal a JOIN cabinet c USING (opa_id) WHERE a.id = $1`,
    [id],
  );
  return row;
}

/** Its files, in the citizen's order. */
export async function readFiles(db: Queryable, appealId: string): Promise<AppealFile[]> {
  return await db.query<AppealFile>(
    `SELECT f.id::text AS id, f.name, coalesce(b.size, f.size)::float8 AS size, f.state, f.error_code AS code,
       f.error_detail AS detail
     FROM attachment f LEFT JOIN blob b ON b.sha256 = f.sha256 WHERE f.appeal_id = $1 ORDER BY f.position, f.id LIMIT 200`,
    [appealId],
  );
}

/** Its cards, oldest first: one a consideration. */
export async function readCards(db: Queryable, appealId: string): Promise<AppealCard[]> {
  return await db.query<AppealCard>(
    `SELECT k.id::text AS id, k.repetition, k.stage, k.number, k.date::text AS date, k.channel,
       k.document_uid AS "documentUid", k.error_code AS code, k.error_detail AS detail,
       k.stage = 'attention' OR EXISTS (SELECT 1 FROM package p WHERE p.card_id = k.id AND (
         (p.part = 0 AND p.stage IN ('sent', 'taken', 'received') AND k.stage IN ('sent', 'taken', 'received'))
         OR (p.part > 0 AND p.stage = 'failed' AND NOT EXISTS (SELECT 1 FROM package n
           WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt)))) AS resendable
     FROM card k WHERE k.appeal_id = $1 ORDER BY k.id`,
    [appealId],
  );
}

/** What goes to the platform for it, in the order in which it goes. */
export async function readDeliveries(db: Queryable, appealId: string): Promise<AppealDelivery[]> {
  return await db.query<AppealDelivery>(
    `SELECT id::text AS id, seq, kind, state, rule, attempts, error_code AS code, error_field AS field,
       error_detail AS detail, created_at AS "createdAt", settled_at AS "settledAt", next_try_at AS "nextTryAt",
       baseline IS NOT NULL AS "inDoubt"
     FROM delivery WHERE appeal_id = $1 ORDER BY seq DESC LIMIT 100`,
    [appealId],
  );
}
