import { tellCount } from '../alerts/incidents.ts';
import type { CabinetConfig } from '../config/schema.ts';
import type { RegistrationDeps } from './deps.ts';
import { closeSettled } from './settled-incidents.ts';

export interface SilenceSettings {
  /** Not taken away for so long is an incident, ms. */
  readonly notTakenAfterMs: number;
  /** Working days without a Registration. */
  readonly notRegisteredAfterDays: number;
  /** Working days between two moments in a zone, by the production calendar. */
  workingDaysElapsed(from: Date, now: Date, timeZone: string): number;
}

/** Packages looked at in one turn; the rest come in the next. */
const MOST_AT_ONCE = 5000;

/** Marks what the СЭД has taken away from a channel's folder. */
export async function markTaken(deps: RegistrationDeps, channel: string): Promise<number> {
  // The database first, the folder second: a package sent in between is not in the first list.
  const sent = await deps.db.query<{ id: string; card_id: string; message_dir: string }>(
    `SELECT id::text AS id, card_id::text AS card_id, message_dir FROM package
     WHERE channel = $1 AND stage = 'sent' ORDER BY package.id LIMIT $2`,
    [channel, MOST_AT_ONCE],
  );
  if (sent.length === 0) return 0;
  const waiting = await deps.sed.waiting(
    channel,
    sent.map((pkg) => pkg.message_dir),
  );
  const taken = sent.filter((pkg) => !waiting.has(pkg.message_dir));
  if (taken.length === 0) return 0;
  // The cards are locked first, in the order in which the reader of Reports locks them: a Reception comes just now.
  await deps.db.query(
    `WITH l AS MATERIALIZED (SELECT id FROM card WHERE id = ANY($2::bigint[]) ORDER BY id FOR NO KEY UPDATE),
     p AS (UPDATE package SET stage = 'taken', taken_at = now()
           WHERE id = ANY($1::bigint[]) AND stage = 'sent' AND (SELECT count(*) FROM l) >= 0 RETURNING card_id)
     UPDATE card SET stage = 'taken' WHERE id IN (SELECT card_id FROM p) AND stage = 'sent'`,
    [taken.map((pkg) => pkg.id), taken.map((pkg) => pkg.card_id)],
  );
  return taken.length;
}

/**
 * Tells when the СЭД is silent: a package not taken away in time, or a card without a Registration after so many
 * working days of its cabinet. One incident a channel and cause, with the count of cards; closed when none is left,
 * as are those of refused and stuck cards.
 */
export async function watchSilence(
  deps: RegistrationDeps,
  channels: readonly string[],
  cabinets: readonly CabinetConfig[],
  settings: SilenceSettings,
): Promise<void> {
  for (const channel of channels) {
    const [row] = await deps.db.query<{ late: string }>(
      `SELECT count(*) AS late FROM package WHERE channel = $1 AND stage = 'sent'
         AND sent_at < now() - make_interval(secs => $2)`,
      [channel, settings.notTakenAfterMs / 1000],
    );
    await tellCount(deps, 'SED_SILENT', `channel:${channel}:not-taken`, Number(row?.late ?? 0));
    const unregistered = await deps.db.query<{ opa_id: string; sent_at: Date; cards: string }>(
      `SELECT a.opa_id, date_trunc('minute', p.sent_at) AS sent_at, count(*) AS cards
       FROM package p JOIN card k ON k.id = p.card_id JOIN appeal a ON a.id = k.appeal_id
       WHERE p.channel = $1 AND p.part = 0 AND p.stage IN ('taken', 'received')
         AND p.sent_at < now() - interval '12 hours'
       GROUP BY 1, 2`,
      [channel],
    );
    const now = new Date(deps.now());
    let late = 0;
    for (const group of unregistered) {
      const zone = cabinets.find((cabinet) => cabinet.opaId === group.opa_id)?.timeZone ?? 'Europe/Moscow';
      const days = settings.workingDaysElapsed(group.sent_at, now, zone);
      if (days >= settings.notRegisteredAfterDays) late += Number(group.cards);
    }
    await tellCount(deps, 'SED_SILENT', `channel:${channel}:not-registered`, late);
  }
  await closeSettled(deps);
}
