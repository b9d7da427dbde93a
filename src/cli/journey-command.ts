import { readJourneys } from '../console/journey.ts';
import { createLog } from '../log.ts';
import { formatJourney } from './journey.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { remoteJourneys } from './remote.ts';

/** `posrednik appeals show`: the whole journey of an appeal; exit code 1 when no cabinet has such a one. */
export async function showCommand(options: GlobalOptions, posId: string, flags: JsonFlag): Promise<void> {
  const { journeys, zoneOf } = await look(options, posId);
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

async function look(options: GlobalOptions, posId: string) {
  if (options.api !== undefined) {
    // The settings are elsewhere: times are those of this machine.
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return { journeys: await remoteJourneys(options.api, posId), zoneOf: () => here };
  }
  const loaded = await loadForCommand(options);
  return {
    journeys: await withTables(loaded, createLog('warn'), (db) => readJourneys(db, posId)),
    zoneOf: (cabinet: string) => loaded.cabinets.find(({ id }) => id === cabinet)?.timeZone,
  };
}
