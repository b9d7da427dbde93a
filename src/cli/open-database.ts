import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { LoadedConfig } from '../config/index.ts';
import { Fault } from '../model/errors.ts';
import { openDatabase, type Queryable, queryable } from '../store/data-source.ts';
import { findRunningEmbedded, startEmbedded } from '../store/embedded/index.ts';
import { pendingMigrations } from '../store/migrate.ts';
import { migrations } from '../store/migrations/index.ts';

export interface CommandDatabase {
  readonly dataSource: DataSource;
  close(): Promise<void>;
}

/**
 * Opens the configured database for a command: that of DATABASE_URL, else the embedded one of a running daemon,
 * else the embedded one started for the while. Throws Fault DATABASE_UNREACHABLE, STATE_DIR_BUSY and the like.
 */
export async function openCommandDatabase(loaded: LoadedConfig, log: Logger): Promise<CommandDatabase> {
  const given = (await loaded.secrets.databaseUrl()) ?? (await findRunningEmbedded(loaded.config.stateDir));
  const embedded =
    given === undefined ? await startEmbedded({ stateDir: loaded.config.stateDir, log }) : undefined;
  try {
    const dataSource = await openDatabase({
      url: given ?? embedded?.url ?? '',
      poolSize: 4,
      log,
      migrations,
    });
    return {
      dataSource,
      async close() {
        await dataSource.destroy();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

/** Runs something on the configured database and closes it. Throws what opening it or `work` throws. */
export async function withDatabase<T>(
  loaded: LoadedConfig,
  log: Logger,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const database = await openCommandDatabase(loaded, log);
  try {
    return await work(database.dataSource);
  } finally {
    await database.close();
  }
}

/**
 * The same for commands that need the tables of this version.
 * @throws Fault DATABASE_NOT_MIGRATED when they are missing: a command must not change tables under a daemon that runs
 */
export async function withTables<T>(
  loaded: LoadedConfig,
  log: Logger,
  work: (db: Queryable, dataSource: DataSource) => Promise<T>,
): Promise<T> {
  return await withDatabase(loaded, log, async (dataSource) => {
    if ((await pendingMigrations(dataSource)).length > 0) throw new Fault('DATABASE_NOT_MIGRATED');
    return await work(queryable(dataSource), dataSource);
  });
}
