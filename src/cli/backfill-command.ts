import { DateTime } from 'luxon';
import { requestBackfill } from '../intake/backfill.ts';
import { registerCabinets } from '../intake/cabinets.ts';
import { Fault } from '../model/errors.ts';
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
  const from = parseDay(flags.from, cabinet.timeZone, '--from');
  const last = parseDay(flags.to, cabinet.timeZone, '--to');
  if (last < from) {
    throw new Fault('COMMAND_INVALID', { detail: '--to: последний день раньше первого', field: '--to' });
  }
  const to = last.plus({ days: 1 });
  const request = {
    opaId: cabinet.opaId,
    from: from.toJSDate(),
    to: to.toJSDate(),
    forceCards: flags.withCards === true,
  };
  await withTables(loaded, commandLog(), async (db) => {
    // One just put into the settings may not have been read by any daemon yet.
    await registerCabinets(db, [cabinet]);
    await requestBackfill(db, request);
  });
  const words = [`Дочитывание кабинета ${id} с ${flags.from} по ${flags.to} поставлено в очередь.`];
  if (!cabinet.enabled) words.push('Кабинет выключен (enabled: false): оно начнётся, когда его включат.');
  printResult(flags.json, { cabinet: id, from: request.from, to: request.to }, words);
}

function parseDay(text: string, zone: string, option: string): DateTime {
  const day = DateTime.fromISO(text, { zone });
  if (day.isValid && /^\d{4}-\d{2}-\d{2}$/.test(text)) return day;
  throw new Fault('COMMAND_INVALID', { detail: `${option}: напишите день как 2026-01-31`, field: option });
}
