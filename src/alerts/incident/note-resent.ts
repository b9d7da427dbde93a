import type { Queryable } from '../../store/data-source.ts';
import { OTHER_CAUSES } from '../incidents.ts';

/** Who wants something sent again, and why. */
export interface Said {
  readonly who: string;
  readonly why: string;
}

/** Id of the open incident of a delivery `d` of an appeal `a`: that of its cause, else the one that gathers the rest. */
export const INCIDENT_OF_DELIVERY = `(SELECT i.id FROM incident i
  WHERE i.code = d.error_code AND i.scope = 'opa:' || a.opa_id AND i.closed_at IS NULL
    AND i.fingerprint IN (coalesce(d.cause, ''), '${OTHER_CAUSES}') ORDER BY i.fingerprint = '${OTHER_CAUSES}' LIMIT 1)`;

/** Incidents of an appeal's refused cards and additions, under the scopes that registration gives them. */
const INCIDENTS_OF_CARDS = `
SELECT DISTINCT i.id::text AS id FROM incident i JOIN (
  SELECT k.channel, k.error_code AS code, p.failure_code
  FROM card k LEFT JOIN LATERAL (
    SELECT failure_code FROM package WHERE card_id = k.id AND part = 0 ORDER BY attempt DESC LIMIT 1) p ON true
  WHERE k.appeal_id = $1 AND k.stage = 'attention'
  UNION ALL
  SELECT p.channel, CASE WHEN p.failure_code IS NULL THEN split_part(p.failure_text, ':', 1) ELSE 'SED_REFUSED' END, p.failure_code
  FROM package p JOIN card k ON k.id = p.card_id WHERE k.appeal_id = $1 AND p.part > 0 AND p.stage = 'failed'
    AND NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt)) s
  ON i.code = s.code AND i.scope IN ('channel:' || s.channel || ':cards', 'channel:' || s.channel || ':code-' || s.failure_code)
WHERE i.closed_at IS NULL`;

/**
 * Notes that deliveries in attention are mended or sent again by themselves; to be called before they leave that state, in
 * the same transaction.
 */
export async function noteDeliveries(tx: Queryable, ids: readonly string[], said: Said): Promise<void> {
  const groups = await tx.query<{ id: string; refs: string[] }>(
    `SELECT ${INCIDENT_OF_DELIVERY}::text AS id, array_agg(DISTINCT d.event_id::text) AS refs
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id
     WHERE d.id = ANY($1::bigint[]) AND d.state = 'attention' GROUP BY 1`,
    [ids],
  );
  for (const { id, refs } of groups) if (id !== null) await noteResent(tx, id, refs, said);
}

/** The same for what the СЭД has refused of an appeal. */
export async function noteCards(tx: Queryable, appealId: string, said: Said): Promise<void> {
  const incidents = await tx.query<{ id: string }>(INCIDENTS_OF_CARDS, [appealId]);
  for (const { id } of incidents) await noteResent(tx, id, [appealId], said);
}

/**
 * Notes that members were mended or sent again by themselves, so that their incident waits for how they end, and is not
 * ended and opened anew by one more refusal. `refs`: events of deliveries, appeals of cards.
 */
export async function noteResent(
  tx: Queryable,
  incidentId: string,
  refs: readonly string[],
  said: Said,
): Promise<void> {
  const made = await startResend(tx, incidentId, said, refs.length);
  await tx.query('UPDATE incident_resend SET given = total, finished_at = now() WHERE id = $1', [made]);
  await tx.query('INSERT INTO incident_resent (resend_id, ref) SELECT $1, unnest($2::bigint[])', [
    made,
    refs,
  ]);
}

/** Stores a wish to send so many members again; gives its id. */
export async function startResend(
  tx: Queryable,
  incidentId: string,
  { who, why }: Said,
  total: number,
): Promise<string> {
  const [made] = await tx.query<{ id: string }>(
    `INSERT INTO incident_resend (incident_id, who, why, total) VALUES ($1, $2, $3, $4) RETURNING id::text AS id`,
    [incidentId, who, why, total],
  );
  return made?.id ?? '';
}
