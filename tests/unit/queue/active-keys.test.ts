import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Db } from 'pg-boss';
import { pino } from 'pino';
import { byActiveKeys, passOverActiveKeys } from '../../../src/queue/active-keys.ts';
import { type AppealRef, openQueue, type Queue } from '../../../src/queue/queue.ts';
import { inTransaction } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

const log = pino({ level: 'silent' });

let database: TestDatabase;
let open: Queue[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 20 });
});
afterAll(async () => {
  await database.drop();
});
afterEach(async () => {
  for (const queue of open) await queue.stop(1000);
  open = [];
  await database.dataSource.query('DELETE FROM pgboss.job');
});

async function openOne(): Promise<Queue> {
  const queue = await openQueue({ connectionString: database.url, log });
  open.push(queue);
  return queue;
}

const ref = (appealId: string): AppealRef => ({ appealId, opaId: '1' });

describe('an appeal rung while it is being worked on', () => {
  it('holds up nobody behind it and gets its own turn when the work ends', async () => {
    const queue = await openOne();
    const ring = (id: string) => inTransaction(database.dataSource, (tx) => queue.ringAppeals(tx, [ref(id)]));
    const worked: string[] = [];
    const gates = new Map<string, PromiseWithResolvers<void>>();
    await queue.workAppeals(4, async (jobs) => {
      for (const { data } of jobs) {
        worked.push(data.appealId);
        await gates.get(data.appealId)?.promise;
      }
    });
    for (let round = 0; round < 5; round += 1) {
      const busy = `${round}-занято`;
      const gate = Promise.withResolvers<void>();
      gates.set(busy, gate);
      await ring(busy);
      await eventually('the work has begun', () => worked.includes(busy));
      // Older than all that follow, so whoever takes the oldest job meets it first.
      await ring(busy);
      const others = ['a', 'b', 'c'].map((name) => `${round}-${name}`);
      for (const id of others) await ring(id);
      await eventually('the others are done', () => others.every((id) => worked.includes(id)));
      expect(worked.filter((id) => id === busy)).toHaveLength(1);
      gate.resolve();
      await eventually('its second turn', () => worked.filter((id) => id === busy).length === 2);
    }
  }, 60_000);
});

describe('the statement that takes jobs', () => {
  /** Whatever the library asks of the database while it works. */
  async function takings(): Promise<{ readonly asked: string[]; readonly told: string[] }> {
    const asked: string[] = [];
    const told: string[] = [];
    const db: Db = {
      async executeSql(text) {
        told.push(text);
        return { rows: [] };
      },
    };
    passOverActiveKeys(db);
    const { fetchNextJob } = (await import(
      new URL('../../../node_modules/pg-boss/dist/plans.js', import.meta.url).href
    )) as { fetchNextJob(options: Record<string, unknown>): { text: string; values: unknown[] } };
    for (const limit of [1, 8]) {
      for (const groupConcurrency of [undefined, 8]) {
        for (const ignoreSingletons of [undefined, ['1', '2']]) {
          const { text, values } = fetchNextJob({
            schema: 'pgboss',
            table: 'job_common',
            name: 'appeal',
            policy: 'stately',
            limit,
            ...(groupConcurrency === undefined ? {} : { groupConcurrency }),
            ...(ignoreSingletons === undefined ? {} : { ignoreSingletons }),
          });
          asked.push(text);
          await db.executeSql(text, values);
        }
      }
    }
    return { asked, told };
  }

  it('of the library as it is installed goes by the keys that are active now', async () => {
    const { asked, told } = await takings();
    expect(asked).toHaveLength(8);
    expect(asked.filter((text) => text.includes('<> ALL('))).toHaveLength(4);
    for (const [index, text] of told.entries()) {
      expect(text.match(/NOT EXISTS \(SELECT 1 FROM pgboss\.job_common a /g)).toHaveLength(1);
      expect(text).not.toContain('<> ALL(');
      const parameters = (statement: string) => new Set(statement.match(/\$\d+/g));
      expect(parameters(text)).toEqual(parameters(asked[index] ?? ''));
    }
  });

  it('and that the server takes them all', async () => {
    await openOne();
    const { told } = await takings();
    for (const text of told) await database.dataSource.query(`PREPARE taking AS ${text}; DEALLOCATE taking`);
  });

  it.each(['SELECT 1', '', 'SELECT * FROM pgboss.job j WHERE j.id = $1 ORDER BY j.created_on'])(
    'any other stays as it is: %s',
    (text) => {
      expect(byActiveKeys(text)).toBe(text);
    },
  );
});
