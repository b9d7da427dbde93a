import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createIncidents, type Incidents } from '../../../src/alerts/incidents.ts';
import {
  blockCabinet,
  cabinetScope,
  credentialsMark,
  findMendedCabinets,
  recheckCabinet,
  registerCabinets,
  unblockCabinet,
} from '../../../src/intake/cabinets.ts';
import { Fault } from '../../../src/model/errors.ts';
import type { CabinetAccess } from '../../../src/platform/port.ts';
import {
  cabinetRow,
  eventsOf,
  incidentsOf,
  loginsOf,
  openSite,
  type Site,
  type SiteCabinet,
  silent,
} from './site.ts';

let site: Site;
let cabinet: SiteCabinet;
const incidents = createIncidents(silent);

beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());
beforeEach(async () => {
  site.simulator.clearFaults();
  cabinet = await site.addCabinet();
});

const block = (code: Fault['code'] = 'PLATFORM_CREDENTIALS_WRONG', mark: string | null = null) =>
  blockCabinet(site.db, incidents, cabinet.config, new Fault(code), mark);
const unblock = () => unblockCabinet(site.db, incidents, cabinet.config);

/** Where a restarted daemon begins: new driver, nothing remembered but the database. */
async function restartAndRecheck(): Promise<number> {
  const mended = await findMendedCabinets(site.db, [cabinet.access]);
  const platform = site.freshPlatform();
  for (const access of mended) {
    await recheckCabinet(site.db, incidents, platform, cabinet.config, access);
  }
  return mended.length;
}

describe('the row of a cabinet', () => {
  it('its start is the configured day’s midnight in its zone', async () => {
    const far = await site.addCabinet({ startFrom: '2026-03-10', timeZone: 'Asia/Kamchatka' });
    expect((await cabinetRow(site, far)).start_from).toEqual(new Date('2026-03-09T12:00:00Z'));
  });

  it('without one it is the first start, and later starts do not move it', async () => {
    const { startFrom: _none, ...config } = cabinet.config;
    const fresh = { ...config, opaId: '777001', id: 'fresh' };
    await registerCabinets(site.db, [fresh]);
    const polled = { config: fresh, access: cabinet.access };
    const first = (await cabinetRow(site, polled)).start_from;
    expect(Math.abs(first.getTime() - Date.now())).toBeLessThan(60_000);
    await registerCabinets(site.db, [fresh, { ...fresh, name: 'Другое имя' }]);
    expect((await cabinetRow(site, polled)).start_from).toEqual(first);
    await registerCabinets(site.db, [{ ...fresh, startFrom: '2025-01-01' }]);
    expect((await cabinetRow(site, polled)).start_from).toEqual(new Date('2024-12-31T21:00:00Z'));
  });

  it('registered again, it keeps place and state', async () => {
    await site.db.query(`UPDATE cabinet SET cursor = 'c', state = 'paused' WHERE opa_id = $1`, [
      cabinet.config.opaId,
    ]);
    await registerCabinets(site.db, [cabinet.config]);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ cursor: 'c', state: 'paused' });
  });
});

describe('blocking', () => {
  it('has its incident open even when the process dies before the state is stored', async () => {
    const order: string[] = [];
    const watched: Incidents = {
      ...incidents,
      async open(...args) {
        order.push((await cabinetRow(site, cabinet)).state);
        await incidents.open(...args);
        throw new Error('killed');
      },
    };
    const fault = new Fault('PLATFORM_CREDENTIALS_WRONG');
    await expect(blockCabinet(site.db, watched, cabinet.config, fault, null)).rejects.toThrow('killed');
    expect(order).toEqual(['active']);
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
    // Still active, so the next reading meets the same refusal and blocks it.
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
  });

  it('by many at once is one incident', async () => {
    await Promise.all(Array.from({ length: 8 }, () => block()));
    const [open] = await site.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM incident WHERE scope = $1 AND closed_at IS NULL`,
      [cabinetScope(cabinet.config)],
    );
    expect(open).toEqual({ n: 1 });
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'blocked' });
  });

  it('keeps since when, however often it is told', async () => {
    const since = async () =>
      (
        await site.db.query<{ since: string }>(
          `SELECT state_since::text AS since FROM cabinet WHERE opa_id = $1`,
          [cabinet.config.opaId],
        )
      )[0]?.since;
    await block('PLATFORM_CABINET_NOT_READY');
    const first = await since();
    await block('PLATFORM_CABINET_NOT_READY');
    expect(await since()).toBe(first);
  });

  it('names the cabinet to the administrator', async () => {
    await block();
    const [row] = await site.db.query<{ detail: string }>(
      'SELECT detail FROM incident WHERE scope = $1 AND closed_at IS NULL',
      [cabinetScope(cabinet.config)],
    );
    const { name, id, opaId } = cabinet.config;
    expect(row?.detail).toBe(`${name} (${id}), opaId ${opaId}`);
  });

  it('of a cabinet that the store does not know does nothing', async () => {
    const stranger = { ...cabinet.config, opaId: '31337', id: 'stranger' };
    await blockCabinet(site.db, incidents, stranger, new Fault('PLATFORM_FORBIDDEN'), null);
    expect(await incidentsOf(site, { ...cabinet, config: stranger })).toEqual({});
  });
});

describe('unblocking', () => {
  it('closes the incident and lets its open appeals go on at once', async () => {
    await site.db.query(
      `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at, due_at)
       VALUES ($1, '1', 'open', '', '', now(), now() + interval '3 hours'),
              ($1, '2', 'open', '', '', now(), NULL),
              ($1, '3', 'skipped', '', '', now(), now() + interval '3 hours')`,
      [cabinet.config.opaId],
    );
    await block();
    await unblock();
    const row = await cabinetRow(site, cabinet);
    expect(row).toMatchObject({ state: 'active', state_code: null, credentials_mark: null });
    expect(row.wait).toBeLessThanOrEqual(0);
    expect(await incidentsOf(site, cabinet)).toEqual({});
    expect(await eventsOf(site, cabinet)).toEqual(['cabinet-blocked', 'cabinet-unblocked']);
    const due = await site.db.query<{ pos_id: string; now: boolean | null }>(
      `SELECT pos_id, due_at <= now() AS now FROM appeal WHERE opa_id = $1 ORDER BY pos_id`,
      [cabinet.config.opaId],
    );
    expect(due.map((appeal) => appeal.now)).toEqual([true, null, false]);
  });

  it('leaves an active and a paused cabinet alone', async () => {
    await unblock();
    await site.db.query(`UPDATE cabinet SET state = 'paused' WHERE opa_id = $1`, [cabinet.config.opaId]);
    await unblock();
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'paused' });
    expect(await eventsOf(site, cabinet)).toEqual([]);
  });

  it('died in the middle, it is done again by the next success', async () => {
    await block('PLATFORM_CABINET_NOT_READY');
    const dying: Incidents = {
      ...incidents,
      async close(...args) {
        await incidents.close(...args);
        throw new Error('killed');
      },
    };
    await expect(unblockCabinet(site.db, dying, cabinet.config)).rejects.toThrow('killed');
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'blocked' });
    expect(await site.poll(cabinet)).toEqual({ items: 0 });
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
    expect(await incidentsOf(site, cabinet)).toEqual({});
  });
});

describe('the mark of credentials', () => {
  const access = (identifier: string, password: string): CabinetAccess => ({
    ...cabinet.access,
    identifier,
    readPassword: async () => password,
  });

  it('with the same salt it is the same for the same pair, and shows nearly every change', async () => {
    const pair = fc.tuple(
      fc.string({ minLength: 1, maxLength: 20 }),
      fc.string({ minLength: 1, maxLength: 40 }),
    );
    let collisions = 0;
    await fc.assert(
      fc.asyncProperty(pair, pair, async ([id, password], [otherId, otherPassword]) => {
        const mark = await credentialsMark(access(id, password));
        const salt = mark?.split(':')[0];
        expect(await credentialsMark(access(id, password), salt)).toBe(mark);
        const other = await credentialsMark(access(otherId, otherPassword), salt);
        if (`${id}\0${password}` !== `${otherId}\0${otherPassword}` && other === mark) collisions += 1;
        expect(mark).toHaveLength(16 + 1 + 4);
      }),
      { numRuns: 15 },
    );
    expect(collisions).toBeLessThanOrEqual(1);
  });

  it('salts differ from one time to the next', async () => {
    const marks = await Promise.all(Array.from({ length: 5 }, () => credentialsMark(cabinet.access)));
    expect(new Set(marks).size).toBe(5);
  });

  it('is nothing when the secret cannot be read', async () => {
    const broken = { ...cabinet.access, readPassword: () => Promise.reject(new Error('нет файла')) };
    expect(await credentialsMark(broken)).toBeNull();
  });
});

describe('after a restart', () => {
  it('a refused password that is still the same is not tried again', async () => {
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    expect(await restartAndRecheck()).toBe(0);
    expect(await restartAndRecheck()).toBe(0);
    expect(loginsOf(site, cabinet)).toEqual({ ok: 0, failed: 1 });
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'blocked' });
  });

  it('a changed password file is tried once and unblocks the cabinet', async () => {
    const right = cabinet.password;
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    cabinet.password = right;
    expect(await restartAndRecheck()).toBe(1);
    expect(loginsOf(site, cabinet)).toEqual({ ok: 1, failed: 1 });
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
    expect(await incidentsOf(site, cabinet)).toEqual({});
    expect(await incidentsOf(site, cabinet, 'closed')).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
  });

  it('changed to another wrong one, it is tried once and stays blocked with the new mark', async () => {
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    const { credentials_mark: first } = await cabinetRow(site, cabinet);
    cabinet.password = 'и этот не тот';
    expect(await restartAndRecheck()).toBe(1);
    expect(await restartAndRecheck()).toBe(0);
    expect(loginsOf(site, cabinet)).toEqual({ ok: 0, failed: 2 });
    expect((await cabinetRow(site, cabinet)).credentials_mark).not.toBe(first);
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 2 });
  });

  it('a secret that could not be read and now can is tried', async () => {
    await block('SECRET_UNREADABLE', null);
    expect(await restartAndRecheck()).toBe(1);
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
  });

  it('a cabinet taken out of the configuration is nobody’s', async () => {
    await block();
    expect(await findMendedCabinets(site.db, [])).toEqual([]);
  });
});

describe('a check', () => {
  const check = () => recheckCabinet(site.db, incidents, site.platform, cabinet.config, cabinet.access);

  it('logs in afresh though the driver remembers a refusal', async () => {
    const right = cabinet.password;
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    expect(await check()).toMatchObject({ code: 'PLATFORM_CREDENTIALS_WRONG' });
    expect(loginsOf(site, cabinet)).toEqual({ ok: 0, failed: 2 });
    cabinet.password = right;
    expect(await check()).toBeUndefined();
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
  });

  it('of a cabinet in order lets it be read at once', async () => {
    await site.db.query(`UPDATE cabinet SET next_poll_at = now() + interval '1 hour' WHERE opa_id = $1`, [
      cabinet.config.opaId,
    ]);
    expect(await check()).toBeUndefined();
    expect((await cabinetRow(site, cabinet)).wait).toBeLessThanOrEqual(0);
  });

  it('while the platform is down, the try that new credentials deserve is left to the next turn', async () => {
    const right = cabinet.password;
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    cabinet.password = right;
    site.simulator.fault({ route: 'token', kind: 'cut-before', times: 3 });
    expect(await check()).toMatchObject({ kind: 'transient' });
    const row = await cabinetRow(site, cabinet);
    expect(row.state).toBe('blocked');
    expect(row.wait).toBeLessThanOrEqual(0);
    expect(await site.poll(cabinet)).toEqual({ items: 0 });
    expect(await cabinetRow(site, cabinet)).toMatchObject({ state: 'active' });
    expect(await incidentsOf(site, cabinet)).toEqual({});
  });

  it('leaves a pause to the person who made it', async () => {
    await site.db.query(
      `UPDATE cabinet SET state = 'paused', next_poll_at = now() + interval '1 hour' WHERE opa_id = $1`,
      [cabinet.config.opaId],
    );
    expect(await check()).toBeUndefined();
    const row = await cabinetRow(site, cabinet);
    expect(row.state).toBe('paused');
    expect(row.wait).toBeGreaterThan(3000);
  });
});
