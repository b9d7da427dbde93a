import { askBackfill } from '../console/ask-backfill.ts';
import { backfillOfDays } from '../intake/backfill-days.ts';
import { findCabinet } from './find-cabinet.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { type Asked, remoteBackfill } from './remote-cabinets.ts';
import { WHO } from './words.ts';

export interface BackfillFlags extends JsonFlag {
  readonly from: string;
  readonly to: string;
  readonly withCards?: boolean;
}

const fields = { from: '--from', to: '--to' };

/**
 * `posrednik cabinets backfill`: asks the daemon to read a cabinet's changes of these days, both included, in the
 * cabinet's zone. Throws Fault COMMAND_INVALID that says what to write instead.
 */
export async function backfillCommand(
  options: GlobalOptions,
  id: string,
  flags: BackfillFlags,
): Promise<void> {
  const days = { from: flags.from, to: flags.to, forceCards: flags.withCards === true };
  // Of any zone: whether they are days at all, in the words of this command.
  backfillOfDays({ opaId: '', timeZone: 'UTC' }, days, fields);
  const asked =
    options.api === undefined
      ? await here(options, id, days)
      : await remoteBackfill(options.api, id, days, WHO);
  const words = [`Дочитывание кабинета ${id} с ${flags.from} по ${flags.to} поставлено в очередь.`];
  if (!asked.enabled) words.push('Кабинет выключен (enabled: false): оно начнётся, когда его включат.');
  printResult(flags.json, { cabinet: id, from: asked.from, to: asked.to }, words);
}

async function here(
  options: GlobalOptions,
  id: string,
  days: Parameters<typeof backfillOfDays>[1],
): Promise<Asked> {
  const loaded = await loadForCommand(options);
  const cabinet = findCabinet(loaded, id);
  const { from, to } = await withTables(loaded, commandLog(), (db, dataSource) =>
    askBackfill({ db, dataSource }, cabinet, days, fields, { who: WHO, why: WHO }),
  );
  return { from, to, enabled: cabinet.enabled };
}
