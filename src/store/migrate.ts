import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { mapDatabaseError } from './database-errors.ts';

/** Key of the advisory lock under which migrations run; any number that nobody else in the database uses. */
const LOCK_KEY = 7_074_001;
const LOOK_EVERY_MS = 100;
const WAIT_LIMIT_MS = 15 * 60_000;

/** Names of the migrations that the database lacks, oldest first. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  try {
    return (await new MigrationExecutor(dataSource).getPendingMigrations()).map(({ name }) => name);
  } catch (error) {
    throw mapDatabaseError(error);
  }
}

/**
 * Brings the database's tables to this version: each pending migration in a transaction of its own, under a lock,
 * so of two daemons started at once one migrates and the other waits. Returns the names of those it ran.
 *
 * @throws Fault DATABASE_UNSUITABLE when a newer version has migrated the database; DATABASE_UNREACHABLE when it
 *   is away or the lock is not given within 15 minutes; STOPPED when told to stop while waiting for it; what a
 *   failed migration threw.
 */
export async function runMigrations(
  dataSource: DataSource,
  options: { readonly log: Logger; readonly signal?: AbortSignal },
): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    // A migration may rewrite a large table.
    await runner.query('SET statement_timeout = 0');
    await takeLock(runner, options.log, options.signal);
    return await migrateLocked(dataSource, runner, options.log);
  } catch (error) {
    throw mapDatabaseError(error);
  } finally {
    await leave(runner);
  }
}

async function migrateLocked(dataSource: DataSource, runner: QueryRunner, log: Logger): Promise<string[]> {
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = 'each';
  const known = new Set(
    dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name),
  );
  const foreign = (await executor.getExecutedMigrations()).filter(({ name }) => !known.has(name));
  if (foreign.length > 0) {
    const names = foreign.map(({ name }) => name).join(', ');
    throw new Fault('DATABASE_UNSUITABLE', {
      detail: `базу обновила более новая версия программы (${names})`,
    });
  }
  const done = (await executor.executePendingMigrations()).map(({ name }) => name);
  if (done.length > 0) log.info({ migrations: done }, 'database migrated');
  return done;
}

/** Asked for again and again instead of waited for: a waiting statement would hold back the other's index builds. */
async function takeLock(runner: QueryRunner, log: Logger, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  for (let told = false; ; told = true) {
    const [row] = await runner.query('SELECT pg_try_advisory_lock($1) AS taken', [LOCK_KEY]);
    if (row?.taken === true) return;
    if (signal?.aborted === true) throw new Fault('STOPPED');
    if (performance.now() > deadline) {
      throw new Fault('DATABASE_UNREACHABLE', { detail: 'другой процесс слишком долго обновляет базу' });
    }
    if (!told) log.info('waiting for another process to migrate the database');
    await pause(LOOK_EVERY_MS);
  }
}

/** The connection is closed, not given back: with it go the lock and the lifted time limit, whatever happened. */
async function leave(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  const client: { end(): Promise<void> } | undefined = await runner.connect().catch(() => undefined);
  await client?.end().catch(() => undefined);
  await runner.release();
}
