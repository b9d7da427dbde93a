import type { Queryable } from '../store/data-source.ts';

/** Everything known of one appeal, oldest first: for the API and the command line. */
export interface Journey {
  readonly posId: string;
  readonly cabinet: string;
  readonly stage: string;
  readonly status: string;
  readonly receivedAt: Date;
  readonly answerAt: Date | null;
  readonly error: { readonly code: string; readonly detail: string | null } | null;
  readonly changes: readonly { readonly at: Date; readonly change: string; readonly identity: string }[];
  readonly files: readonly {
    readonly state: string;
    readonly size: number | null;
    readonly code: string | null;
  }[];
  readonly cards: readonly {
    readonly stage: string;
    readonly number: string | null;
    readonly date: string | null;
    readonly channel: string;
    readonly documentUid: string;
    readonly code: string | null;
    readonly detail: string | null;
    readonly packages: readonly {
      readonly part: number;
      readonly attempt: number;
      readonly stage: string;
      readonly messageDir: string;
    }[];
  }[];
  readonly deliveries: readonly {
    readonly id: string;
    readonly seq: number;
    readonly kind: string;
    readonly state: string;
    readonly rule: string;
    readonly attempts: number;
    readonly code: string | null;
    readonly detail: string | null;
  }[];
  readonly journal: readonly {
    readonly at: Date;
    readonly event: string;
    readonly code: string | null;
    readonly data: unknown;
  }[];
}

/** Reads the journeys of a number of the platform: one a cabinet that knows it. */
export async function readJourneys(db: Queryable, posId: string): Promise<Journey[]> {
  const appeals = await db.query<
    Omit<Journey, 'changes' | 'files' | 'cards' | 'deliveries' | 'journal'> & { id: string }
  >(
    `SELECT a.id::text AS id, a.pos_id AS "posId", c.name AS cabinet, a.stage, a.status, a.received_at AS "receivedAt",
            a.answer_at AS "answerAt",
            CASE WHEN a.error_code IS NULL THEN NULL ELSE json_build_object('code', a.error_code, 'detail', a.error_detail) END AS error
     FROM appeal a JOIN cabinet c USING (opa_id) WHERE a.pos_id = $1 ORDER BY a.id`,
    [posId],
  );
  const journeys: Journey[] = [];
  for (const { id, ...appeal } of appeals) {
    journeys.push({
      ...appeal,
      changes: await db.query(
        `SELECT stored_at AS at, change, identity FROM appeal_change WHERE appeal_id = $1 ORDER BY id`,
        [id],
      ),
      files: await db.query(
        `SELECT state, size::float8 AS size, error_code AS code FROM attachment WHERE appeal_id = $1 ORDER BY position, id`,
        [id],
      ),
      cards: await db.query(
        `SELECT k.stage, k.number, k.date::text AS date, k.channel, k.document_uid AS "documentUid", k.error_code AS code, k.error_detail AS detail,
                coalesce((SELECT json_agg(json_build_object('part', p.part, 'attempt', p.attempt, 'stage', p.stage, 'messageDir', p.message_dir) ORDER BY p.part, p.attempt)
                          FROM package p WHERE p.card_id = k.id), '[]') AS packages
         FROM card k WHERE k.appeal_id = $1 ORDER BY k.id`,
        [id],
      ),
      deliveries: await db.query(
        `SELECT id::text AS id, seq, kind, state, rule, attempts, error_code AS code, error_detail AS detail FROM delivery WHERE appeal_id = $1 ORDER BY seq`,
        [id],
      ),
      journal: await db.query(`SELECT at, event, code, data FROM journal WHERE appeal_id = $1 ORDER BY id`, [
        id,
      ]),
    });
  }
  return journeys;
}
