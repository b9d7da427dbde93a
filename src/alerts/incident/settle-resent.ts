import type { Queryable } from '../../store/data-source.ts';

/** Younger ones may be on their way into the flow still, seconds. */
const SETTLING_SECONDS = 5;

/**
 * Finds out how members that were sent again have ended: through (`done`), refused again (`again`), or not there any
 * more (`gone`); those on their way are left. To be called from time to time. Returns how many were settled.
 */
export async function settleResent(db: Queryable, settlingSeconds = SETTLING_SECONDS): Promise<number> {
  const [any] = await db.query('SELECT 1 FROM incident_resent WHERE outcome IS NULL LIMIT 1');
  if (any === undefined) return 0;
  let settled = 0;
  for (const { scope, outcome, from } of KINDS) {
    const [row] = await db.query<{ count: number }>(
      `WITH w AS MATERIALIZED (
         SELECT s.resend_id, s.ref FROM incident_resent s JOIN incident_resend r ON r.id = s.resend_id
           JOIN incident i ON i.id = r.incident_id
         WHERE s.outcome IS NULL AND s.at < now() - make_interval(secs => $2) AND i.scope LIKE $1),
       o AS MATERIALIZED (SELECT w.resend_id, w.ref, ${outcome} AS outcome FROM w ${from}),
       u AS (UPDATE incident_resent s SET outcome = o.outcome FROM o
         WHERE s.resend_id = o.resend_id AND s.ref = o.ref AND o.outcome IS NOT NULL RETURNING 1)
       SELECT count(*)::int AS count FROM u`,
      [scope, settlingSeconds],
    );
    settled += row?.count ?? 0;
  }
  return settled;
}

const ofEvent = (states: string) =>
  `EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = w.ref AND d.state IN (${states}))`;

/** The newest writing of a part of the appeal's cards is so. */
const ofPackage = (stages: string) =>
  `EXISTS (SELECT 1 FROM card k JOIN package p ON p.card_id = k.id WHERE k.appeal_id = w.ref AND p.stage IN (${stages})
     AND NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt))`;

const ofCard = (stages: string) =>
  `EXISTS (SELECT 1 FROM card k WHERE k.appeal_id = w.ref AND k.stage IN (${stages}))`;

const KINDS = [
  {
    scope: 'opa:%',
    from: 'LEFT JOIN sed_event e ON e.id = w.ref',
    outcome: `CASE WHEN (e.id IS NOT NULL AND e.handled_at IS NULL) OR ${ofEvent(`'queued', 'sending', 'unknown'`)} THEN NULL
      WHEN ${ofEvent(`'attention'`)} THEN 'again' WHEN ${ofEvent(`'done'`)} THEN 'done' ELSE 'gone' END`,
  },
  {
    scope: 'channel:%',
    from: '',
    outcome: `CASE WHEN ${ofCard(`'attention'`)} OR ${ofPackage(`'failed'`)} THEN 'again'
      WHEN ${ofCard(`'planned', 'sent', 'taken', 'received'`)}
        OR ${ofPackage(`'again', 'writing', 'sent', 'taken', 'received'`)} THEN NULL ELSE 'done' END`,
  },
  {
    scope: 'registration',
    from: 'LEFT JOIN appeal a ON a.id = w.ref',
    outcome: `CASE WHEN a.id IS NULL THEN 'gone' WHEN a.error_code IS NULL THEN 'done'
      WHEN a.due_at > now() + interval '1 minute' THEN 'again' END`,
  },
] as const;
