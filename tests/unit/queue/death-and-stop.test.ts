import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type AppealRef, openQueue, placesOf, type Queue } from '../../../src/queue/queue.ts';
import { inTransaction, type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { nodeProgram } from '../../support/node-program.ts';

const log = pino({ level: 'silent' });

let database: TestDatabase;
let db: Queryable;
let ringer: Queue;
let open: Queue[] = [];
let children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  ringer = await openQueue({ connectionString: database.url, log });
});
afterAll(async () => {
  await ringer.stop(1000);
  await database.drop();
});
beforeEach(async () => {
  await db.query('DELETE FROM pgboss.job');
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const queue of open) await queue.stop(1000);
  children = [];
  open = [];
});

const refs = (count: number): AppealRef[] =>
  Array.from({ length: count }, (_, i) => ({ appealId: String(i), opaId: '1' }));
const ring = (list: readonly AppealRef[]) =>
  inTransaction(database.dataSource, (tx) => ringer.ringAppeals(tx, list));

async function another(): Promise<Queue> {
  const queue = await openQueue({ connectionString: database.url, log });
  open.push(queue);
  return queue;
}

/** A process that takes jobs and never ends them; tells which it has. */
async function startWorker(): Promise<{ taken: string[]; kill(): Promise<void> }> {
  const script = fileURLToPath(new URL('./worker-child.ts', import.meta.url));
  const child = spawn(nodeProgram(), [script, database.url, '8'], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const taken: string[] = [];
  let isReady = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') isReady = true;
    else taken.push(line);
  });
  await eventually('the worker process', () => isReady);
  return {
    taken,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('a worker that dies', () => {
  it('with kill -9: its jobs come back within seconds, to another', async () => {
    await ring(refs(3));
    const doomed = await startWorker();
    await eventually('it holds all jobs', () => doomed.taken.length === 3);
    const seen: string[] = [];
    const heir = await another();
    await heir.workAppeals(8, async (jobs) => {
      seen.push(...jobs.map((job) => job.data.appealId));
    });
    // While it lives, nobody else gets them: its heartbeat goes on past its own limit of ten seconds.
    const beat = async () =>
      (await db.query<{ at: string }>(`SELECT max(heartbeat_on)::text AS at FROM pgboss.job`))[0]?.at;
    const first = await beat();
    await eventually('a heartbeat', async () => (await beat()) !== first);
    expect(seen).toEqual([]);
    await doomed.kill();
    const died = performance.now();
    await eventually('all jobs again', () => seen.length >= 3, 40_000);
    expect(performance.now() - died).toBeLessThan(30_000);
    expect(new Set(seen)).toEqual(new Set(['0', '1', '2']));
  }, 90_000);
});

describe('a stop', () => {
  it('waits for running work that ends in time, and its result counts', async () => {
    await ring(refs(1));
    const { promise, resolve } = Promise.withResolvers<void>();
    const queue = await another();
    let runs = 0;
    await queue.workAppeals(8, async () => {
      runs += 1;
      await promise;
    });
    await eventually('it runs', () => runs === 1);
    const stopping = queue.stop(20_000);
    await ring([{ appealId: 'later', opaId: '1' }]);
    resolve();
    const began = performance.now();
    await stopping;
    expect(performance.now() - began).toBeLessThan(5000);
    const rows = await db.query(
      `SELECT singleton_key AS key, state::text FROM pgboss.job ORDER BY singleton_key`,
    );
    // A fetch that was under way when the stop began may bring one job more: then it is done, not dropped.
    expect(rows).toEqual([
      { key: '0', state: 'completed' },
      { key: 'later', state: runs === 1 ? 'created' : 'completed' },
    ]);
    expect(runs).toBeLessThanOrEqual(2);
  });

  it('waits at most its grace, then tells the work to end; its job comes back', async () => {
    await ring(refs(1));
    const queue = await another();
    let signal: AbortSignal | undefined;
    await queue.workAppeals(8, async ([job]) => {
      signal = job?.signal;
      await new Promise(() => undefined);
    });
    await eventually('it runs', () => signal !== undefined);
    const began = performance.now();
    await queue.stop(1500);
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(1000);
    expect(took).toBeLessThan(5000);
    expect(signal?.aborted).toBe(true);
    const [row] = await db.query<{ state: string }>(`SELECT state::text FROM pgboss.job`);
    expect(row).toEqual({ state: 'retry' });
    let again = 0;
    const heir = await another();
    await heir.workAppeals(8, async () => {
      again += 1;
    });
    await eventually('it runs again', () => again === 1);
  });

  it('of an idle queue is at once, and a second one does no harm', async () => {
    const queue = await another();
    await queue.workAppeals(32, async () => undefined);
    const began = performance.now();
    await queue.stop(20_000);
    await queue.stop(20_000);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('opening', () => {
  it('by several at once on a new database works', async () => {
    const fresh = await createTestDatabase();
    try {
      const queues = await Promise.all(
        Array.from({ length: 3 }, () => openQueue({ connectionString: fresh.url, log })),
      );
      for (const queue of queues) await queue.stop(1000);
    } finally {
      await fresh.drop();
    }
  });

  it('brings the settings of a queue made by an earlier version up to date', async () => {
    await db.query(
      `UPDATE pgboss.queue SET heartbeat_seconds = 900, retention_seconds = 60 WHERE name = 'appeal'`,
    );
    await another();
    expect(
      await db.query(
        `SELECT policy, heartbeat_seconds, retention_seconds, notify FROM pgboss.queue WHERE name = 'appeal'`,
      ),
    ).toEqual([{ policy: 'stately', heartbeat_seconds: 10, retention_seconds: 31_536_000, notify: true }]);
  });

  it('of a database that is not there is refused', async () => {
    const url = new URL(database.url);
    url.pathname = '/нет-такой';
    await expect(openQueue({ connectionString: url.href, log })).rejects.toThrow();
  });
});

describe('how places are shared out', () => {
  it.each([1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 64, 256])(
    '%d: never more than these, never none',
    (concurrency) => {
      for (const largest of [1, 8]) {
        const places = placesOf(concurrency, largest);
        const sum = places.reduce((total, { workers, batchSize }) => total + workers * batchSize, 0);
        expect(sum).toBeLessThanOrEqual(concurrency);
        expect(sum).toBeGreaterThan(concurrency * 0.6);
        for (const { workers, batchSize, share } of places) {
          expect(workers).toBeGreaterThanOrEqual(1);
          expect(batchSize).toBeLessThanOrEqual(largest);
          expect(share).toBeGreaterThanOrEqual(batchSize);
        }
        // One worker is always free of a cabinet that has filled its share of the rest.
        if (concurrency > 1) {
          const [main, kept] = places;
          expect(kept?.workers).toBe(1);
          expect(main?.share).toBeGreaterThanOrEqual(kept?.share ?? Number.NaN);
          expect(main?.share).toBeLessThanOrEqual((main?.workers ?? 0) * (main?.batchSize ?? 0));
        }
      }
    },
  );
});
