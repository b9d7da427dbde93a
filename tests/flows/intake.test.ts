import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type IntakeDeps, type PolledCabinet, runIntake } from '../../src/intake/intake.ts';
import { openQueue, type Queue } from '../../src/queue/queue.ts';
import { ringDue } from '../../src/registration/bell.ts';
import { eventually } from '../support/eventually.ts';
import {
  appealsOf,
  cabinetRow,
  countOf,
  incidentsOf,
  openSite,
  type Site,
  type SiteCabinet,
  silent,
} from '../unit/intake/site.ts';

let site: Site;
let cabinets: SiteCabinet[];
let running: { stop: AbortController; done: Promise<void> }[] = [];
let queues: Queue[] = [];

beforeAll(async () => {
  site = await openSite({ poolSize: 30 });
});
afterAll(() => site.close());
beforeEach(async () => {
  cabinets = [];
  for (let i = 0; i < 3; i += 1) cabinets.push(await site.addCabinet({ pollInterval: 20 }));
});
afterEach(async () => {
  site.simulator.clearFaults();
  for (const { stop } of running) stop.abort();
  await Promise.all(running.map((one) => one.done));
  for (const queue of queues) await queue.stop(1000);
  running = [];
  queues = [];
});

/** The intake of one daemon. */
function daemon(owner: string, more: Partial<IntakeDeps> = {}): AbortController {
  const stop = new AbortController();
  const list: readonly PolledCabinet[] = cabinets;
  const deps = site.deps({
    owner,
    cabinets: () => list,
    pageSize: 7,
    concurrency: 2,
    platform: site.freshPlatform(),
    ...more,
  });
  running.push({ stop, done: runIntake(deps, stop.signal) });
  return stop;
}

/** Works the queue like a daemon: notes whom it heard of, and settles what it was rung for. */
async function worker(heard: Map<string, number>): Promise<void> {
  const queue = await openQueue({ connectionString: site.database.url, log: silent });
  queues.push(queue);
  await queue.workAppeals(16, async (jobs) => {
    const ids = jobs.map((job) => job.data.appealId);
    for (const id of ids) heard.set(id, (heard.get(id) ?? 0) + 1);
    await site.db.query('UPDATE appeal SET due_at = NULL WHERE id = ANY($1::bigint[])', [ids]);
    await site.db.query(
      'UPDATE appeal_change SET handled_at = now() WHERE appeal_id = ANY($1::bigint[]) AND handled_at IS NULL',
      [ids],
    );
  });
}

/** Everything the platform has is stored once, and everything open was rung for. */
async function expectAll(expected: ReadonlyMap<SiteCabinet, string[]>, heard: ReadonlyMap<string, number>) {
  for (const [cabinet, posIds] of expected) {
    await eventually('every appeal stored', async () => {
      const rows = await appealsOf(site, cabinet);
      return rows.length === posIds.length;
    });
    expect((await appealsOf(site, cabinet)).map((row) => row.posId)).toEqual(posIds);
    const ids = await site.db.query<{ id: string }>(
      `SELECT id::text FROM appeal WHERE opa_id = $1 AND stage = 'open'`,
      [cabinet.config.opaId],
    );
    await eventually('every open appeal rung for', () => ids.every(({ id }) => heard.has(id)));
  }
}

describe('the intake of a cluster', () => {
  it('two daemons, a platform that fails in every way: every appeal once, each with its job', async () => {
    const heard = new Map<string, number>();
    await worker(heard);
    await worker(heard);
    const kinds = [
      'cut-before',
      'cut-after',
      'truncate',
      'bad-json',
      'error-500',
      'duplicate-items',
      'unauthorized',
    ];
    for (const [index, kind] of kinds.entries()) {
      site.simulator.fault({
        route: 'feed',
        kind: kind as 'cut-before',
        probability: 0.04,
        seed: index + 1,
      });
    }
    daemon('one');
    daemon('two');
    const expected = new Map<SiteCabinet, string[]>(cabinets.map((cabinet) => [cabinet, []]));
    for (let wave = 0; wave < 8; wave += 1) {
      for (const cabinet of cabinets) {
        for (let i = 0; i < 5; i += 1) {
          expected.get(cabinet)?.push(String(site.simulator.addAppeal(cabinet.config.opaId)));
        }
      }
      // A wave comes while the one before is being read.
      const [first] = cabinets;
      if (first === undefined) throw new Error('no cabinet');
      const before = site.simulator.counters().requests['feed'] ?? 0;
      await eventually('some reading', () => (site.simulator.counters().requests['feed'] ?? 0) > before + 2);
    }
    // A session refused twice running blocks a cabinet for an hour: that is right, but not what is looked at here.
    site.simulator.clearFaults();
    await site.db.query(`UPDATE cabinet SET next_poll_at = now() WHERE state = 'blocked'`);
    await expectAll(expected, heard);
    for (const cabinet of cabinets) expect(await countOf(site, 'appeal_change', cabinet)).toBe(40);
  }, 120_000);

  it('a daemon cut off in the middle of a page: the other takes its cabinets over and loses nothing', async () => {
    const heard = new Map<string, number>();
    await worker(heard);
    const expected = new Map(
      cabinets.map((cabinet) => [
        cabinet,
        Array.from({ length: 20 }, () => String(site.simulator.addAppeal(cabinet.config.opaId))),
      ]),
    );
    let pages = 0;
    const { promise: never } = Promise.withResolvers<void>();
    const dying: Queue = {
      ...site.queue,
      async ringAppeals(tx, appeals) {
        await site.queue.ringAppeals(tx, appeals);
        // From its third page on it hangs as a killed one does: the transaction ends without a commit.
        if (++pages > 2) {
          await tx.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
          await never;
        }
      },
    };
    const lost = new AbortController();
    const deps = site.deps({
      owner: 'doomed',
      cabinets: () => cabinets,
      pageSize: 7,
      queue: dying,
      concurrency: 3,
    });
    void runIntake(deps, lost.signal);
    await eventually('all its readers hang', () => pages >= 5);
    lost.abort();
    const held = async () =>
      (await Promise.all(cabinets.map((one) => cabinetRow(site, one)))).map((r) => r.polling_owner);
    expect(await held()).toEqual(['doomed', 'doomed', 'doomed']);
    // Its lease runs out: here two minutes pass at once.
    await site.db.query(`UPDATE cabinet SET polling_until = polling_until - interval '2 minutes'`);
    daemon('heir');
    await expectAll(expected, heard);
    for (const cabinet of cabinets) expect(await countOf(site, 'appeal_change', cabinet)).toBe(20);
  });

  it('a job that got lost is rung for again by the bell', async () => {
    const [cabinet] = cabinets;
    if (cabinet === undefined) throw new Error('no cabinet');
    const posId = String(site.simulator.addAppeal(cabinet.config.opaId));
    await site.poll(cabinet);
    await site.db.query('DELETE FROM pgboss.job');
    expect(await ringDue(site.database.dataSource, site.queue)).toBe(0);
    await site.db.query(`UPDATE appeal SET due_at = now() WHERE opa_id = $1`, [cabinet.config.opaId]);
    expect(await ringDue(site.database.dataSource, site.queue)).toBe(1);
    const heard = new Map<string, number>();
    await worker(heard);
    await expectAll(new Map([[cabinet, [posId]]]), heard);
  });

  it('away so long that the platform forgot our place: the gap is read while new appeals come in', async () => {
    const heard = new Map<string, number>();
    await worker(heard);
    const [cabinet] = cabinets;
    if (cabinet === undefined) throw new Error('no cabinet');
    const { opaId } = cabinet.config;
    const add = (count: number) =>
      Array.from({ length: count }, () => String(site.simulator.addAppeal(opaId)));
    const all = add(9);
    await site.poll(cabinet);
    all.push(...add(50));
    site.simulator.expireCursorsBefore(opaId, 45);
    site.simulator.fault({ route: 'feed', opaId, kind: 'latency', ms: 10 });
    daemon('one');
    daemon('two');
    await eventually('the gap is noticed', async () => (await countOf(site, 'backfill', cabinet)) > 0);
    all.push(...add(10));
    await expectAll(new Map([[cabinet, all]]), heard);
    await eventually(
      'the gap is closed',
      async () => Object.keys(await incidentsOf(site, cabinet)).length === 0,
    );
    expect(await incidentsOf(site, cabinet, 'closed')).toEqual({ PLATFORM_CURSOR_EXPIRED: 1 });
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(all.length);
  });
});
