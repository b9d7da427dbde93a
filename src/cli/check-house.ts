import type { CheckTask } from '../config/check.ts';
import { checkWritableFolder } from '../config/check-folder.ts';
import type { LoadedConfig } from '../config/index.ts';
import { checkClusterMarker } from '../store/cluster-marker.ts';
import { type Queryable, queryable } from '../store/data-source.ts';
import { pendingMigrations } from '../store/migrate.ts';
import type { CommandDatabase } from './open-database.ts';

/** Connects and says whether the tables are of this version. */
export function databaseChecks(database: Promise<CommandDatabase>): CheckTask[] {
  return [
    {
      name: 'PostgreSQL',
      async run() {
        const pending = await pendingMigrations((await database).dataSource);
        return pending.length === 0 ? undefined : 'в порядке, таблицы будут обновлены при запуске';
      },
    },
  ];
}

/** Writes into the folder of files for real, and sees that it belongs to this database. */
export function spoolChecks(loaded: LoadedConfig, database: Promise<CommandDatabase>): CheckTask[] {
  const { spoolDir } = loaded.config;
  return [
    {
      name: spoolDir,
      async run() {
        await checkWritableFolder(spoolDir);
        const db = await tablesOf(database);
        if (db !== undefined) await checkClusterMarker(db, spoolDir);
        return undefined;
      },
    },
  ];
}

/** The database when it can be used; one that is away, or has no tables yet, is told by its own line. */
export async function tablesOf(database: Promise<CommandDatabase>): Promise<Queryable | undefined> {
  try {
    const { dataSource } = await database;
    return (await pendingMigrations(dataSource)).length > 0 ? undefined : queryable(dataSource);
  } catch {
    return undefined;
  }
}
