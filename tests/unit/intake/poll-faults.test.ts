import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import { pollCabinet } from '../../../src/intake/poll.ts';
import {
  appealsOf,
  cabinetRow,
  countOf,
  eventsOf,
  incidentsOf,
  loginsOf,
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

const posIds = async () => (await appealsOf(site, cabinet)).map((row) => row.posId);
const feedRequests = () => site.simulator.counters().requests['feed'] ?? 0;

describe('a wrong password', () => {
  it('blocks the cabinet after one log-in, with one incident; the others run on', async () => {
    const other = await site.addCabinet();
    site.simulator.addAppeal(other.config.opaId);
    fill(1);
    cabinet.password = 'не тот';
    const outcome = await site.poll(cabinet);
    expect(outcome.fault).toMatchObject({ code: 'PLATFORM_CREDENTIALS_WRONG', kind: 'credentials' });
    expect(loginsOf(site, cabinet)).toEqual({ ok: 0, failed: 1 });
    const row = await cabinetRow(site, cabinet);
    expect(row).toMatchObject({ state: 'blocked', state_code: 'PLATFORM_CREDENTIALS_WRONG', wait: null });
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
    expect(await eventsOf(site, cabinet)).toEqual(['cabinet-blocked']);
    expect(await site.poll(other)).toEqual({ items: 1 });
    expect(await cabinetRow(site, other)).toMatchObject({ state: 'active' });
  });

  it('the mark that is kept tells nothing of the secret', async () => {
    cabinet.password = 'оченьтайныйпароль';
    await site.poll(cabinet);
    const { credentials_mark: mark } = await cabinetRow(site, cabinet);
    // 64 random bits of salt and 16 bits of a slow hash: one of 65,536 passwords fits.
    expect(mark).toMatch(/^[0-9a-f]{16}:[0-9a-f]{4}$/);
    const rows = await site.db.query<{ all: string }>(
      `SELECT row_to_json(c)::text AS all FROM cabinet c WHERE opa_id = $1
       UNION ALL SELECT row_to_json(j)::text FROM journal j WHERE opa_id = $1
       UNION ALL SELECT row_to_json(i)::text FROM incident i`,
      [opaId],
    );
    for (const { all } of rows) expect(all).not.toContain('тайный');
  });

  it('a cabinet that an administrator paused stays paused, with no incident', async () => {
    await site.db.query(`UPDATE cabinet SET state = 'paused' WHERE opa_id = $1`, [opaId]);
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'paused', state_code: null });
    expect(await incidentsOf(site, cabinet)).toEqual({});
  });

  it('a secret that cannot be read blocks it too, and nothing is sent to the platform', async () => {
    const { Fault } = await import('../../../src/model/errors.ts');
    const broken = {
      ...cabinet,
      access: {
        ...cabinet.access,
        readPassword: () => Promise.reject(new Fault('SECRET_UNREADABLE', { detail: 'нет файла' })),
      },
    };
    expect((await site.poll(broken)).fault).toMatchObject({ code: 'SECRET_UNREADABLE' });
    expect(loginsOf(site, cabinet)).toEqual({ ok: 0, failed: 0 });
    const row = await cabinetRow(site, cabinet);
    expect(row).toMatchObject({ state: 'blocked', credentials_mark: null });
    expect(row.wait).toBeGreaterThan(3000);
  });
});

describe('a cabinet that is not ready', () => {
  it('is asked once an hour, and works on by itself when it is ready', async () => {
    fill(2);
    site.simulator.setReady(opaId, false, ['training']);
    expect((await site.poll(cabinet)).fault).toMatchObject({ code: 'PLATFORM_CABINET_NOT_READY' });
    const row = await cabinetRow(site, cabinet);
    expect(row.state).toBe('blocked');
    expect(row.wait).toBeGreaterThan(3500);
    expect(row.wait).toBeLessThanOrEqual(3600);
    // The hour is over, and still not ready: the same incident, told in the journal once.
    await site.poll(cabinet);
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CABINET_NOT_READY: 2 });
    expect(await eventsOf(site, cabinet)).toEqual(['cabinet-blocked']);

    site.simulator.setReady(opaId, true);
    expect(await site.poll(cabinet)).toEqual({ items: 2 });
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active', state_code: null });
    expect(await incidentsOf(site, cabinet)).toEqual({});
    expect(await incidentsOf(site, cabinet, 'closed')).toEqual({ PLATFORM_CABINET_NOT_READY: 2 });
  });

  it('and then refuses the password: the incident of the first cause is closed, that of the second is open', async () => {
    site.simulator.setReady(opaId, false);
    await site.poll(cabinet);
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
    expect(await incidentsOf(site, cabinet, 'closed')).toEqual({ PLATFORM_CABINET_NOT_READY: 1 });
    expect((await cabinetRow(site, cabinet)).wait).toBeNull();
  });

  it.each([
    ['no right to the call', 'forbidden', 'PLATFORM_FORBIDDEN'],
    ['a session refused twice', 'unauthorized', 'PLATFORM_SESSION_REFUSED'],
  ] as const)('%s: blocked, tried once an hour', async (_what, kind, code) => {
    site.simulator.fault({ route: 'feed', opaId, kind });
    expect((await site.poll(cabinet)).fault).toMatchObject({ code });
    const row = await cabinetRow(site, cabinet);
    expect(row).toMatchObject({ state: 'blocked', state_code: code });
    expect(row.wait).toBeGreaterThan(3000);
  });

  it('a token that died early costs nothing but one log-in', async () => {
    fill(1);
    await site.poll(cabinet);
    site.simulator.revokeTokens(opaId);
    fill(1);
    expect(await site.poll(cabinet)).toEqual({ items: 1 });
    expect(loginsOf(site, cabinet)).toEqual({ ok: 2, failed: 0 });
  });
});

describe('trouble that passes', () => {
  it('a page that is no JSON is read again later, and nothing is lost', async () => {
    const all = fill(15);
    site.simulator.fault({ route: 'feed', opaId, kind: 'bad-json', skip: 1, times: 3 });
    const outcome = await site.poll(cabinet);
    expect(outcome).toMatchObject({ items: 10, fault: { code: 'PLATFORM_BAD_ANSWER' } });
    expect(await posIds()).toEqual(all.slice(0, 10));
    expect(await cabinetRow(site, cabinet)).toMatchObject({
      state: 'active',
      poll_failures: 1,
      polled_at: null,
    });
    site.simulator.clearFaults();
    expect(await site.poll(cabinet)).toEqual({ items: 5 });
    expect(await posIds()).toEqual(all);
  });

  it.each(['cut-before', 'cut-after', 'truncate', 'error-500', 'unavailable'] as const)(
    'after %s the reading goes on from its place',
    async (kind) => {
      const all = fill(15);
      site.simulator.fault({ route: 'feed', opaId, kind, skip: 1, times: 20 });
      const outcome = await site.poll(cabinet);
      expect(outcome.items).toBe(10);
      expect(outcome.fault?.kind).toBe('transient');
      site.simulator.clearFaults();
      await site.poll(cabinet);
      expect(await posIds()).toEqual(all);
    },
  );

  it('a busy platform’s wish is handed to whoever plans the next turn', async () => {
    fill(1);
    site.simulator.fault({ route: 'feed', opaId, kind: 'rate-limit', retryAfterSeconds: 90 });
    expect((await site.poll(cabinet)).fault).toMatchObject({ code: 'PLATFORM_BUSY', retryAfterMs: 90_000 });
  });

  it('a platform that is down opens the breaker: no more requests, no cabinet blocked', async () => {
    fill(1);
    let clock = 0;
    const breakers = createBreakers({ now: () => clock });
    site.simulator.fault({ route: 'feed', kind: 'cut-before' });
    for (let i = 0; i < 5; i += 1) {
      expect((await site.poll(cabinet, { breakers })).fault).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    }
    const asked = feedRequests();
    for (let i = 0; i < 5; i += 1) {
      const { fault } = await site.poll(cabinet, { breakers });
      expect(fault).toMatchObject({ code: 'ENDPOINT_PAUSED' });
      expect(fault?.retryAfterMs).toBeGreaterThan(0);
    }
    expect(feedRequests()).toBe(asked);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
    site.simulator.clearFaults();
    clock += 600_000;
    expect(await site.poll(cabinet, { breakers })).toEqual({ items: 1 });
    expect(breakers.states().get('platform')).toBe('closed');
  });

  it('pages of one cabinet that nobody can parse hold no other cabinet back', async () => {
    const breakers = createBreakers({ now: () => 0 });
    site.simulator.fault({ route: 'feed', opaId, kind: 'bad-json' });
    const codes = [];
    for (let i = 0; i < 8; i += 1) codes.push((await site.poll(cabinet, { breakers })).fault?.code);
    // After five it is left in peace, and it alone.
    expect(codes).toEqual([...Array(5).fill('PLATFORM_BAD_ANSWER'), ...Array(3).fill('ENDPOINT_PAUSED')]);
    expect(breakers.states().get('platform')).toBe('closed');
    const other = await site.addCabinet();
    site.simulator.addAppeal(other.config.opaId);
    expect(await site.poll(other, { breakers })).toEqual({ items: 1 });
  });
});

describe('a cursor that the platform keeps no more', () => {
  it('opens a gap, reads it by dates, closes the incident, and nothing is lost', async () => {
    const read = fill(5);
    await site.poll(cabinet);
    // While we were away: 20 more, of which the feed keeps the last three.
    const missed = fill(20);
    site.simulator.expireCursorsBefore(opaId, 22);
    const outcome = await site.poll(cabinet, { pageSize: 7 });
    expect(outcome.fault).toBeUndefined();
    expect(await posIds()).toEqual([...read, ...missed]);
    expect(await incidentsOf(site, cabinet)).toEqual({});
    expect(await incidentsOf(site, cabinet, 'closed')).toEqual({ PLATFORM_CURSOR_EXPIRED: 1 });
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(25);
    const [gap] = await site.db.query<{ reason: string; done: boolean; items: string; margin: boolean }>(
      `SELECT reason, finished_at IS NOT NULL AS done, items, changed_to > now() + interval '50 min' AS margin
       FROM backfill WHERE opa_id = $1`,
      [opaId],
    );
    expect(gap).toMatchObject({ reason: 'gap', done: true, margin: true });
    expect(await eventsOf(site, cabinet)).toEqual(expect.arrayContaining(['feed-gap', 'backfill-finished']));
    // And no second time.
    expect(await site.poll(cabinet)).toEqual({ items: 0 });
    expect(await countOf(site, 'backfill', cabinet)).toBe(1);
  });

  it('while the gap cannot be read, the incident stays and the next reading goes on with it', async () => {
    fill(5);
    await site.poll(cabinet);
    const missed = fill(20);
    site.simulator.expireCursorsBefore(opaId, 25);
    // The refused cursor, the feed's end and one page of the gap pass; then the platform fails.
    site.simulator.fault({ route: 'feed', opaId, kind: 'cut-before', skip: 3, times: 3 });
    const outcome = await site.poll(cabinet, { pageSize: 5 });
    expect(outcome.fault).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CURSOR_EXPIRED: 1 });
    const asked = feedRequests();
    expect((await site.poll(cabinet, { pageSize: 5 })).fault).toBeUndefined();
    // The feed, then the gap from its second page on.
    expect(feedRequests() - asked).toBe(1 + 4);
    expect(await posIds()).toEqual(expect.arrayContaining(missed));
    expect(await incidentsOf(site, cabinet)).toEqual({});
  });

  it('an older NEW in the gap does not undo the withdrawal that the feed still shows', async () => {
    await site.poll(cabinet);
    const [posId = ''] = fill(1);
    site.simulator.change(opaId, Number(posId), 'WITHDRAWN');
    await site.db.query(`UPDATE cabinet SET cursor = $2 WHERE opa_id = $1`, [
      opaId,
      Buffer.from('c:0').toString('base64url'),
    ]);
    site.simulator.expireCursorsBefore(opaId, 1);
    await site.poll(cabinet);
    expect(await countOf(site, 'appeal_change', cabinet)).toBe(2);
    expect(await appealsOf(site, cabinet)).toMatchObject([{ posId, stage: 'withdrawn' }]);
  });

  it('a platform that calls every place expired leads nobody round for ever', async () => {
    fill(3);
    await site.poll(cabinet);
    let asked = 0;
    const mad = {
      ...site.platform,
      readFeed: async () => ({ state: 'expired' as const, oldest: `place-${asked++}` }),
    };
    const outcome = await pollCabinet(site.deps({ platform: mad }), cabinet, NEVER);
    expect(outcome.fault).toMatchObject({ code: 'PLATFORM_BAD_ANSWER' });
    expect(asked).toBe(2);
    expect(await countOf(site, 'backfill', cabinet)).toBe(1);
  });

  it('an oldest place equal to the refused one is a bad answer, and no gap', async () => {
    const mad = { ...site.platform, readFeed: async () => ({ state: 'expired' as const }) };
    const outcome = await pollCabinet(site.deps({ platform: mad }), cabinet, NEVER);
    expect(outcome.fault).toMatchObject({ code: 'PLATFORM_BAD_ANSWER' });
    expect(await countOf(site, 'backfill', cabinet)).toBe(0);
  });
});
