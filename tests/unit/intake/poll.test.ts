import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pollCabinet } from '../../../src/intake/poll.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import {
  appealsOf,
  cabinetRow,
  countOf,
  eventsOf,
  incidentsOf,
  jobsOf,
  NEVER,
  openSite,
  type Site,
  type SiteCabinet,
} from './site.ts';

let site: Site;
let cabinet: SiteCabinet;
let opaId: string;

beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());
beforeEach(async () => {
  site.simulator.clearFaults();
  cabinet = await site.addCabinet();
  opaId = cabinet.config.opaId;
});

function fill(count: number): string[] {
  return Array.from({ length: count }, () => String(site.simulator.addAppeal(opaId)));
}

const posIds = async (of = cabinet) => (await appealsOf(site, of)).map((row) => row.posId);

/** A queue that fails after it has rung: the process dies between the page and its commit. */
function dyingQueue(deaths: number): Queue {
  let left = deaths;
  return {
    ...site.queue,
    async ringAppeals(tx, appeals) {
      await site.queue.ringAppeals(tx, appeals);
      if (left-- > 0) throw new Error('killed');
    },
  };
}

describe('reading a cabinet', () => {
  it('page by page to the end; the next time only what is new', async () => {
    const first = fill(25);
    expect(await site.poll(cabinet)).toEqual({ items: 25 });
    expect(await posIds()).toEqual(first);
    expect(await jobsOf(site, cabinet)).toEqual(first);
    const { cursor, polled_at } = await cabinetRow(site, cabinet);
    expect(cursor).not.toBeNull();
    expect(polled_at).not.toBeNull();

    expect(await site.poll(cabinet)).toEqual({ items: 0 });
    expect((await cabinetRow(site, cabinet)).cursor).toBe(cursor);
    const second = fill(3);
    expect(await site.poll(cabinet)).toEqual({ items: 3 });
    expect(await posIds()).toEqual([...first, ...second]);
    expect(site.simulator.counters().logins[opaId]).toEqual({ ok: 1, failed: 0 });
  });

  it('an empty feed is read without a complaint', async () => {
    expect(await site.poll(cabinet)).toEqual({ items: 0 });
    expect(await incidentsOf(site, cabinet)).toEqual({});
  });

  it('items that come twice are stored once', async () => {
    const all = fill(12);
    site.simulator.fault({ route: 'feed', opaId, kind: 'duplicate-items' });
    await site.poll(cabinet);
    expect(await posIds()).toEqual(all);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(12);
    expect(await jobsOf(site, cabinet)).toEqual(all);
  });

  it('a list of one that comes bare is read', async () => {
    site.simulator.configure({ bareObject: true });
    const all = fill(1);
    await site.poll(cabinet);
    site.simulator.configure({ bareObject: false });
    expect(await posIds()).toEqual(all);
  });

  it('appeals older than startFrom or answered are stored, counted and get no job', async () => {
    const late = await site.addCabinet({ startFrom: '2026-02-01', timeZone: 'Asia/Yakutsk' });
    const add = (receivedAt: string, status = 'MODERATION_ACCEPT') =>
      String(site.simulator.addAppeal(late.config.opaId, { receivedAt, createdAt: receivedAt, status }));
    const [before, midnight, answered] = [
      add('2026-01-31T23:59:59+09:00'),
      add('2026-02-01T00:00:00+09:00'),
      add('2026-02-03T00:00:00+09:00', 'SEND_RESPONSE'),
    ];
    await site.poll(late);
    expect((await appealsOf(site, late)).map(({ posId, stage, reason }) => [posId, stage, reason])).toEqual([
      [before, 'skipped', 'before-start'],
      [midnight, 'open', null],
      [answered, 'skipped', 'final'],
    ]);
    expect(await jobsOf(site, late)).toEqual([midnight]);
  });

  it('changes of known appeals are stored as changes of that appeal', async () => {
    const [posId = ''] = fill(1);
    await site.poll(cabinet);
    for (const kind of ['AMENDED', 'TERM_MOVED', 'RATED', 'REPEATED', 'WITHDRAWN'] as const) {
      site.simulator.change(opaId, Number(posId), kind);
    }
    await site.poll(cabinet);
    expect(await posIds()).toEqual([posId]);
    const changes = await site.db.query<{ change: string; waits: boolean }>(
      `SELECT change, handled_at IS NULL AS waits FROM appeal_change
       WHERE appeal_id IN (SELECT id FROM appeal WHERE opa_id = $1) ORDER BY id`,
      [opaId],
    );
    expect(changes.map(({ change, waits }) => `${change} ${waits}`)).toEqual([
      'NEW false',
      'AMENDED true',
      'TERM_MOVED true',
      'RATED true',
      'REPEATED true',
      'WITHDRAWN true',
    ]);
    expect(await jobsOf(site, cabinet)).toEqual([posId]);
  });

  it('a withdrawn appeal never shown before gets no job', async () => {
    const [posId = ''] = fill(1);
    site.simulator.change(opaId, Number(posId), 'WITHDRAWN');
    site.simulator.expireCursorsBefore(opaId, 1);
    await site.poll(cabinet);
    expect(await appealsOf(site, cabinet)).toMatchObject([{ posId, stage: 'withdrawn' }]);
    expect(await jobsOf(site, cabinet)).toEqual([]);
  });
});

describe('the cursor', () => {
  it('two readers of one cabinet at once: nothing doubled, nothing lost', async () => {
    const all = fill(60);
    site.simulator.fault({ route: 'feed', opaId, kind: 'latency', ms: 5 });
    const outcomes = await Promise.all(
      ['one', 'two', 'three'].map((owner) =>
        site.poll(cabinet, { owner, platform: site.freshPlatform(), pageSize: 4 }),
      ),
    );
    expect(outcomes.map((outcome) => outcome.fault)).toEqual([undefined, undefined, undefined]);
    // Whoever lost the race leaves the rest to the winner.
    await site.poll(cabinet);
    expect(await posIds()).toEqual(all);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(60);
    expect(await countOf(site, 'journal', cabinet)).toBe(60);
    expect(await jobsOf(site, cabinet)).toEqual(all);
  });

  it('a reader whose place was moved meanwhile stores nothing of its page and complains of nothing', async () => {
    fill(5);
    const slow = {
      ...site.platform,
      readFeed: async (...args: Parameters<typeof site.platform.readFeed>) => {
        const page = await site.platform.readFeed(...args);
        await site.db.query(`UPDATE cabinet SET cursor = 'elsewhere' WHERE opa_id = $1`, [opaId]);
        return page;
      },
    };
    expect(await site.poll(cabinet, { platform: slow })).toEqual({ items: 0 });
    expect(await appealsOf(site, cabinet)).toEqual([]);
    expect(await jobsOf(site, cabinet)).toEqual([]);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ cursor: 'elsewhere', poll_failures: 0 });
  });

  it('killed before the commit, neither page nor cursor is stored, and the next reading brings all', async () => {
    const all = fill(25);
    const outcome = await site.poll(cabinet, { queue: dyingQueue(1) });
    expect(outcome.fault).toMatchObject({ code: 'DEFECT' });
    expect(await appealsOf(site, cabinet)).toEqual([]);
    expect(await cabinetRow(site, cabinet)).toMatchObject({
      cursor: null,
      polled_at: null,
      poll_failures: 1,
    });
    expect(await site.poll(cabinet)).toEqual({ items: 25 });
    expect(await posIds()).toEqual(all);
    expect(await jobsOf(site, cabinet)).toEqual(all);
    expect((await cabinetRow(site, cabinet)).poll_failures).toBe(0);
  });

  it('killed again and again at each page, everything arrives once', async () => {
    const all = fill(40);
    for (let death = 0; death < 4; death += 1) {
      const queue = { ...dyingQueue(0) };
      let pages = 0;
      queue.ringAppeals = async (tx, appeals) => {
        await site.queue.ringAppeals(tx, appeals);
        if (++pages > 1) throw new Error('killed');
      };
      await site.poll(cabinet, { queue, pageSize: 8 });
      expect(await posIds()).toEqual(all.slice(0, 8 * (death + 1)));
    }
    await site.poll(cabinet);
    expect(await posIds()).toEqual(all);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(40);
  });

  it('stopped between two pages, it keeps what it has and does not claim to have seen the end', async () => {
    fill(30);
    const stop = new AbortController();
    const queue: Queue = {
      ...site.queue,
      async ringAppeals(tx, appeals) {
        await site.queue.ringAppeals(tx, appeals);
        stop.abort();
      },
    };
    const outcome = await pollCabinet(site.deps({ queue }), cabinet, stop.signal);
    expect(outcome).toEqual({ items: 10 });
    expect(await posIds()).toHaveLength(10);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ polled_at: null, poll_failures: 0 });
    expect(await site.poll(cabinet)).toEqual({ items: 20 });
  });

  it('stopped inside a request, it ends at once', async () => {
    fill(1);
    site.simulator.fault({ route: 'feed', opaId, kind: 'hang', times: 1 });
    const stop = new AbortController();
    const reading = pollCabinet(site.deps(), cabinet, stop.signal);
    const asked = () => site.simulator.counters().faults['hang'] ?? 0;
    while (asked() === 0) await new Promise((resolve) => setImmediate(resolve));
    const began = performance.now();
    stop.abort();
    expect((await reading).fault).toMatchObject({ code: 'STOPPED' });
    expect(performance.now() - began).toBeLessThan(3000);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active', poll_failures: 0 });
  });

  it('a cabinet without a row is a defect of ours, told and returned', async () => {
    const stranger = { ...cabinet, config: { ...cabinet.config, opaId: '999' } };
    expect((await site.poll(stranger)).fault).toMatchObject({ code: 'DEFECT' });
  });
});

describe('bad items', () => {
  it('one of unknown shape is stored, told by one incident, and the page goes on', async () => {
    const [first = ''] = fill(1);
    site.simulator.addRawItem(opaId, { posId: 55, changeId: '900', description: { not: 'text' } });
    site.simulator.addRawItem(opaId, 'null');
    site.simulator.addRawItem(opaId, '"a string"');
    site.simulator.addRawItem(opaId, { posId: 56, changeId: '901', attachments: [{ name: 'без номера' }] });
    const [last = ''] = fill(1);
    expect((await site.poll(cabinet)).fault).toBeUndefined();
    expect((await appealsOf(site, cabinet)).map(({ posId, stage }) => [posId, stage])).toEqual([
      ['55', 'attention'],
      ['56', 'attention'],
      [first, 'open'],
      [last, 'open'],
    ]);
    expect(await countOf(site, 'unread_item', cabinet)).toBe(1);
    expect(await incidentsOf(site, cabinet)).toEqual({ APPEAL_SHAPE_UNKNOWN: 1 });
  });

  it('the incident is closed with the last one mended', async () => {
    site.simulator.addRawItem(opaId, { posId: 55, changeId: '900', status: 1 });
    site.simulator.addRawItem(opaId, { posId: 56, changeId: '901', status: 1 });
    await site.poll(cabinet);
    expect(await incidentsOf(site, cabinet)).toEqual({ APPEAL_SHAPE_UNKNOWN: 1 });
    const good = { change: 'AMENDED', status: 'MODERATION_ACCEPT', receivedAt: '2026-03-01T00:00:00Z' };
    site.simulator.addRawItem(opaId, { posId: 55, changeId: '902', ...good });
    await site.poll(cabinet);
    expect(await incidentsOf(site, cabinet)).toEqual({ APPEAL_SHAPE_UNKNOWN: 1 });
    site.simulator.addRawItem(opaId, { posId: 56, changeId: '903', ...good });
    await site.poll(cabinet);
    expect(await incidentsOf(site, cabinet)).toEqual({});
    expect((await appealsOf(site, cabinet)).map((row) => [row.stage, row.error])).toEqual([
      ['open', null],
      ['open', null],
    ]);
  });

  it('one that the database refuses does not hold its page: stored item by item, the cursor moves on', async () => {
    const before = fill(2);
    // Random, for the index would take a long text that compresses well.
    const fileId = randomBytes(6000).toString('hex');
    const bad = String(
      site.simulator.addAppeal(opaId, {
        attachments: [{ fileId, name: 'фото.jpg', size: 10, mimeType: 'image/jpeg' }],
      }),
    );
    const after = fill(2);
    expect(await site.poll(cabinet)).toEqual({ items: 5 });
    expect((await appealsOf(site, cabinet)).map(({ posId, stage }) => [posId, stage])).toEqual(
      [...before, bad, ...after].map((posId) => [posId, posId === bad ? 'attention' : 'open']),
    );
    expect(await jobsOf(site, cabinet)).toEqual([...before, ...after]);
    expect(await incidentsOf(site, cabinet)).toEqual({ APPEAL_SHAPE_UNKNOWN: 1 });
    const [kept] = await site.db.query<{ raw: string }>(
      `SELECT raw FROM appeal_change WHERE NOT readable AND appeal_id IN (SELECT id FROM appeal WHERE opa_id = $1)`,
      [opaId],
    );
    expect(kept?.raw).toContain(fileId);
    expect(await site.poll(cabinet)).toEqual({ items: 0 });
    expect((await eventsOf(site, cabinet)).filter((event) => event === 'change-stored')).toHaveLength(5);
  });

  it('two readers meet such a page: nothing doubled, nothing lost', async () => {
    const fileId = randomBytes(6000).toString('hex');
    const all = fill(6);
    const attachments = [{ fileId, name: 'a.jpg', size: 1, mimeType: 'image/jpeg' }];
    all.push(String(site.simulator.addAppeal(opaId, { attachments })), ...fill(6));
    await Promise.all(
      ['one', 'two'].map((owner) => pollCabinet(site.deps({ owner, pageSize: 13 }), cabinet, NEVER)),
    );
    await site.poll(cabinet);
    expect(await posIds()).toEqual(all);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(13);
    expect(await jobsOf(site, cabinet)).toHaveLength(12);
  });

  it('a database that is away is not taken for bad data: nothing is stored item by item', async () => {
    fill(3);
    const queue: Queue = {
      ...site.queue,
      async ringAppeals(tx) {
        // The server ends this session in the middle of the page.
        await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      },
    };
    const outcome = await site.poll(cabinet, { queue });
    expect(outcome.fault).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(await appealsOf(site, cabinet)).toEqual([]);
    expect((await cabinetRow(site, cabinet)).cursor).toBeNull();
    expect(await site.poll(cabinet)).toEqual({ items: 3 });
  });
});
