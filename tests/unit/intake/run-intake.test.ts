import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CabinetConfig } from '../../../src/config/schema.ts';
import { requestBackfill } from '../../../src/intake/backfill.ts';
import { unblockCabinet } from '../../../src/intake/cabinets.ts';
import { type IntakeDeps, type PolledCabinet, runIntake } from '../../../src/intake/intake.ts';
import type { Platform } from '../../../src/platform/port.ts';
import { eventually } from '../../support/eventually.ts';
import {
  appealsOf,
  type CabinetRow,
  cabinetRow,
  incidentsOf,
  loginsOf,
  openSite,
  type Site,
  type SiteCabinet,
} from './site.ts';

let site: Site;
let running: { stop: AbortController; done: Promise<void> }[] = [];

beforeAll(async () => {
  site = await openSite({ poolSize: 20 });
});
afterAll(() => site.close());
beforeEach(() => {
  site.simulator.clearFaults();
});
afterEach(async () => {
  for (const { stop } of running) stop.abort();
  await Promise.all(running.map((one) => one.done));
  running = [];
});

/** Starts the readers of one process. */
function start(
  cabinets: readonly PolledCabinet[] | (() => readonly PolledCabinet[]),
  more: Partial<IntakeDeps> = {},
) {
  const stop = new AbortController();
  const list = typeof cabinets === 'function' ? cabinets : () => cabinets;
  const one = { stop, done: runIntake(site.deps({ cabinets: list, ...more }), stop.signal) };
  running.push(one);
  return one;
}

/** The real driver, with its readings noted. */
function noting(reads: string[], during?: (opaId: string) => Promise<void>): Platform {
  return {
    ...site.platform,
    async readFeed(access, query, signal) {
      reads.push(access.opaId);
      await during?.(access.opaId);
      return await site.platform.readFeed(access, query, signal);
    },
  };
}

const quick: Partial<CabinetConfig> = { pollInterval: 1 };

const settled = (cabinet: SiteCabinet, holds: (row: CabinetRow) => boolean) =>
  eventually('the cabinet’s turn is over', async () => {
    const row = await cabinetRow(site, cabinet);
    return row.polling_owner === null && holds(row) ? row : undefined;
  });

/** Waits until a cabinet that is read all the time was read so often that another would have had its turn. */
async function rounds(reads: readonly string[], of: SiteCabinet, count = 4): Promise<void> {
  const from = reads.length;
  await eventually(
    'a few rounds',
    () => reads.slice(from).filter((id) => id === of.config.opaId).length >= count,
  );
}

describe('the turns of the cabinets', () => {
  it.each([
    [0, 54],
    [0.5, 60],
    [1, 66],
  ])('come at their interval, with jitter (random %d → %d s)', async (random, seconds) => {
    const cabinet = await site.addCabinet({ pollInterval: 60_000 });
    start([cabinet], { random: () => random });
    const row = await settled(cabinet, ({ polled_at }) => polled_at !== null);
    expect(row.wait).toBeGreaterThan(seconds - 5);
    expect(row.wait).toBeLessThanOrEqual(seconds);
  });

  it('each on its own interval: a slow one is read once while a quick one is read often', async () => {
    const slow = await site.addCabinet();
    const fast = await site.addCabinet(quick);
    const reads: string[] = [];
    start([slow, fast], { platform: noting(reads) });
    await rounds(reads, fast, 6);
    expect(reads.filter((id) => id === slow.config.opaId)).toHaveLength(1);
  });

  it('what arrives is stored, again and again', async () => {
    const cabinet = await site.addCabinet(quick);
    start([cabinet]);
    for (let count = 1; count <= 3; count += 1) {
      site.simulator.addAppeal(cabinet.config.opaId);
      await eventually('the new appeal', async () => (await appealsOf(site, cabinet)).length === count);
    }
  });

  it('wait longer when the platform asks for it', async () => {
    const cabinet = await site.addCabinet({ pollInterval: 1000 });
    const { opaId } = cabinet.config;
    site.simulator.fault({ route: 'feed', opaId, kind: 'rate-limit', retryAfterSeconds: 300 });
    start([cabinet]);
    const row = await settled(cabinet, ({ poll_failures }) => poll_failures > 0);
    expect(row.wait).toBeGreaterThan(290);
  });

  it('at most so many at once', async () => {
    const cabinets = await Promise.all(Array.from({ length: 7 }, () => site.addCabinet(quick)));
    let now = 0;
    let most = 0;
    const reads: string[] = [];
    const platform = noting(reads, async () => {
      most = Math.max(most, ++now);
      // The first ones wait for each other, so that all places are seen taken.
      await eventually('all places taken', () => most >= 3);
      await site.db.query('SELECT 1');
      now -= 1;
    });
    start(cabinets, { concurrency: 3, platform });
    await eventually('everyone was read', () => new Set(reads).size === 7 && reads.length > 20);
    expect(most).toBe(3);
  });

  it('a cabinet that fails holds no other back', async () => {
    const bad = await site.addCabinet(quick);
    const broken = await site.addCabinet(quick);
    const good = await site.addCabinet(quick);
    bad.password = 'не тот';
    site.simulator.fault({ route: 'feed', opaId: broken.config.opaId, kind: 'bad-json' });
    const reads: string[] = [];
    start([bad, broken, good], { concurrency: 1, platform: noting(reads) });
    await rounds(reads, good, 3);
    site.simulator.addAppeal(good.config.opaId);
    await eventually('the good one’s appeal', async () => (await appealsOf(site, good)).length === 1);
    expect(loginsOf(site, bad)).toEqual({ ok: 0, failed: 1 });
    expect(reads.filter((id) => id === bad.config.opaId)).toHaveLength(1);
    expect(await incidentsOf(site, bad)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
    expect(await incidentsOf(site, broken)).toEqual({});
  });
});

describe('who is not read', () => {
  it('paused, blocked for ever, disabled, unknown to the configuration, or with another living reader', async () => {
    const fast = await site.addCabinet(quick);
    const [paused, blocked, disabled, stranger, leased] = await Promise.all([
      site.addCabinet(),
      site.addCabinet(),
      site.addCabinet({ enabled: false }),
      site.addCabinet(),
      site.addCabinet(),
    ]);
    const set = (cabinet: SiteCabinet, change: string) =>
      site.db.query(`UPDATE cabinet SET ${change} WHERE opa_id = $1`, [cabinet.config.opaId]);
    await set(paused, `state = 'paused'`);
    await set(blocked, `state = 'blocked', next_poll_at = 'infinity'`);
    await set(leased, `polling_owner = 'another', polling_until = now() + interval '1 minute'`);
    const reads: string[] = [];
    start([fast, paused, blocked, disabled, leased], { platform: noting(reads) });
    await rounds(reads, fast);
    expect(new Set(reads)).toEqual(new Set([fast.config.opaId]));
    expect(await cabinetRow(site, stranger)).toMatchObject({ polled_at: null });
    expect(await cabinetRow(site, leased)).toMatchObject({ polling_owner: 'another' });
  });

  it('a cabinet that stopped in the middle of a reader’s life is read by the others only when its lease is over', async () => {
    const cabinet = await site.addCabinet();
    await site.db.query(
      `UPDATE cabinet SET polling_owner = 'dead', polling_until = now() - interval '1 s' WHERE opa_id = $1`,
      [cabinet.config.opaId],
    );
    site.simulator.addAppeal(cabinet.config.opaId);
    start([cabinet], { owner: 'alive' });
    await settled(cabinet, ({ polled_at }) => polled_at !== null);
    expect(await appealsOf(site, cabinet)).toHaveLength(1);
  });
});

describe('a changed configuration', () => {
  it('counts at the next turn: a cabinet added, one taken out, one disabled', async () => {
    const first = await site.addCabinet(quick);
    const second = await site.addCabinet(quick);
    let list: PolledCabinet[] = [first];
    const reads: string[] = [];
    start(() => list, { platform: noting(reads) });
    await rounds(reads, first, 2);
    list = [first, second];
    await rounds(reads, second, 2);
    list = [{ ...first, config: { ...first.config, enabled: false } }, second];
    await rounds(reads, second, 1);
    const from = reads.length;
    await rounds(reads, second, 3);
    expect(new Set(reads.slice(from))).toEqual(new Set([second.config.opaId]));
  });

  it('another identifier is used as soon as it stands there', async () => {
    const cabinet = await site.addCabinet(quick);
    let list: PolledCabinet[] = [cabinet];
    const seen = new Set<string>();
    const platform: Platform = {
      ...site.platform,
      async readFeed(access, query, signal) {
        seen.add(access.identifier);
        return await site.platform.readFeed(access, query, signal);
      },
    };
    start(() => list, { platform });
    await eventually('the first identifier', () => seen.size === 1);
    list = [{ ...cabinet, access: { ...cabinet.access, identifier: 'другой' } }];
    await eventually('the second identifier', () => seen.has('другой'));
  });

  it('a «check» in another process that let a blocked cabinet work again makes this one log in afresh', async () => {
    const cabinet = await site.addCabinet(quick);
    site.simulator.setPassword(cabinet.config.opaId, 'на платформе сменили');
    start([cabinet], { platform: site.freshPlatform() });
    await settled(cabinet, ({ state }) => state === 'blocked');
    // The platform takes our password again; nothing changed on our side, so only the check can know.
    site.simulator.setPassword(cabinet.config.opaId, cabinet.password);
    await unblockCabinet(site.db, site.deps().incidents, cabinet.config);
    await settled(cabinet, ({ polled_at, state }) => polled_at !== null && state === 'active');
    expect(loginsOf(site, cabinet)).toEqual({ ok: 1, failed: 1 });
  });

  it('a back-fill asked for while its cabinet is being read does not wait for the next interval', async () => {
    const cabinet = await site.addCabinet({ pollInterval: 3_600_000 });
    let asked = false;
    const platform = noting([], async (opaId) => {
      if (asked) return;
      asked = true;
      const request = { opaId, from: new Date('2026-01-01'), to: new Date(), forceCards: false };
      await requestBackfill(site.db, request);
      // As if the command had come after this reader had looked for back-fills.
      await site.db.query(`UPDATE backfill SET finished_at = now() WHERE opa_id = $1`, [opaId]);
    });
    let reads = 0;
    start([cabinet], {
      platform: {
        ...platform,
        readFeed: (...args) => {
          reads += 1;
          return platform.readFeed(...args);
        },
      },
    });
    await eventually('a second turn', () => reads === 2);
    const row = await settled(cabinet, ({ wait }) => (wait ?? 0) > 60);
    expect(row.wait).toBeGreaterThan(3000);
    expect(reads).toBe(2);
  });
});

describe('stopping', () => {
  it('is prompt when nothing is due', async () => {
    const cabinet = await site.addCabinet();
    const { stop, done } = start([cabinet]);
    await settled(cabinet, ({ polled_at }) => polled_at !== null);
    const began = performance.now();
    stop.abort();
    await done;
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('is prompt inside a request, and hands the cabinet back with its turn', async () => {
    const cabinet = await site.addCabinet();
    const { opaId } = cabinet.config;
    site.simulator.fault({ route: 'feed', opaId, kind: 'hang' });
    const hangs = () => site.simulator.counters().faults['hang'] ?? 0;
    const before = hangs();
    const { stop, done } = start([cabinet]);
    await eventually('the request', () => hangs() > before);
    const began = performance.now();
    stop.abort();
    await done;
    expect(performance.now() - began).toBeLessThan(3000);
    const row = await cabinetRow(site, cabinet);
    expect(row).toMatchObject({ polling_owner: null, state: 'active', poll_failures: 0 });
    expect(row.wait).toBeLessThanOrEqual(0);
  });

  it('never begins when it is stopped already', async () => {
    const stop = new AbortController();
    stop.abort();
    const cabinet = await site.addCabinet();
    await runIntake(site.deps({ cabinets: () => [cabinet] }), stop.signal);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ polled_at: null });
  });
});

describe('trouble of our own', () => {
  it('a database that fails now and then ends no reader', async () => {
    const cabinet = await site.addCabinet(quick);
    site.simulator.addAppeal(cabinet.config.opaId);
    let failures = 3;
    const db = {
      query: <T>(sql: string, params?: readonly unknown[]): Promise<T[]> =>
        failures-- > 0 ? Promise.reject(new Error('away')) : site.db.query<T>(sql, params),
    };
    start([cabinet], { db, concurrency: 2 });
    await eventually('the appeal', async () => (await appealsOf(site, cabinet)).length === 1);
  });

  it('two processes share the cabinets and read none twice at once', async () => {
    const cabinets = await Promise.all(Array.from({ length: 6 }, () => site.addCabinet(quick)));
    const busy = new Set<string>();
    const readers = new Set<string>();
    let clashes = 0;
    const platformOf = (owner: string) =>
      noting([], async (opaId) => {
        readers.add(owner);
        if (busy.has(opaId)) clashes += 1;
        busy.add(opaId);
        await site.db.query('SELECT 1');
        busy.delete(opaId);
      });
    for (const owner of ['one', 'two']) {
      start(cabinets, { owner, concurrency: 2, platform: platformOf(owner) });
    }
    for (const cabinet of cabinets) {
      for (let i = 0; i < 15; i += 1) site.simulator.addAppeal(cabinet.config.opaId);
    }
    for (const cabinet of cabinets) {
      await eventually('all appeals', async () => (await appealsOf(site, cabinet)).length === 15);
    }
    await eventually('both did some', () => readers.size === 2);
    expect(clashes).toBe(0);
  });
});
