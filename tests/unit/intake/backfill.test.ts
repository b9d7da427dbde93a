import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readOpenBackfills, requestBackfill } from '../../../src/intake/backfill.ts';
import { pollCabinet } from '../../../src/intake/poll.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import { StatementError } from '../../../src/store/data-source.ts';
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

const DAY = 86_400_000;

let site: Site;
let cabinet: SiteCabinet;
let opaId: string;

beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());
beforeEach(async () => {
  site.simulator.clearFaults();
  cabinet = await site.addCabinet({ startFrom: '2026-06-01' });
  opaId = cabinet.config.opaId;
});

const at = (day: string) => Date.parse(`${day}T12:00:00+03:00`);

/** An appeal received and changed on a day. */
function add(day: string, status = 'MODERATION_ACCEPT'): string {
  const time = new Date(at(day)).toISOString();
  return String(
    site.simulator.addAppeal(opaId, { receivedAt: time, createdAt: time, status, changedAtMs: at(day) }),
  );
}

function ask(from: string, to: string, forceCards: boolean): Promise<void> {
  return requestBackfill(site.db, { opaId, from: new Date(at(from)), to: new Date(at(to)), forceCards });
}

const stages = async () =>
  Object.fromEntries((await appealsOf(site, cabinet)).map((row) => [row.posId, row.stage]));

async function backfills() {
  return await site.db.query<{ done: boolean; items: string; cursor: string | null }>(
    `SELECT finished_at IS NOT NULL AS done, items, cursor FROM backfill WHERE opa_id = $1 ORDER BY id`,
    [opaId],
  );
}

describe('a back-fill on command', () => {
  it('without cards stores what was missed, by the usual rules', async () => {
    const [old, recent] = [add('2026-05-20'), add('2026-06-05')];
    await site.db.query(`UPDATE cabinet SET cursor = $2 WHERE opa_id = $1`, [
      opaId,
      Buffer.from('c:2').toString('base64url'),
    ]);
    await site.poll(cabinet);
    expect(await stages()).toEqual({});
    await ask('2026-05-01', '2026-06-30', false);
    await site.poll(cabinet);
    expect(await stages()).toEqual({ [old]: 'skipped', [recent]: 'open' });
    expect(await jobsOf(site, cabinet)).toEqual([recent]);
    expect(await backfills()).toMatchObject([{ done: true, items: '2' }]);
    expect(await eventsOf(site, cabinet)).toContain('backfill-finished');
  });

  it('with cards opens those from before the start and the answered ones, of its days only', async () => {
    const outside = add('2026-04-30');
    const old = add('2026-05-20');
    const answered = add('2026-05-21', 'SEND_RESPONSE');
    const moderated = add('2026-05-22', 'MODERATION_NEW');
    const withdrawn = add('2026-05-23');
    site.simulator.change(opaId, Number(withdrawn), 'WITHDRAWN', { changedAtMs: at('2026-05-24') });
    await site.poll(cabinet);
    const before = { [outside]: 'skipped', [moderated]: 'awaiting', [withdrawn]: 'withdrawn' };
    expect(await stages()).toEqual({
      ...before,
      [old]: 'skipped',
      [answered]: 'skipped',
      [moderated]: 'skipped',
    });
    expect(await jobsOf(site, cabinet)).toEqual([]);

    await ask('2026-05-01', '2026-05-31', true);
    await site.poll(cabinet);
    expect(await stages()).toEqual({ ...before, [old]: 'open', [answered]: 'open' });
    expect((await jobsOf(site, cabinet)).sort()).toEqual([old, answered].sort());
    // A second command finds nothing more to open, and doubles nothing.
    await ask('2026-05-01', '2026-05-31', true);
    await site.poll(cabinet);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(6);
    expect((await jobsOf(site, cabinet)).sort()).toEqual([old, answered].sort());
  });

  it('lets the cabinet be read at once, unless it stands', async () => {
    const waitAfterAsking = async (state: string) => {
      await site.db.query(
        `UPDATE cabinet SET state = $2, next_poll_at = now() + interval '1 hour' WHERE opa_id = $1`,
        [opaId, state],
      );
      await ask('2026-05-01', '2026-05-31', false);
      return (await cabinetRow(site, cabinet)).wait ?? Number.NaN;
    };
    expect(await waitAfterAsking('active')).toBeLessThanOrEqual(0);
    expect(await waitAfterAsking('paused')).toBeGreaterThan(3000);
    expect(await waitAfterAsking('blocked')).toBeGreaterThan(3000);
  });

  it('of a cabinet that the store does not know is refused', async () => {
    const request = { opaId: '31337', from: new Date(), to: new Date(), forceCards: false };
    await expect(requestBackfill(site.db, request)).rejects.toBeInstanceOf(StatementError);
  });

  it('closes no incident of a gap that is still open', async () => {
    await site.db.query(
      `INSERT INTO backfill (opa_id, reason, changed_from, changed_to) VALUES ($1, 'gap', now(), now())`,
      [opaId],
    );
    await site.deps().incidents.open(site.db, 'PLATFORM_CURSOR_EXPIRED', `cabinet:${cabinet.config.id}`);
    await ask('2026-05-01', '2026-05-31', false);
    await site.db.query(`UPDATE backfill SET id = DEFAULT WHERE opa_id = $1 AND reason = 'gap'`, [opaId]);
    // The gap comes second now: the platform fails before it.
    site.simulator.fault({ route: 'feed', opaId, kind: 'cut-before', skip: 2, times: 3 });
    await site.poll(cabinet);
    expect((await backfills()).map((row) => row.done)).toEqual([true, false]);
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CURSOR_EXPIRED: 1 });
    await site.poll(cabinet);
    expect(await incidentsOf(site, cabinet)).toEqual({});
  });
});

describe('a long back-fill', () => {
  async function prepare(count: number): Promise<string[]> {
    const all = Array.from({ length: count }, () => add('2026-06-05'));
    await site.db.query(`UPDATE cabinet SET cursor = $2 WHERE opa_id = $1`, [
      opaId,
      Buffer.from(`c:${count}`).toString('base64url'),
    ]);
    await ask('2026-06-01', '2026-06-30', false);
    return all;
  }

  it('killed inside a page, it goes on with that page', async () => {
    const all = await prepare(20);
    let pages = 0;
    const queue: Queue = {
      ...site.queue,
      async ringAppeals(tx, appeals) {
        await site.queue.ringAppeals(tx, appeals);
        if (appeals.length > 0 && ++pages === 3) throw new Error('killed');
      },
    };
    expect((await site.poll(cabinet, { queue, pageSize: 6 })).fault).toMatchObject({ code: 'DEFECT' });
    expect(await backfills()).toMatchObject([{ done: false, items: '12' }]);
    await site.poll(cabinet, { pageSize: 6 });
    expect(Object.keys(await stages())).toEqual(all);
    expect(await backfills()).toMatchObject([{ done: true, items: '20' }]);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(20);
  });

  it('stopped, it ends after its page and goes on later', async () => {
    await prepare(20);
    const stop = new AbortController();
    const queue: Queue = {
      ...site.queue,
      async ringAppeals(tx, appeals) {
        await site.queue.ringAppeals(tx, appeals);
        if (appeals.length > 0) stop.abort();
      },
    };
    await pollCabinet(site.deps({ queue, pageSize: 6 }), cabinet, stop.signal);
    expect(await backfills()).toMatchObject([{ done: false, items: '6' }]);
    await site.poll(cabinet);
    expect(await backfills()).toMatchObject([{ done: true, items: '20' }]);
  });

  it('read by two at once, each page counts once and it is never opened again', async () => {
    const all = await prepare(40);
    site.simulator.fault({ route: 'feed', opaId, kind: 'latency', ms: 5 });
    const read = (owner: string) =>
      readOpenBackfills(
        site.deps({ owner, pageSize: 4, platform: site.freshPlatform() }),
        cabinet,
        NEVER,
      ).catch((error: unknown) => error);
    const outcomes = await Promise.all([read('one'), read('two'), read('three')]);
    // Those who lost a race drop out; who wins it reads to the end.
    expect(outcomes).toContain(undefined);
    expect(await backfills()).toMatchObject([{ done: true, items: '40' }]);
    expect(Object.keys(await stages())).toEqual(all);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(40);
    expect((await eventsOf(site, cabinet)).filter((event) => event === 'backfill-finished')).toHaveLength(1);
  });

  it('keeps the reader’s lease alive', async () => {
    await prepare(12);
    await site.db.query(
      `UPDATE cabinet SET polling_owner = 'test', polling_until = now() + interval '1 s' WHERE opa_id = $1`,
      [opaId],
    );
    await readOpenBackfills(site.deps({ pageSize: 6 }), cabinet, NEVER);
    const [row] = await site.db.query<{ left: number }>(
      `SELECT extract(epoch FROM polling_until - now())::float8 AS left FROM cabinet WHERE opa_id = $1`,
      [opaId],
    );
    expect(row?.left).toBeGreaterThan(60);
  });

  it('an item that the database refuses does not hold it', async () => {
    const fileId = randomBytes(6000).toString('hex');
    const bad = String(
      site.simulator.addAppeal(opaId, {
        attachments: [{ fileId, name: 'a.jpg', size: 1, mimeType: 'image/jpeg' }],
        changedAtMs: at('2026-06-05'),
      }),
    );
    const rest = await prepare(3);
    await site.db.query(`UPDATE cabinet SET cursor = $2 WHERE opa_id = $1`, [
      opaId,
      Buffer.from('c:4').toString('base64url'),
    ]);
    expect((await site.poll(cabinet)).fault).toBeUndefined();
    expect(await stages()).toEqual({
      [bad]: 'attention',
      ...Object.fromEntries(rest.map((posId) => [posId, 'open'])),
    });
    expect(await backfills()).toMatchObject([{ done: true, items: '4' }]);
  });

  it('meets the feed over the same new appeals: each is folded from what the other stored', async () => {
    const posId = add('2026-06-05');
    site.simulator.change(opaId, Number(posId), 'WITHDRAWN', { changedAtMs: at('2026-06-05') + DAY });
    const others = Array.from({ length: 20 }, () => add('2026-06-06'));
    await ask('2026-06-01', '2026-06-30', false);
    const deps = (owner: string) => site.deps({ owner, pageSize: 3, platform: site.freshPlatform() });
    await Promise.all([
      pollCabinet(deps('one'), cabinet, NEVER),
      readOpenBackfills(deps('two'), cabinet, NEVER).catch(() => undefined),
    ]);
    await site.poll(cabinet);
    expect(Object.keys(await stages())).toEqual([posId, ...others]);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(22);
    const [row] = await site.db.query<{ newest: string }>(
      `SELECT ch.change AS newest FROM appeal a JOIN appeal_change ch ON ch.appeal_id = a.id AND ch.identity = a.newest
       WHERE a.opa_id = $1 AND a.pos_id = $2`,
      [opaId, posId],
    );
    expect(row).toEqual({ newest: 'WITHDRAWN' });
  });

  it('answered as if it had a cursor to expire, it is a bad answer', async () => {
    await prepare(3);
    const platform = {
      ...site.platform,
      readFeed: async (...args: Parameters<typeof site.platform.readFeed>) =>
        args[1].changedFrom === undefined
          ? site.platform.readFeed(...args)
          : { state: 'expired' as const, oldest: 'x' },
    };
    expect((await site.poll(cabinet, { platform })).fault).toMatchObject({ code: 'PLATFORM_BAD_ANSWER' });
    expect(await backfills()).toMatchObject([{ done: false }]);
  });
});
