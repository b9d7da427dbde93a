import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { isRepeatable, mapDatabaseError } from './database-errors.ts';

/** All that the flows need of a database, in or out of a transaction. */
export interface Queryable {
  /**
   * Runs one statement and returns its rows (for INSERT, UPDATE, DELETE: those of RETURNING).
   * @throws Fault DATABASE_UNREACHABLE when the connection is lost or the server is short of something;
   *   StatementError when it refuses the statement.
   */
  query<T>(sql: string, params?: readonly unknown[]): Promise<T[]>;
}

const RETRIES = 3;

/**
 * Statements outside transactions, each on any connection of the pool, each a transaction of its own: one that
 * lost a deadlock did nothing and is run again, at most three times.
 */
export function queryable(dataSource: DataSource): Queryable {
  return {
    query: <T>(sql: string, params: readonly unknown[] = []) =>
      repeatConflicts(async () => {
        const runner = dataSource.createQueryRunner();
        try {
          return await runStatement<T>(runner, sql, params);
        } finally {
          await runner.release();
        }
      }),
  };
}

/**
 * As `queryable`, for the few statements that are run for every appeal: each connection keeps them prepared, so that
 * they are neither parsed nor, after some runs, planned anew. Only for texts that never vary, and that name their
 * result columns, for a migration may add some meanwhile.
 */
export function preparing(dataSource: DataSource): Queryable {
  return {
    query: <T>(text: string, params: readonly unknown[] = []) =>
      repeatConflicts(async () => {
        const runner = dataSource.createQueryRunner();
        try {
          const client: PreparingClient = await runner.connect();
          return (await client.query({ name: nameOf(text), text, values: [...params] })).rows as T[];
        } catch (error) {
          throw mapDatabaseError(error);
        } finally {
          await runner.release();
        }
      }),
  };
}

/** The part of `pg` for which TypeORM has no words. */
interface PreparingClient {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
}

const names = new Map<string, string>();

/** A connection knows a prepared statement by its name alone, so another text must have another one. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `posrednik_${hash('sha256', text).slice(0, 16)}`;
  names.set(text, name);
  return name;
}

/**
 * Runs `work` in one transaction: all of it is stored when this returns, nothing of it when this throws. After a
 * serialization failure or a deadlock `work` is run again, at most three times, so it must do nothing but
 * statements. A connection lost during COMMIT leaves unknown whether it was stored: the caller repeats, and its
 * statements must bear that.
 *
 * @throws whatever `work` throws; Fault DATABASE_UNREACHABLE when the database is away, or still in conflict.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return await repeatConflicts(() => runOnce(dataSource, work));
}

async function repeatConflicts<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (!isRepeatable(error)) throw error;
      if (attempt === RETRIES) {
        throw new Fault('DATABASE_UNREACHABLE', { detail: 'транзакции мешают друг другу', cause: error });
      }
      // Random, so that those who met do not meet again.
      await pause(Math.random() * 20 * 2 ** attempt);
    }
  }
}

async function runOnce<T>(dataSource: DataSource, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const runner = dataSource.createQueryRunner();
  let open = true;
  const tx: Queryable = {
    async query<R>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
      // A statement after the end would run on its own, outside any transaction.
      if (!open) throw new Error('transaction is over');
      return runStatement<R>(runner, sql, params);
    },
  };
  try {
    await runStatement(runner, 'BEGIN', []);
    const result = await work(tx);
    open = false;
    await commit(runner);
    return result;
  } catch (error) {
    open = false;
    await rollBack(runner);
    throw error;
  } finally {
    await runner.release();
  }
}

/** COMMIT of a transaction in which a statement failed silently rolls back; that must not pass for success. */
async function commit(runner: QueryRunner): Promise<void> {
  let raw: unknown;
  try {
    raw = await (await runner.connect()).query('COMMIT');
  } catch (error) {
    throw mapDatabaseError(error);
  }
  const command = typeof raw === 'object' && raw !== null && 'command' in raw ? raw.command : undefined;
  if (command !== 'COMMIT') throw new Error('transaction was rolled back: a failed statement was ignored');
}

/** A connection that cannot even roll back is closed: its transaction must not go back to the pool. */
async function rollBack(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  try {
    await runner.query('ROLLBACK');
  } catch {
    const client: { end(): Promise<void> } | undefined = await runner.connect().catch(() => undefined);
    // Not awaited: on a dead network the farewell may take minutes.
    client?.end().catch(() => undefined);
  }
}

async function runStatement<T>(runner: QueryRunner, sql: string, params: readonly unknown[]): Promise<T[]> {
  try {
    const result = await runner.query(sql, [...params], true);
    return (result.records ?? []) as T[];
  } catch (error) {
    throw mapDatabaseError(error);
  }
}
