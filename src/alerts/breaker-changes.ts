import type { Logger } from 'pino';
import type { BreakerChange, Breakers } from '../endpoints/breaker.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Incidents } from './incidents.ts';
import { writeJournal } from './journal.ts';

const CODE = 'ENDPOINT_PAUSED';
/** An incident that no daemon has held up for so long is nobody's any more: its daemon has died or lost the endpoint. */
const FORSAKEN = "interval '2 minutes'";

/** Puts an endpoint that is held back, or works again, into log, journal and incidents. */
export async function tellBreakerChange(
  { db, incidents, log }: { readonly db: Queryable; readonly incidents: Incidents; readonly log: Logger },
  { endpoint, to, fault }: BreakerChange,
): Promise<void> {
  log.warn({ endpoint, to, code: fault?.code }, 'breaker changed');
  const event = to === 'open' ? 'breaker-opened' : 'breaker-closed';
  await writeJournal(db, [{ event, code: CODE, data: { endpoint, cause: fault?.code ?? '' } }]);
  if (to === 'open') await incidents.open(db, CODE, endpoint, fault?.code);
  else await incidents.close(db, CODE, endpoint);
}

/**
 * Holds up the incidents of endpoints that this daemon holds back, and ends those that none has held up for two minutes.
 * To be called more often than that, by every daemon.
 */
export async function holdBreakerIncidents({
  db,
  incidents,
  breakers,
}: {
  readonly db: Queryable;
  readonly incidents: Incidents;
  readonly breakers: Pick<Breakers, 'states'>;
}): Promise<void> {
  const held = [...breakers.states()].flatMap(([endpoint, mode]) => (mode === 'closed' ? [] : [endpoint]));
  await db.query(
    'UPDATE incident SET last_at = now() WHERE code = $1 AND scope = ANY($2) AND closed_at IS NULL',
    [CODE, held],
  );
  const forsaken = await db.query<{ scope: string }>(
    `SELECT scope FROM incident WHERE code = $1 AND closed_at IS NULL AND last_at < now() - ${FORSAKEN}`,
    [CODE],
  );
  for (const { scope } of forsaken) await incidents.close(db, CODE, scope);
}
