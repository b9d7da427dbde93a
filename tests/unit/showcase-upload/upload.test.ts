import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { takeAskedRuns } from '../../../src/showcase/asked-runs.ts';
import { carryUploads } from '../../../src/showcase/upload.ts';
import { createRig, line, OPA, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.close());

const never = new AbortController().signal;

async function states(): Promise<Record<number, string>> {
  return Object.fromEntries((await rig.records()).map(({ no, state }) => [no, state]));
}

async function putMany(count: number, bad: readonly number[] = [], change: Record<string, unknown> = {}) {
  for (let no = 1; no <= count; no += 1) await rig.put(no, bad.includes(no) ? change : {});
}

/** What the daemon does about an ask: files of what is ready. Returns how many times it was asked. */
async function followAsks(): Promise<number> {
  for (let times = 0; ; times += 1) {
    expect(await rig.drive()).toBe(true);
    const asked = await takeAskedRuns(rig.db);
    if (asked.length === 0) return times;
    expect(asked).toEqual(['files:main']);
    expect(times).toBeLessThan(10);
    await rig.write();
  }
}

/** A value that the platform's rules of a test meet. */
const BAD = { channel: 'плохо' };
const badRule = (effect: 'record' | 'at-once' | 'file' | 'file-named') =>
  ({ field: 'channel', equals: 'плохо', effect, code: 'BAD_CHANNEL', message: 'канал неизвестен' }) as const;

describe('a file that goes through', () => {
  it('is uploaded, its report awaited, its records accepted with exactly what was sent, the file deleted', async () => {
    await putMany(5);
    await rig.write();
    expect(await states()).toEqual({ 1: 'sent', 2: 'sent', 3: 'sent', 4: 'sent', 5: 'sent' });
    expect(await rig.drive()).toBe(true);
    expect(await states()).toEqual({
      1: 'accepted',
      2: 'accepted',
      3: 'accepted',
      4: 'accepted',
      5: 'accepted',
    });
    expect((await rig.records()).every(({ accepted, since }) => accepted && since === null)).toBe(true);
    expect(rig.shown().get('card-3#1')).toBe(line(3));
    expect(rig.shown().size).toBe(5);
    expect(await rig.files()).toEqual([]);
    expect(await rig.uploads()).toMatchObject([{ state: 'settled', records: 5, code: null }]);
    expect(await rig.journal()).toEqual(['showcase-uploaded', 'showcase-settled']);
    expect(await rig.mails()).toEqual([]);
  });

  it('counts nothing as accepted before the last page of the report', async () => {
    await rig.reset({ showcasePolls: -1 });
    await putMany(2);
    await rig.write();
    expect(await rig.drive(5)).toBe(false);
    expect(await states()).toEqual({ 1: 'sent', 2: 'sent' });
    expect(await rig.files()).toHaveLength(1);
    rig.simulator.finishUploads(OPA);
    expect(await rig.drive(2)).toBe(true);
    expect(await states()).toEqual({ 1: 'accepted', 2: 'accepted' });
  });

  it('takes a record off, and later shows it again', async () => {
    await putMany(2);
    await rig.write();
    await rig.drive();
    await rig.remove(1);
    await rig.write();
    await rig.drive();
    expect(await states()).toEqual({ 1: 'gone', 2: 'accepted' });
    expect([...rig.shown().keys()]).toEqual(['card-2#1']);
    await rig.put(1);
    await rig.write();
    await rig.drive();
    expect(await states()).toEqual({ 1: 'accepted', 2: 'accepted' });
    expect(rig.shown().size).toBe(2);
  });

  it('makes a record ready again whose content changed while its file was on its way', async () => {
    await rig.reset({ showcasePolls: -1 });
    await putMany(3);
    await rig.write();
    await rig.drive(2);
    await rig.put(2, { state: 'ANSWERED' });
    await rig.remove(3);
    rig.simulator.finishUploads(OPA);
    await rig.drive();
    expect(await states()).toEqual({ 1: 'accepted', 2: 'ready', 3: 'ready' });
    expect(rig.shown().get('card-2#1')).toBe(line(2));
    rig.simulator.configure({ showcasePolls: 0 });
    // Asked for with the report, once.
    expect(await followAsks()).toBe(1);
    expect(await states()).toEqual({ 1: 'accepted', 2: 'accepted', 3: 'gone' });
    expect(rig.shown().get('card-2#1')).toBe(line(2, { state: 'ANSWERED' }));
    expect(rig.shown().has('card-3#1')).toBe(false);
  });

  it('has one file in flight per organisation, the others behind it in their order', async () => {
    await rig.reset({ showcasePolls: -1 });
    for (const no of [1, 2, 3]) {
      await rig.put(no);
      await rig.write();
    }
    for (let turn = 0; turn < 4; turn += 1) {
      await rig.hurry();
      await carryUploads(rig.deps, never);
    }
    expect((await rig.uploads()).map(({ state }) => state)).toEqual(['polling', 'ready', 'ready']);
    expect(rig.simulator.showcaseUploads(OPA)).toHaveLength(1);
    rig.simulator.configure({ showcasePolls: 1 });
    expect(await rig.drive()).toBe(true);
    expect(rig.simulator.showcaseLog(OPA).map(({ recordId }) => recordId)).toEqual([
      'card-1#1',
      'card-2#1',
      'card-3#1',
    ]);
  });

  it('is carried by one of two daemons at a time', async () => {
    await putMany(3);
    await rig.write();
    await rig.hurry();
    await Promise.all([
      carryUploads(rig.deps, never),
      carryUploads(rig.deps, never),
      carryUploads(rig.deps, never),
    ]);
    expect(rig.simulator.counters().requests['showcase-upload']).toBe(1);
  });

  it('stays where it is while its cabinet is paused', async () => {
    await putMany(1);
    await rig.write();
    await rig.db.query(`UPDATE cabinet SET state = 'paused'`);
    expect(await rig.drive(3)).toBe(false);
    expect(rig.simulator.counters().requests['showcase-upload']).toBeUndefined();
    await rig.db.query(`UPDATE cabinet SET state = 'active'`);
    expect(await rig.drive()).toBe(true);
  });
});

describe('files of what changed meanwhile', () => {
  /** Three records at the platform, of which it will refuse the second; it ends their parsing when told. */
  async function atPlatform(): Promise<void> {
    await rig.reset({ showcasePolls: -1, showcaseRules: [badRule('record')] });
    await putMany(3, [2], BAD);
    await rig.write();
    await rig.drive(2);
  }

  function parsed(): void {
    rig.simulator.finishUploads(OPA);
    rig.simulator.configure({ showcasePolls: 0 });
  }

  it('are not asked for when nothing has', async () => {
    await atPlatform();
    parsed();
    expect(await followAsks()).toBe(0);
    expect(await states()).toEqual({ 1: 'accepted', 2: 'refused', 3: 'accepted' });
    // A card that is seen again as it was stays refused, however often a report is settled.
    await rig.put(2, BAD);
    await rig.put(4);
    await rig.write();
    expect(await followAsks()).toBe(0);
    expect(await states()).toEqual({ 1: 'accepted', 2: 'refused', 3: 'accepted', 4: 'accepted' });
    expect((await rig.uploads()).map(({ records }) => records)).toEqual([3, 1]);
  });

  it('take a refused record along that was mended meanwhile', async () => {
    await atPlatform();
    await rig.put(2, { channel: 'почта' });
    parsed();
    expect(await followAsks()).toBe(1);
    expect(await states()).toEqual({ 1: 'accepted', 2: 'accepted', 3: 'accepted' });
    expect((await rig.uploads()).map(({ records }) => records)).toEqual([3, 1]);
  });

  it('come to an end though what they bring is refused again', async () => {
    await atPlatform();
    await rig.put(2, { ...BAD, state: 'ANSWERED' });
    parsed();
    expect(await followAsks()).toBe(1);
    expect(await states()).toEqual({ 1: 'accepted', 2: 'refused', 3: 'accepted' });
    expect((await rig.uploads()).map(({ records }) => records)).toEqual([3, 1]);
  });

  it('are never asked for by a file that failed whole', async () => {
    await rig.reset({ showcasePolls: -1, showcaseHeaderFault: 'region' });
    await putMany(2);
    await rig.write();
    await rig.drive(2);
    await rig.put(2, { state: 'ANSWERED' });
    parsed();
    expect(await followAsks()).toBe(0);
    expect(await states()).toEqual({ 1: 'ready', 2: 'ready' });
    expect(await rig.uploads()).toMatchObject([{ state: 'failed', code: 'SHOWCASE_HEADER_REFUSED' }]);
  });
});

describe('refused records', () => {
  it('wait with the field, code and words of the platform, and come back when their content changes', async () => {
    await rig.reset({ showcaseRules: [badRule('record')] });
    await putMany(4, [2, 3], BAD);
    await rig.write();
    await rig.drive();
    expect(await states()).toEqual({ 1: 'accepted', 2: 'refused', 3: 'refused', 4: 'accepted' });
    const refused = (await rig.records()).filter(({ state }) => state === 'refused');
    expect(refused).toMatchObject([
      { code: 'SHOWCASE_RECORD_REFUSED', field: 'channel', detail: 'BAD_CHANNEL: канал неизвестен' },
      { code: 'SHOWCASE_RECORD_REFUSED', field: 'channel', detail: 'BAD_CHANNEL: канал неизвестен' },
    ]);
    expect(await rig.write()).toEqual([]);
    await rig.put(2, { channel: 'почта' });
    await rig.write();
    await rig.drive();
    expect(await states()).toEqual({ 1: 'accepted', 2: 'accepted', 3: 'refused', 4: 'accepted' });
  });

  it('keep the earlier content on the platform: a record that goes back to it is accepted already', async () => {
    await rig.put(1);
    await rig.write();
    await rig.drive();
    rig.simulator.configure({ showcaseRules: [badRule('record')] });
    await rig.put(1, BAD);
    await rig.write();
    await rig.drive();
    expect(await states()).toEqual({ 1: 'refused' });
    await rig.put(1);
    expect(await states()).toEqual({ 1: 'accepted' });
    expect(await rig.write()).toEqual([]);
  });

  it('are read from all pages of a long report, going on behind the last stored page after a death', async () => {
    await rig.reset({ showcaseRules: [badRule('record')], showcasePolls: 0 });
    const bad = Array.from({ length: 450 }, (_, index) => index + 1);
    for (let no = 1; no <= 500; no += 1) await rig.put(no, bad.includes(no) ? BAD : {});
    await rig.write();
    await rig.hurry();
    await carryUploads(rig.deps, never);
    // The first page is stored, then the reader dies at the second one.
    rig.simulator.fault({ route: 'showcase-report', kind: 'unavailable', skip: 1, times: 3 });
    await rig.hurry();
    await carryUploads(rig.deps, never);
    const [stored] = await rig.db.query<{ n: number; after: string }>(
      `SELECT (SELECT count(*) FROM showcase_error)::int AS n, report_after AS after FROM showcase_upload`,
    );
    expect(stored).toEqual({ n: 200, after: '200' });
    expect(Object.values(await states()).every((state) => state === 'sent')).toBe(true);
    rig.simulator.clearFaults();
    expect(await rig.drive()).toBe(true);
    const after = Object.values(await states());
    expect(after.filter((state) => state === 'refused')).toHaveLength(450);
    expect(after.filter((state) => state === 'accepted')).toHaveLength(50);
  }, 60_000);
});

describe('a cut connection', () => {
  it.each(['cut-before', 'cut-after', 'error-500', 'unavailable'] as const)(
    '%s at the upload: the same file under the same key, taken once',
    async (kind) => {
      rig.simulator.fault({ route: 'showcase-upload', kind, times: 3 });
      await putMany(3);
      await rig.write();
      expect(await rig.drive()).toBe(true);
      expect(Object.values(await states())).toEqual(['accepted', 'accepted', 'accepted']);
      expect(rig.simulator.showcaseLog(OPA)).toHaveLength(3);
      expect((await rig.uploads())[0]?.attempts).toBeGreaterThan(3);
      expect(rig.simulator.showcaseUploads(OPA)).toHaveLength(1);
    },
  );

  it('on a platform that knows no keys the file goes twice, with the same content', async () => {
    await rig.reset({ keyMode: 'nokeys' });
    rig.simulator.fault({ route: 'showcase-upload', kind: 'cut-after', times: 1 });
    await putMany(2);
    await rig.write();
    expect(await rig.drive()).toBe(true);
    rig.simulator.finishUploads(OPA);
    const log = rig.simulator.showcaseLog(OPA);
    expect(log).toHaveLength(4);
    expect(new Set(log.map(({ json }) => json)).size).toBe(2);
    expect(Object.values(await states())).toEqual(['accepted', 'accepted']);
  });

  it('stays in flight while its outcome is unknown, so that no other file overtakes it', async () => {
    rig.simulator.fault({ route: 'showcase-upload', kind: 'cut-after', times: 1 });
    await rig.put(1);
    await rig.write();
    await rig.put(2);
    await rig.write();
    await rig.hurry();
    await carryUploads(rig.deps, never);
    expect((await rig.uploads()).map(({ state, code }) => [state, code])).toEqual([
      ['sending', 'PLATFORM_OUTCOME_UNKNOWN'],
      ['ready', null],
    ]);
    expect(await rig.drive()).toBe(true);
  });

  it('waits as long as it is told', async () => {
    rig.simulator.fault({ route: 'showcase-upload', kind: 'rate-limit', retryAfterSeconds: 600, times: 1 });
    await putMany(1);
    await rig.write();
    await carryUploads(rig.deps, never);
    const [row] = await rig.db.query<{ wait: number; state: string }>(
      `SELECT extract(epoch FROM next_try_at - now())::float8 AS wait, state FROM showcase_upload`,
    );
    expect(row?.state).toBe('ready');
    expect(row?.wait).toBeGreaterThan(550);
  });

  it('a report that cannot be had is asked for at its usual pace, or when it is told', async () => {
    await rig.reset({ showcasePolls: -1 });
    await putMany(1);
    await rig.write();
    await rig.drive(40);
    const wait = async () =>
      (
        await rig.db.query<{ wait: number }>(
          `SELECT extract(epoch FROM next_try_at - now())::float8 AS wait FROM showcase_upload`,
        )
      )[0]?.wait ?? 0;
    rig.simulator.fault({ route: 'showcase-report', kind: 'unavailable', times: 3 });
    await rig.drive(1);
    expect(await wait()).toBeLessThan(5);
    rig.simulator.fault({ route: 'showcase-report', kind: 'rate-limit', retryAfterSeconds: 900, times: 1 });
    await rig.drive(1);
    expect(await wait()).toBeGreaterThan(800);
  });

  it('blocks the cabinet when its credentials are refused, and waits for it', async () => {
    await putMany(1);
    await rig.write();
    rig.simulator.setPassword(OPA, 'другой');
    await rig.hurry();
    await carryUploads(rig.deps, never);
    expect(await rig.db.query(`SELECT state, state_code FROM cabinet`)).toEqual([
      { state: 'blocked', state_code: 'PLATFORM_CREDENTIALS_WRONG' },
    ]);
    expect(await rig.drive(3)).toBe(false);
    expect(rig.simulator.counters().logins[OPA]?.failed).toBe(1);
  });
});
