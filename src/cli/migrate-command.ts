import { runMigrations } from '../store/migrate.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withDatabase } from './open-database.ts';

/** `posrednik migrate`: brings the tables up to this version; the daemon does the same at its start. */
export async function migrateCommand(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const log = commandLog();
  const done = await withDatabase(loaded, log, (dataSource) => runMigrations(dataSource, { log }));
  printResult(flags.json, { migrations: done }, [
    done.length === 0 ? 'Таблицы уже соответствуют этой версии.' : `Выполнены обновления: ${done.join(', ')}`,
  ]);
}
