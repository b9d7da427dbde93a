import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import {
  blockCabinet,
  pauseCabinet,
  releaseRemovedCabinets,
  resumeCabinet,
  unblockCabinet,
} from '../../../src/intake/cabinets.ts';
import { Fault } from '../../../src/model/errors.ts';
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
  cabinet = await site.addCabinet();
});

const pause = () => pauseCabinet(site.database.dataSource, cabinet.config, 'ремонт');
const resume = () => resumeCabinet(site.database.dataSource, cabinet.config);
const block = () =>
  blockCabinet(site.db, incidents, cabinet.config, new Fault('PLATFORM_CREDENTIALS_WRONG'), null);
const unblock = () => unblockCabinet(site.db, incidents, cabinet.config);
const state = async () => (await cabinetRow(site, cabinet)).state;

describe('a pause by a person', () => {
  it('is told once, and ended once', async () => {
    expect(await pause()).toBe(true);
    expect(await pause()).toBe(false);
    expect(await state()).toBe('paused');
    expect(await resume()).toEqual({ state: 'active', changed: true });
    expect(await resume()).toEqual({ state: 'active', changed: false });
    expect(await eventsOf(site, cabinet)).toEqual(['cabinet-paused', 'cabinet-resumed']);
  });

  it('rings, when it ends, for what waited', async () => {
    await site.db.query(
      `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at, due_at)
       VALUES ($1, '1', 'open', '', '', now(), now() + interval '3 hours')`,
      [cabinet.config.opaId],
    );
    await pause();
    await resume();
    expect(
      await site.db.query('SELECT due_at <= now() AS now FROM appeal WHERE opa_id = $1', [
        cabinet.config.opaId,
      ]),
    ).toEqual([{ now: true }]);
  });

  it('of a blocked cabinet ends in the block, and no wrong log-in comes of it', async () => {
    cabinet.password = 'не тот';
    await site.poll(cabinet);
    await pause();
    expect(await resume()).toEqual({ state: 'blocked', changed: true });
    expect((await cabinetRow(site, cabinet)).wait).toBeNull();
    expect(loginsOf(site, cabinet)).toEqual({ ok: 0, failed: 1 });
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
  });

  it('of a cabinet mended meanwhile ends in work', async () => {
    await block();
    await pause();
    await unblock();
    expect(await state()).toBe('paused');
    expect(await incidentsOf(site, cabinet)).toEqual({});
    expect(await resume()).toEqual({ state: 'active', changed: true });
  });

  it('in any order of commands: paused while a person wants it, else blocked while the platform refuses', async () => {
    const command = fc.constantFrom('pause', 'resume', 'block', 'unblock');
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 10 }), async (commands) => {
        cabinet = await site.addCabinet();
        let isPaused = false;
        let isBlocked = false;
        for (const one of commands) {
          if (one === 'pause') isPaused = await pause().then(() => true);
          if (one === 'resume') isPaused = await resume().then(() => false);
          if (one === 'unblock') isBlocked = await unblock().then(() => false);
          // A paused cabinet is not asked for anything, so a refusal that comes late is not its state.
          if (one === 'block') isBlocked = await block().then(() => isBlocked || !isPaused);
          expect(await state()).toBe(isPaused ? 'paused' : isBlocked ? 'blocked' : 'active');
          expect(Object.keys(await incidentsOf(site, cabinet))).toHaveLength(isBlocked ? 1 : 0);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a cabinet taken out of the settings', () => {
  it('is blocked no more, and its incidents are closed; the others stay as they are', async () => {
    await block();
    const removed = cabinet;
    const { id, opaId } = removed.config;
    await incidents.open(site.db, 'APPEAL_SHAPE_UNKNOWN', `cabinet:${id}`);
    await incidents.open(site.db, 'ENDPOINT_PAUSED', `cabinet:${opaId}`);
    await incidents.openCounted(site.db, 'ANSWER_NOT_ARRIVED', `opa:${opaId}`, 2);
    await incidents.openCounted(site.db, 'CARD_TERM_TOO_LATE', `opa:${opaId}`, 2);
    await incidents.openCounted(site.db, 'PLATFORM_REJECTED', `opa:${opaId}`, 2);
    cabinet = await site.addCabinet();
    await block();
    const kept = `opa:${cabinet.config.opaId}`;
    await incidents.openCounted(site.db, 'ANSWER_NOT_ARRIVED', kept, 1);
    const rows = await site.db.query<{ opa_id: string; name: string }>(
      'SELECT opa_id, name FROM cabinet WHERE opa_id <> $1',
      [opaId],
    );
    await releaseRemovedCabinets(
      site.db,
      incidents,
      rows.map((row) => ({ opaId: row.opa_id, id: row.name })),
    );
    expect((await cabinetRow(site, removed)).state).toBe('active');
    expect(await incidentsOf(site, removed)).toEqual({});
    expect(
      await site.db.query('SELECT code FROM incident WHERE closed_at IS NULL AND scope = ANY($1)', [
        [`cabinet:${opaId}`, `opa:${opaId}`],
      ]),
    ).toEqual([{ code: 'PLATFORM_REJECTED' }]);
    expect(await state()).toBe('blocked');
    expect(await incidentsOf(site, cabinet)).toEqual({ PLATFORM_CREDENTIALS_WRONG: 1 });
    expect(
      await site.db.query('SELECT code FROM incident WHERE closed_at IS NULL AND scope = $1', [kept]),
    ).toEqual([{ code: 'ANSWER_NOT_ARRIVED' }]);
  });
});
