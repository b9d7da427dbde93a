import type { Logger } from 'pino';
import type { BreakerChange } from '../endpoints/breaker.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Incidents } from './incidents.ts';
import { writeJournal } from './journal.ts';

/** Puts an endpoint that is held back, or works again, into log, journal and incidents. */
export async function tellBreakerChange(
  { db, incidents, log }: { readonly db: Queryable; readonly incidents: Incidents; readonly log: Logger },
  { endpoint, to, fault }: BreakerChange,
): Promise<void> {
  const code = 'ENDPOINT_PAUSED';
  log.warn({ endpoint, to, code: fault?.code }, 'breaker changed');
  const event = to === 'open' ? 'breaker-opened' : 'breaker-closed';
  await writeJournal(db, [{ event, code, data: { endpoint, cause: fault?.code ?? '' } }]);
  if (to === 'open') await incidents.open(db, code, endpoint, fault?.code);
  else await incidents.close(db, code, endpoint);
}
