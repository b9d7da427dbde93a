import { createLog } from '../log.ts';
import { formatJourney, readJourneys } from './journey.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';

/** `posrednik appeals show`: the whole journey of an appeal; exit code 1 when no cabinet has such a one. */
export async function showCommand(options: GlobalOptions, posId: string, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const journeys = await withTables(loaded, createLog('warn'), (db) => readJourneys(db, posId));
  const zoneOf = (cabinet: string) => loaded.cabinets.find(({ id }) => id === cabinet)?.timeZone;
  const lines = journeys.flatMap((journey) =>
    formatJourney(journey, zoneOf(journey.cabinet) ?? 'Europe/Moscow'),
  );
  printResult(
    flags.json,
    { journeys },
    journeys.length > 0 ? lines : [`Обращение ${posId} посреднику неизвестно.`],
  );
  if (journeys.length === 0) process.exitCode = 1;
}
