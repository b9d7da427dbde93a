import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { resendCards } from '../../../src/registration/commands.ts';
import { acceptMessage } from '../../../src/registration/sed-events.ts';
import { markTaken, type SilenceSettings, watchSilence } from '../../../src/registration/silence.ts';
import { loadTerms, workingDaysElapsed } from '../../../src/terms/index.ts';
import { listMessages, outOf, takeAway } from './folders.ts';
import { about, reception, registration } from './messages.ts';
import { type Rig, startRig } from './rig.ts';
import { cardOf, incidentsOf, packageOf, packagesOf } from './rows.ts';

let rig: Rig;
let settings: SilenceSettings;
beforeAll(async () => {
  rig = await startRig({ withoutDelo: true, channels: 2, cabinets: 2 });
  const { calendar } = await loadTerms(join(import.meta.dirname, '../../../mappings'));
  settings = {
    notTakenAfterMs: 30 * 60_000,
    notRegisteredAfterDays: 1,
    workingDaysElapsed: (from, now, zone) => workingDaysElapsed(calendar, from, now, zone),
  };
});
afterAll(async () => {
  await rig.stop();
});
afterEach(async () => {
  for (const channel of [0, 1]) {
    for (const dir of await listMessages(rig, channel)) await takeAway(rig, dir, channel);
  }
  // Every test tells of its own cards only.
  await rig.db.query(`UPDATE package SET stage = 'registered'`);
  await rig.db.query('DELETE FROM incident');
});

async function sent(cabinet = 0): Promise<string> {
  const posId = await rig.appeal({}, cabinet);
  await rig.drive();
  expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  return posId;
}

/** Sent then; the rest of its times follow. */
async function sentAt(posId: string, at: string): Promise<void> {
  await rig.db.query(
    `UPDATE package SET sent_at = $2 WHERE card_id IN
       (SELECT k.id FROM card k JOIN appeal a ON a.id = k.appeal_id WHERE a.pos_id = $1)`,
    [posId, at],
  );
}

async function watch(at?: string, zone = 'Europe/Moscow'): Promise<string[]> {
  const deps = rig.worker(at === undefined ? {} : { now: () => Date.parse(at) });
  const cabinets = rig.loaded.cabinets.map((cabinet) => ({ ...cabinet, timeZone: zone }));
  await watchSilence(deps, ['delo-1', 'delo-2'], cabinets, settings);
  const open = (await incidentsOf(rig.db, 'SED_SILENT')).filter(({ closed }) => !closed);
  return open.map(({ scope, count }) => `${scope} ${count}`).sort();
}

describe('markTaken', () => {
  it('tells what the СЭД has taken away, and only that', async () => {
    const [first, second] = [await sent(), await sent()];
    expect(await markTaken(rig.deps, 'delo-1')).toBe(0);
    await takeAway(rig, (await packageOf(rig.db, first)).message_dir);
    expect(await markTaken(rig.deps, 'delo-1')).toBe(1);
    expect(await cardOf(rig.db, first)).toMatchObject({ stage: 'taken' });
    expect((await packageOf(rig.db, first)).stage).toBe('taken');
    expect(await cardOf(rig.db, second)).toMatchObject({ stage: 'sent' });
    expect(await markTaken(rig.deps, 'delo-1')).toBe(0);
  });

  it('waits while either folder or envelope stands there', async () => {
    const posId = await sent();
    const { message_dir } = await packageOf(rig.db, posId);
    const out = outOf(rig);
    await rename(join(out, message_dir), join(rig.stand.dir, 'aside'));
    expect(await markTaken(rig.deps, 'delo-1')).toBe(0);
    await rename(join(out, `${message_dir}.env`), join(rig.stand.dir, 'aside.env'));
    expect(await markTaken(rig.deps, 'delo-1')).toBe(1);
  });

  it('looks at its own channel', async () => {
    const posId = await sent(1);
    const { message_dir, channel } = await packageOf(rig.db, posId);
    expect(channel).toBe('delo-2');
    await takeAway(rig, message_dir, 1);
    expect(await markTaken(rig.deps, 'delo-1')).toBe(0);
    expect(await markTaken(rig.deps, 'delo-2')).toBe(1);
  });

  it('takes nothing back from a card that is further already', async () => {
    const posId = await sent();
    const at = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
    await acceptMessage(rig.deps, reception(at));
    await takeAway(rig, (await packageOf(rig.db, posId)).message_dir);
    expect(await markTaken(rig.deps, 'delo-1')).toBe(0);
    expect((await cardOf(rig.db, posId)).stage).toBe('received');
  });

  it('of a folder that is away says so, and marks nothing', async () => {
    const posId = await sent();
    const out = outOf(rig);
    await rename(out, `${out}.away`);
    try {
      await expect(markTaken(rig.deps, 'delo-1')).rejects.toMatchObject({ code: 'SED_FOLDER_UNAVAILABLE' });
    } finally {
      await rename(`${out}.away`, out);
    }
    expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  });
});

describe('a card that is not taken away', () => {
  it('is silent after half an hour, not before; one incident a channel, with the count', async () => {
    const posIds = [await sent(), await sent()];
    for (const posId of posIds) await rig.age(posId, 29 * 60_000);
    expect(await watch()).toEqual([]);
    await rig.age(posIds[0] ?? '', 2 * 60_000);
    expect(await watch()).toEqual(['channel:delo-1:not-taken 1']);
    await rig.age(posIds[1] ?? '', 2 * 60_000);
    expect(await watch()).toEqual(['channel:delo-1:not-taken 2']);
    expect(await incidentsOf(rig.db, 'SED_SILENT')).toHaveLength(1);
  });

  it('closes its incident when it is taken, and opens another at the next silence', async () => {
    const posId = await sent();
    await rig.age(posId, 31 * 60_000);
    expect(await watch()).toEqual(['channel:delo-1:not-taken 1']);
    await takeAway(rig, (await packageOf(rig.db, posId)).message_dir);
    await markTaken(rig.deps, 'delo-1');
    expect(await watch()).toEqual([]);
    const next = await sent();
    await rig.age(next, 31 * 60_000);
    expect(await watch()).toEqual(['channel:delo-1:not-taken 1']);
    expect((await incidentsOf(rig.db, 'SED_SILENT')).map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('of one channel says nothing of the other', async () => {
    const posId = await sent(1);
    await rig.age(posId, 31 * 60_000);
    expect(await watch()).toEqual(['channel:delo-2:not-taken 1']);
  });

  it('counts an addition too', async () => {
    const posId = await sent();
    await takeAway(rig, (await packageOf(rig.db, posId)).message_dir);
    await acceptMessage(
      rig.deps,
      registration(about(await cardOf(rig.db, posId), await packageOf(rig.db, posId))),
    );
    await rig.change(posId, 'WITHDRAWN');
    await rig.drive();
    await rig.age(posId, 31 * 60_000);
    expect(await watch()).toEqual(['channel:delo-1:not-taken 1']);
  });
});

describe('a card without a Registration', () => {
  /** Taken by the СЭД, which then says nothing. */
  async function takenAt(at: string, cabinet = 0): Promise<string> {
    const posId = await sent(cabinet);
    await takeAway(rig, (await packageOf(rig.db, posId)).message_dir, cabinet);
    await markTaken(rig.deps, cabinet === 0 ? 'delo-1' : 'delo-2');
    await sentAt(posId, at);
    return posId;
  }

  // 2025-09-12 is a Friday; no holidays are near.
  it.each([
    ['the next day, an hour early', '2025-09-10T16:00:00+03:00', '2025-09-11T15:00:00+03:00', 0],
    ['the next day at the minute', '2025-09-10T16:00:00+03:00', '2025-09-11T16:00:30+03:00', 1],
    ['Friday evening to Monday morning', '2025-09-12T20:00:00+03:00', '2025-09-15T09:00:00+03:00', 0],
    ['Friday evening to Monday, a minute early', '2025-09-12T20:00:00+03:00', '2025-09-15T19:58:00+03:00', 0],
    ['Friday evening to Monday evening', '2025-09-12T20:00:00+03:00', '2025-09-15T20:01:00+03:00', 1],
    ['Saturday to Monday night', '2025-09-13T12:00:00+03:00', '2025-09-15T23:59:00+03:00', 0],
    ['Saturday to Tuesday', '2025-09-13T12:00:00+03:00', '2025-09-16T00:01:00+03:00', 1],
    ['over the New Year holidays', '2025-12-31T12:00:00+03:00', '2026-01-11T23:00:00+03:00', 0],
  ])('is silent after one working day: %s', async (_, at, now, silent) => {
    await takenAt(at);
    expect(await watch(now)).toEqual(silent === 0 ? [] : ['channel:delo-1:not-registered 1']);
  });

  it('counts its days by the clock of its cabinet', async () => {
    await takenAt('2025-09-12T20:00:00+03:00');
    // In Якутск it was Saturday already: Monday is the first working day, and it is over there.
    expect(await watch('2025-09-15T18:01:00+03:00', 'Asia/Yakutsk')).toEqual([
      'channel:delo-1:not-registered 1',
    ]);
    await rig.db.query('DELETE FROM incident');
    expect(await watch('2025-09-15T18:01:00+03:00')).toEqual([]);
  });

  it('counts those that were received as well, and not those that are registered or refused', async () => {
    const at = '2025-09-10T16:00:00+03:00';
    const posIds = [await takenAt(at), await takenAt(at), await takenAt(at), await takenAt(at)];
    const told = await Promise.all(
      posIds.map(async (posId) => about(await cardOf(rig.db, posId), await packageOf(rig.db, posId))),
    );
    const [received, registered] = told;
    if (received === undefined || registered === undefined) throw new Error('no cards');
    await acceptMessage(rig.deps, reception(received));
    await acceptMessage(rig.deps, registration(registered));
    await rig.db.query(`UPDATE package SET stage = 'failed' WHERE return_id = $1`, [told[2]?.returnId]);
    expect(await watch('2025-09-15T12:00:00+03:00')).toEqual(['channel:delo-1:not-registered 2']);
  });

  it('closes its incident with the Registration', async () => {
    const posId = await takenAt('2025-09-10T16:00:00+03:00');
    expect(await watch('2025-09-12T16:00:00+03:00')).toEqual(['channel:delo-1:not-registered 1']);
    const at = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
    await acceptMessage(rig.deps, registration(at));
    expect(await watch('2025-09-12T16:01:00+03:00')).toEqual([]);
    expect((await incidentsOf(rig.db, 'SED_SILENT')).map(({ closed }) => closed)).toEqual([true]);
  });

  it('goes again on command, as the same package, and its silence begins anew', async () => {
    const posId = await takenAt('2025-09-10T16:00:00+03:00');
    const before = await packageOf(rig.db, posId);
    expect(await watch()).toEqual(['channel:delo-1:not-registered 1']);
    expect(await resendCards(rig.database.dataSource, posId)).toMatchObject([{ action: 'again' }]);
    await rig.drive();
    const packages = await packagesOf(rig.db, posId);
    expect(packages).toMatchObject([{ stage: 'sent', attempt: 1, message_id: before.message_id, begun: 2 }]);
    expect(await listMessages(rig)).toEqual([before.message_dir]);
    expect(await watch()).toEqual([]);
  });

  it('is not waited for when its cabinet has left the settings, but still counted', async () => {
    await takenAt('2025-09-10T16:00:00+03:00');
    await watchSilence(rig.worker(), ['delo-1'], [], settings);
    expect(await incidentsOf(rig.db, 'SED_SILENT')).toMatchObject([
      { scope: 'channel:delo-1:not-registered' },
    ]);
  });
});

describe('resendCards', () => {
  it('finds nothing to send of a number that nobody knows, or that is registered', async () => {
    expect(await resendCards(rig.database.dataSource, '1')).toEqual([]);
    const posId = await sent();
    await acceptMessage(
      rig.deps,
      registration(about(await cardOf(rig.db, posId), await packageOf(rig.db, posId))),
    );
    expect(await resendCards(rig.database.dataSource, posId)).toEqual([
      { posId, cabinet: 'lko-1', action: 'nothing' },
    ]);
  });

  it('sends the same number of two cabinets in both', async () => {
    const posId = '770077';
    await rig.appeal({ posId: Number(posId) }, 0);
    await rig.appeal({ posId: Number(posId) }, 1);
    await rig.drive();
    expect(await resendCards(rig.database.dataSource, posId)).toEqual([
      { posId, cabinet: 'lko-1', action: 'again' },
      { posId, cabinet: 'lko-2', action: 'again' },
    ]);
    await rig.drive();
    expect((await packagesOf(rig.db, posId)).map((p) => [p.channel, p.stage, p.begun])).toEqual([
      ['delo-1', 'sent', 2],
      ['delo-2', 'sent', 2],
    ]);
  });
});
