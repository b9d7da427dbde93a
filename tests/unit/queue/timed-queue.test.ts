import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type DaemonQueue, openQueue } from '../../../src/queue/queue.ts';
import { inTransaction, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

const LONG = 60_000;
const log = pino({ level: 'silent' });
let database: TestDatabase;
let queues: DaemonQueue[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
}, LONG);
afterAll(() => database.drop());
beforeEach(async () => {
  queues = [await openQueue({ connectionString: database.url, log })];
}, LONG);
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.stop(100)));
}, LONG);

const db = () => queryable(database.dataSource);
const schedules = async () =>
  await db().query<{ key: string; cron: string; timezone: string; missed: string }>(
    `SELECT key, cron, timezone, options->>'missed' AS missed FROM pgboss.schedule WHERE name = 'showcase' ORDER BY key`,
  );

async function first(): Promise<DaemonQueue> {
  const [queue] = queues;
  if (queue === undefined) throw new Error('no queue');
  return queue;
}

describe('schedules', () => {
  it(
    'are those of the settings: made, changed, removed',
    async () => {
      const timed = await (await first()).timed('showcase');
      const entry = (key: string, cron: string, timeZone = 'Asia/Yakutsk') => ({ key, cron, timeZone });
      await timed.schedule([entry('a', '30 2 * * *'), entry('b', '0 4 * * 1', 'Europe/Moscow')]);
      expect(await schedules()).toEqual([
        { key: 'a', cron: '30 2 * * *', timezone: 'Asia/Yakutsk', missed: 'once' },
        { key: 'b', cron: '0 4 * * 1', timezone: 'Europe/Moscow', missed: 'once' },
      ]);
      await timed.schedule([entry('b', '15 5 * * *')]);
      expect(await schedules()).toMatchObject([{ key: 'b', cron: '15 5 * * *', timezone: 'Asia/Yakutsk' }]);
      await timed.schedule([]);
      expect(await schedules()).toEqual([]);
      await timed.schedule([entry('a', '30 2 * * *')]);
      await (await first()).dropSchedules('showcase');
      expect(await schedules()).toEqual([]);
      await (await first()).dropSchedules('showcase-digest');
    },
    LONG,
  );
});

describe('work', () => {
  it(
    'that is asked for in a transaction comes when, and only when, it is stored; once in a cluster',
    async () => {
      queues.push(await openQueue({ connectionString: database.url, log }));
      const done: string[] = [];
      for (const queue of queues) {
        const timed = await queue.timed('showcase');
        await timed.work(async (key) => void done.push(key));
      }
      const timed = await (await first()).timed('showcase');
      const undone = inTransaction(database.dataSource, async (tx) => {
        await timed.ring(tx, ['never']);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      await inTransaction(database.dataSource, async (tx) => {
        await timed.ring(tx, ['a', 'b']);
        await timed.ring(tx, []);
      });
      await eventually('both', () => done.length >= 2);
      expect(done.sort()).toEqual(['a', 'b']);
    },
    LONG,
  );

  it(
    'asked for while it runs comes once more behind it, however often it was asked for',
    async () => {
      const timed = await (await first()).timed('showcase-digest');
      const held = Promise.withResolvers<void>();
      let [started, running, most] = [0, 0, 0];
      await timed.work(async () => {
        started += 1;
        running += 1;
        most = Math.max(most, running);
        if (started === 1) await held.promise;
        running -= 1;
      });
      const ring = () => inTransaction(database.dataSource, (tx) => timed.ring(tx, ['x']));
      await ring();
      await eventually('the first runs', () => started === 1);
      await ring();
      await ring();
      held.resolve();
      await eventually('the second ran', () => started === 2 && running === 0);
      expect(most).toBe(1);
      const [left] = await db().query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'showcase-digest' AND state IN ('created', 'active', 'retry')`,
      );
      expect(left?.n).toBeLessThanOrEqual(1);
    },
    LONG,
  );
});
