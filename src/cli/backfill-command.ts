import { requestBackfill } from '../intake/backfill.ts';
import { backfillOfDays } from '../intake/backfill-days.ts';
import { registerCabinets } from '../intake/cabinets.ts';
import { findCabinet } from './find-cabinet.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';

export interface BackfillFlags extends JsonFlag {
  readonly from: string;
  readonly to: string;
  readonly withCards?: boolean;
}

/**
 * `posrednik cabinets backfill`: asks the daemon to read a cabinet's changes of these days, both included, in the
 * cabinet's zone. Throws Fault COMMAND_INVALID that says what to write instead.
 */
export async function backfillCommand(
  options: GlobalOptions,
  id: string,
  flags: BackfillFlags,
): Promise<void> {
  const loaded = await loadForCommand(options);
  const cabinet = findCabinet(loaded, id);
  const request = backfillOfDays(
    cabinet,
    { from: flags.from, to: flags.to, forceCards: flags.withCards === true },
    { from: '--from', to: '--to' },
  );
  await withTables(loaded, commandLog(), async (db) => {
    // One just put into the settings may not have been read by any daemon yet.
    await registerCabinets(db, [cabinet]);
    await requestBackfill(db, request);
  });
  const words = [`Дочитывание кабинета ${id} с ${flags.from} по ${flags.to} поставлено в очередь.`];
  if (!cabinet.enabled) words.push('Кабинет выключен (enabled: false): оно начнётся, когда его включат.');
  printResult(flags.json, { cabinet: id, from: request.from, to: request.to }, words);
}
