import { hash } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { mapDatabaseError } from '../store/database-errors.ts';

/**
 * Runs `work` while no other process of the cluster builds this showcase. The lock is the connection's: a process that
 * dies frees it. Should the connection be lost meanwhile, the numbers of questions stay safe: the second pass to store one
 * is refused by the table's key.
 * @throws Fault SHOWCASE_BUSY at once when another has it; DATABASE_UNREACHABLE; whatever `work` throws
 */
export async function withShowcaseLock<T>(
  dataSource: DataSource,
  showcase: string,
  work: () => Promise<T>,
): Promise<T> {
  const key = BigInt.asIntN(
    64,
    BigInt(`0x${hash('sha256', `showcase ${showcase}`).slice(0, 16)}`),
  ).toString();
  const runner = dataSource.createQueryRunner();
  try {
    if (!(await tryLock(runner, key))) throw new Fault('SHOWCASE_BUSY', { detail: showcase });
    try {
      return await work();
    } finally {
      await runner.query(`SELECT pg_advisory_unlock($1)`, [key]).catch(() => close(runner));
    }
  } finally {
    await runner.release();
  }
}

async function tryLock(runner: QueryRunner, key: string): Promise<boolean> {
  try {
    const [row] = await runner.query(`SELECT pg_try_advisory_lock($1) AS locked`, [key]);
    return row?.locked === true;
  } catch (error) {
    await close(runner);
    throw mapDatabaseError(error);
  }
}

/** A connection that may still hold the lock must not go back to the pool: closed, it holds none. */
async function close(runner: QueryRunner): Promise<void> {
  const client: { end(): Promise<void> } | undefined = await runner.connect().catch(() => undefined);
  // Not awaited: on a dead network the farewell may take minutes.
  client?.end().catch(() => undefined);
}
