import { INCIDENT_OF_DELIVERY } from '../../../alerts/incident/note-resent.ts';
import type { AnswerPayload } from '../../../model/delivery.ts';
import type { Queryable } from '../../../store/data-source.ts';

/** An answer that waits for a person. */
export interface WaitingAnswer {
  readonly id: string;
  readonly appealId: string;
  readonly posId: string;
  readonly cardNumber: string | null;
  readonly payload: AnswerPayload;
  readonly code: string;
  readonly detail: string | null;
  readonly inDoubt: boolean;
  /** The open incident that it is a member of; null when none has it yet. */
  readonly incidentId: string | null;
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

/** The answer of a delivery in attention; undefined when it is none, or not any more. */
export async function findAnswer(db: Queryable, id: string): Promise<WaitingAnswer | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined;
  const [row] = await db.query<WaitingAnswer>(
    `SELECT d.id::text AS id, a.id::text AS "appealId", a.pos_id AS "posId", k.number AS "cardNumber", d.payload,
       d.error_code AS code, d.error_detail AS detail, d.baseline IS NOT NULL AS "inDoubt",
       ${INCIDENT_OF_DELIVERY}::text AS "incidentId",
       coalesce((SELECT json_agg(json_build_object('name', f.name, 'size', f.size) ORDER BY f.position)
                 FROM delivery_file f WHERE f.delivery_id = d.id), '[]') AS files
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id JOIN card k ON k.id = d.card_id
     WHERE d.id = $1 AND d.state = 'attention' AND d.kind = 'answer'`,
    [id],
  );
  return row;
}
