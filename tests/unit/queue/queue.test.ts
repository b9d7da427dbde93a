import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type AppealRef, type JobOf, openQueue, type Queue } from '../../../src/queue/queue.ts';
import { inTransaction, type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

const log = pino({ level: 'silent' });

let database: TestDatabase;
let db: Queryable;
let ringer: Queue;
let open: Queue[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 20 });
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
  for (const queue of open) await queue.stop(1000);
  open = [];
});

/** A queue that works, as another process would have it. */
async function worker(
  handle: (jobs: readonly JobOf<AppealRef>[]) => Promise<void>,
  concurrency = 32,
): Promise<Queue> {
  const queue = await openQueue({ connectionString: database.url, log });
  open.push(queue);
  await queue.workAppeals(concurrency, handle);
  return queue;
}

function refs(count: number, opaId = '1', from = 0): AppealRef[] {
  return Array.from({ length: count }, (_, i) => ({ appealId: `${opaId}-${from + i}`, opaId }));
}

const ring = (list: readonly AppealRef[]) =>
  inTransaction(database.dataSource, (tx) => ringer.ringAppeals(tx, list));

async function jobs(): Promise<Record<string, string[]>> {
  const rows = await db.query<{ key: string; state: string }>(
    `SELECT singleton_key AS key, state::text FROM pgboss.job WHERE name IN ('appeal', 'file') ORDER BY created_on`,
  );
  const states: Record<string, string[]> = {};
  for (const { key, state } of rows) {
    states[key] ??= [];
    states[key].push(state);
  }
  return states;
}

/** A gate that work waits at until the test opens it. */
function gate(): { open: () => void; passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, passed: promise };
}

describe('ringing', () => {
  it('twice for an appeal is one job', async () => {
    await ring([...refs(3), ...refs(3)]);
    await ring(refs(2));
    expect(await jobs()).toEqual({ '1-0': ['created'], '1-1': ['created'], '1-2': ['created'] });
  });

  it('for nobody does nothing', async () => {
    await ring([]);
    await inTransaction(database.dataSource, (tx) => ringer.ringFiles(tx, []));
    expect(await jobs()).toEqual({});
  });

  it('inside a transaction that rolls back leaves no job', async () => {
    const work = inTransaction(database.dataSource, async (tx) => {
      await ringer.ringAppeals(tx, refs(5));
      await ringer.ringFiles(tx, [{ appealId: '1-0', opaId: '1', attachmentId: '9' }]);
      throw new Error('killed');
    });
    await expect(work).rejects.toThrow('killed');
    expect(await jobs()).toEqual({});
  });

  it('is seen by nobody before the commit, and by workers soon after it', async () => {
    const seen: string[] = [];
    await worker(async (batch) => {
      seen.push(...batch.map((job) => job.data.appealId));
    });
    const committed = gate();
    const ringing = inTransaction(database.dataSource, async (tx) => {
      await ringer.ringAppeals(tx, refs(1));
      await committed.passed;
    });
    // Another appeal rung meanwhile goes through; the uncommitted one does not.
    await ring(refs(1, '2'));
    await eventually('the other appeal', () => seen.includes('2-0'));
    expect(seen).toEqual(['2-0']);
    committed.open();
    await ringing;
    await eventually('the committed one', () => seen.includes('1-0'), 10_000);
  });

  it('two transactions at once for one appeal make one job and hold nobody for ever', async () => {
    await Promise.all(Array.from({ length: 10 }, () => ring(refs(4))));
    expect(Object.values(await jobs())).toEqual(Array(4).fill(['created']));
  });
});

describe('one appeal', () => {
  it('has one job queued beside one running, and the queued one runs when that is done', async () => {
    const first = gate();
    let runs = 0;
    await worker(async () => {
      runs += 1;
      if (runs === 1) await first.passed;
    });
    await ring(refs(1));
    await eventually('the first run', () => runs === 1);
    for (let i = 0; i < 5; i += 1) await ring(refs(1));
    expect(await jobs()).toEqual({ '1-0': ['active', 'created'] });
    // Others go past it.
    await ring(refs(20, '2'));
    await eventually('the others', async () => {
      const states = Object.entries(await jobs()).filter(([key]) => key.startsWith('2-'));
      return states.length === 20 && states.every(([, list]) => list[0] === 'completed');
    });
    expect(await jobs()).toMatchObject({ '1-0': ['active', 'created'] });
    const began = performance.now();
    const before = runs;
    first.open();
    await eventually('the second run', () => runs > before);
    expect(performance.now() - began).toBeLessThan(8000);
    await eventually('all done', async () => (await jobs())['1-0']?.every((state) => state === 'completed'));
  });

  it('never runs twice at once, however often and by whomever it is rung, and no ring is lost', async () => {
    const running = new Set<string>();
    const heard = new Map<string, number>();
    const rung = new Map<string, number>();
    let clashes = 0;
    const handle = async (batch: readonly JobOf<AppealRef>[]) => {
      const ids = batch.map((job) => job.data.appealId);
      for (const id of ids) {
        if (running.has(id)) clashes += 1;
        running.add(id);
        // What was rung before this run began is covered by it.
        heard.set(id, rung.get(id) ?? 0);
      }
      await db.query('SELECT 1');
      for (const id of ids) running.delete(id);
    };
    await worker(handle);
    await worker(handle);
    const all = refs(40);
    for (let round = 1; round <= 15; round += 1) {
      // Marked first: the ring comes after the fact, as in the store.
      const some = all.filter((_ref, i) => (i + round) % 3 !== 0);
      for (const { appealId } of some) rung.set(appealId, round);
      await ring(some);
    }
    await eventually('every ring heard', () =>
      all.every(({ appealId: id }) => heard.get(id) === rung.get(id)),
    );
    expect(clashes).toBe(0);
  });

  it('whose work fails comes back soon', async () => {
    let tries = 0;
    await worker(async () => {
      tries += 1;
      if (tries < 3) throw new Error('база недоступна');
    });
    await ring(refs(1));
    await eventually('the third try', () => tries === 3, 30_000);
    await eventually('done', async () => (await jobs())['1-0']?.includes('completed'));
  });
});

describe('fairness between cabinets', () => {
  it.each([32, 8, 2])(
    '2,000 slow jobs of one do not hold the single job of another (%d places)',
    async (places) => {
      await ring(refs(2000, 'big'));
      let bigBegun = 0;
      let isSmallDone = false;
      await worker(async (batch) => {
        if (batch.some((job) => job.data.opaId === 'small')) isSmallDone = true;
        bigBegun += batch.filter((job) => job.data.opaId === 'big').length;
        // A second each, so that the whole backlog would take minutes.
        if (batch.some((job) => job.data.opaId === 'big')) await db.query('SELECT pg_sleep(1)');
      }, places);
      await eventually('the big one is at work', () => bigBegun >= 1);
      await ring(refs(1, 'small'));
      await eventually('the small one’s job', () => isSmallDone, 15_000);
      expect(bigBegun).toBeLessThan(500);
      await db.query(`DELETE FROM pgboss.job WHERE state = 'created'`);
    },
  );

  it('nor while those come and go, in batches that are not full', async () => {
    await ring(refs(5, 'big'));
    let isSmallDone = false;
    let bigDone = 0;
    await worker(async (batch) => {
      bigDone += batch.filter((job) => job.data.opaId === 'big').length;
      if (batch.some((job) => job.data.opaId === 'small')) isSmallDone = true;
      await db.query('SELECT pg_sleep(0.05)');
    });
    await ring(refs(5, 'big', 5));
    await ring(refs(1990, 'big', 10));
    await ring(refs(1, 'small'));
    await eventually('the small one’s job', () => isSmallDone, 15_000);
    expect(bigDone).toBeLessThan(1500);
    await db.query(`DELETE FROM pgboss.job WHERE state = 'created'`);
  });
});

describe('large files', () => {
  it('have jobs of their own, one a file', async () => {
    const fetched: string[] = [];
    const queue = await openQueue({ connectionString: database.url, log });
    open.push(queue);
    const file = (n: number) => ({ appealId: '1-0', opaId: '1', attachmentId: `f-${n}` });
    await inTransaction(database.dataSource, (tx) => ringer.ringFiles(tx, [file(1), file(2), file(2)]));
    expect(await jobs()).toEqual({ 'f-1': ['created'], 'f-2': ['created'] });
    await queue.workFiles(4, async ({ data, signal }) => {
      expect(signal.aborted).toBe(false);
      fetched.push(`${data.appealId} ${data.attachmentId}`);
    });
    await eventually('both files', () => fetched.length === 2);
    expect(fetched.sort()).toEqual(['1-0 f-1', '1-0 f-2']);
  });

  it('many small transfers do not wait for the clock between them', async () => {
    let count = 0;
    const queue = await openQueue({ connectionString: database.url, log });
    open.push(queue);
    await inTransaction(database.dataSource, (tx) =>
      ringer.ringFiles(
        tx,
        refs(60).map((ref, i) => ({ ...ref, attachmentId: `f-${i}` })),
      ),
    );
    const began = performance.now();
    await queue.workFiles(4, async () => {
      count += 1;
    });
    await eventually('all files', () => count === 60);
    // Four at a time every five seconds would be 75 s.
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe('the depth', () => {
  it('tells what waits and what runs', async () => {
    const hold = gate();
    let runs = 0;
    await worker(async () => {
      runs += 1;
      await hold.passed;
    }, 1);
    await ring(refs(5));
    await eventually('one runs', () => runs === 1);
    await eventually('the depth', async () => {
      const depth = (await ringer.depth()).find((one) => one.queue === 'appeal');
      return depth?.active === 1 && depth.waiting === 4;
    });
    expect((await ringer.depth()).map((one) => one.queue).sort()).toEqual(['appeal', 'file']);
    await db.query(`DELETE FROM pgboss.job WHERE state = 'created'`);
    hold.open();
  });
});
