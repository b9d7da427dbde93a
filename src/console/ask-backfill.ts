import type { Said } from '../alerts/incident/note-resent.ts';
import type { Cabinet } from '../config/index.ts';
import { type BackfillRequest, requestBackfill } from '../intake/backfill.ts';
import { backfillOfDays } from '../intake/backfill-days.ts';
import { registerCabinets } from '../intake/cabinets.ts';
import { inTransaction } from '../store/data-source.ts';
import type { ConsoleDeps } from './deps.ts';
import { writeAudit } from './users/audit.ts';

/** Asks for a back-fill of whole days and writes who did and why. @throws Fault COMMAND_INVALID as `backfillOfDays` */
export async function askBackfill(
  { db, dataSource }: Pick<ConsoleDeps, 'db' | 'dataSource'>,
  cabinet: Cabinet,
  days: Parameters<typeof backfillOfDays>[1],
  fields: Parameters<typeof backfillOfDays>[2],
  said: Said,
): Promise<BackfillRequest> {
  const asked = backfillOfDays(cabinet, days, fields);
  // One just put into the settings may have no row yet.
  await registerCabinets(db, [cabinet]);
  await inTransaction(dataSource, async (tx) => {
    await requestBackfill(tx, asked);
    const object = `cabinet:${cabinet.id}`;
    await writeAudit(tx, { ...said, action: 'backfill-asked', object, data: days });
  });
  return asked;
}
