import type { ErrorCode } from '../model/error-codes.ts';
import type { RegistrationDeps } from './deps.ts';

/**
 * Closes the incidents of refused and stuck cards of which no item is left: registered, sent again or withdrawn
 * since. An incident that stayed open would swallow the next one, and nobody would be told. Returns how many.
 */
export async function closeSettled(deps: Pick<RegistrationDeps, 'db' | 'incidents'>): Promise<number> {
  const settled = await deps.db.query<{ code: ErrorCode; scope: string }>(SETTLED);
  for (const { code, scope } of settled) await deps.incidents.close(deps.db, code, scope);
  return settled.length;
}

/** Only the scopes under which registration itself opens: a refusal's code, the cards of a channel, the flow. */
const SETTLED = `
WITH i AS (
  SELECT code, scope FROM incident i
  WHERE closed_at IS NULL AND (scope ~ '^channel:[^:]+:(cards|code--?[0-9]+)$' OR scope = 'registration')
    -- A group that a person sent again is over when it is known how that ended.
    AND NOT EXISTS (SELECT 1 FROM incident_resend r JOIN incident_resent s ON s.resend_id = r.id
      WHERE r.incident_id = i.id AND s.outcome IS NULL)),
failed AS (
  SELECT p.*, k.stage AS card_stage, k.error_code FROM package p JOIN card k ON k.id = p.card_id
  WHERE EXISTS (SELECT 1 FROM i) AND (p.stage = 'failed' OR k.stage = 'attention')
    AND NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt)),
stuck AS (
  SELECT error_code AS code, channel, failure_code FROM failed WHERE part = 0 AND card_stage = 'attention'
  UNION ALL
  SELECT CASE WHEN failure_code IS NULL THEN split_part(failure_text, ':', 1) ELSE 'SED_REFUSED' END, channel, failure_code
  FROM failed WHERE part > 0 AND stage = 'failed')
SELECT code, scope FROM i
WHERE NOT EXISTS (
    SELECT 1 FROM stuck s WHERE s.code = i.code
      AND i.scope IN ('channel:' || s.channel || ':cards', 'channel:' || s.channel || ':code-' || s.failure_code))
  AND NOT (scope = 'registration' AND EXISTS (SELECT 1 FROM appeal a WHERE a.error_code = i.code))`;
