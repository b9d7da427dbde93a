import type { Logger } from 'pino';
import {
  DataSource,
  type EntitySchema,
  type MigrationInterface,
  type Logger as TypeormLogger,
} from 'typeorm';
import { Fault } from '../model/errors.ts';
import { mapDatabaseError, unreachable } from './database-errors.ts';
import { queryable } from './queryable.ts';

export { StatementError } from './database-errors.ts';
export { inTransaction, preparing, type Queryable, queryable } from './queryable.ts';

/** The oldest server whose features we use. */
const OLDEST_MAJOR = 15;

/** Longer than any statement of ours should take; migrations lift it for themselves. */
const STATEMENT_LIMIT_MS = 60_000;
const CONNECT_LIMIT_MS = 10_000;

/** TypeORM tells some things on the console whatever it is told; all that matters comes to us as errors. */
const SILENT: TypeormLogger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

export interface DatabaseOptions {
  /** PostgreSQL URL as `pg` reads it, `?host=/folder` for a unix socket and `sslmode` included. */
  readonly url: string;
  readonly log: Logger;
  /** Connections at most, 10 by default. */
  readonly poolSize?: number;
  /** Seen in pg_stat_activity; `posrednik` by default. */
  readonly applicationName?: string;
  readonly entities?: readonly EntitySchema[];
  /** Migrations that `runMigrations` runs, oldest first. */
  readonly migrations?: readonly (new () => MigrationInterface)[];
}

/**
 * Connects to the database and makes sure that it can serve us.
 * @throws Fault DATABASE_UNREACHABLE when it does not let us in; DATABASE_UNSUITABLE when it is older than
 *   PostgreSQL 15 or its encoding is not UTF8.
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const dataSource: DataSource = new DataSource({
    type: 'postgres',
    applicationName: options.applicationName ?? 'posrednik',
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: CONNECT_LIMIT_MS,
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    logging: false,
    logger: SILENT,
    entities: [...(options.entities ?? [])],
    migrations: [...(options.migrations ?? [])],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    // A connection that breaks while idle is replaced by the pool; the next statement tells if that fails.
    poolErrorHandler: (error: Error) => {
      // While it closes, a connection may still hear that the server stops too.
      if (dataSource.isInitialized)
        options.log.warn({ reason: error.message }, 'idle database connection lost');
    },
    extra: {
      // Read by pg itself: TypeORM's own reader knows no unix sockets.
      connectionString: options.url,
      keepAlive: true,
      statement_timeout: STATEMENT_LIMIT_MS,
      idle_in_transaction_session_timeout: STATEMENT_LIMIT_MS,
    },
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    throw unreachable(error);
  }
  try {
    await checkServer(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw mapDatabaseError(error);
  }
  return dataSource;
}

async function checkServer(dataSource: DataSource): Promise<void> {
  const [server] = await queryable(dataSource).query<{ version: string; number: string; encoding: string }>(
    `SELECT current_setting('server_version') AS version,
            current_setting('server_version_num') AS number,
            current_setting('server_encoding') AS encoding`,
  );
  if (server === undefined)
    throw new Fault('DATABASE_UNREACHABLE', { detail: 'сервер не назвал своей версии' });
  checkSuitable(server);
}

/**
 * Judges what a server says of itself.
 * @throws Fault DATABASE_UNSUITABLE naming what it is and what is needed.
 */
export function checkSuitable(server: { version: string; number: string; encoding: string }): void {
  const major = Math.floor(Number(server.number) / 10_000);
  if (!(major >= OLDEST_MAJOR)) {
    throw new Fault('DATABASE_UNSUITABLE', {
      detail: `версия сервера ${server.version}, нужна ${OLDEST_MAJOR} или новее`,
    });
  }
  if (server.encoding !== 'UTF8') {
    throw new Fault('DATABASE_UNSUITABLE', { detail: `кодировка базы ${server.encoding}, нужна UTF8` });
  }
}
