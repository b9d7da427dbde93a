import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultKind, KeyMode } from '../../simulators/platform/index.ts';
import { dyingAt, OPA_ID, type SendRig, startSendRig } from './send-rig.ts';

const EXECUTOR = {
  executor: { responsible: true, person: { fio: 'Петров Пётр Петрович', post: 'специалист' } },
};
const WHOLE = ['TAKE_TO_WORK', 'SET_EXECUTOR', 'SET_EXECUTOR', 'SEND_RESPONSE'];

describe.each<KeyMode>(['keys', 'nokeys'])('deliveries to a platform in mode %s', (mode) => {
  let rig: SendRig;
  beforeAll(async () => {
    rig = await startSendRig(mode);
  }, 180_000);
  afterAll(() => rig?.stop());
  afterEach(async () => {
    rig.platform.clearFaults();
    await rig.db.query(`UPDATE cabinet SET state = 'active', state_code = NULL`);
  });

  /** Registration and two equal resolutions, then an answer with two files. */
  async function full() {
    const one = await rig.open();
    await one.tell('registration', { number: 'ОГ-1/26' });
    await one.tell('consideration', EXECUTOR, { subject: 'a', at: '2026-03-11T09:00:00Z' });
    await one.tell('consideration', EXECUTOR, { subject: 'b', at: '2026-03-12T09:00:00Z' });
    return one;
  }

  it.each<FaultKind>([
    'rate-limit',
    'error-500',
    'unavailable',
    'cut-before',
    'cut-after',
    'hang',
    'hang-after',
    'bad-json',
    'truncate',
  ])(
    '%s, twice on every call: each entry once and in order, each file once',
    async (kind) => {
      const one = await full();
      for (const route of ['statuses', 'answers', 'appeal'] as const) {
        rig.platform.fault({ route, kind, times: 2, posId: one.posId });
      }
      await one.rest();
      const before = rig.uploads();
      await one.tellAnswer({ 'ответ.pdf': '%PDF-1.4 один', 'схема.pdf': '%PDF-1.4 два' });
      await one.rest();
      expect(one.sent()).toEqual(WHOLE);
      expect(rig.uploads() - before).toBe(2);
      const rows = await one.rows();
      expect(rows.map((row) => row.state)).toEqual(['done', 'done', 'done', 'done']);
      const [entry] = rig.platform
        .history(OPA_ID, one.posId)
        .filter(({ status }) => status === 'SEND_RESPONSE');
      expect(entry?.answer?.fileIds).toHaveLength(2);
    },
    120_000,
  );

  it('a token that died early costs one more log-in; refused twice it blocks the cabinet, and nothing is lost', async () => {
    const one = await full();
    rig.platform.fault({ route: 'statuses', kind: 'unauthorized', times: 1, posId: one.posId });
    rig.platform.fault({ route: 'statuses', kind: 'unauthorized', skip: 2, times: 2, posId: one.posId });
    expect(await one.work()).not.toBeNull();
    const [cabinet] = await rig.db.query<{ state: string }>(`SELECT state FROM cabinet WHERE opa_id = $1`, [
      OPA_ID,
    ]);
    expect(cabinet?.state).toBe('blocked');
    await rig.db.query(`UPDATE cabinet SET state = 'active', state_code = NULL`);
    await one.rest();
    expect(one.sent()).toEqual(WHOLE.slice(0, 3));
  }, 60_000);

  it('an upload that fails is repeated, the file before it is not', async () => {
    const one = await rig.open();
    const before = rig.uploads();
    rig.platform.fault({ route: 'upload', kind: 'unavailable', skip: 1, times: 2 });
    await one.tellAnswer({ 'a.pdf': '%PDF a', 'b.pdf': '%PDF b' });
    await one.rest();
    expect(one.sent()).toEqual(['SEND_RESPONSE']);
    expect(rig.uploads() - before).toBe(2);
  }, 60_000);

  it('a request that is committed after its connection died, within the time to settle, counts once', async () => {
    const one = await rig.open();
    rig.platform.fault({ route: 'statuses', kind: 'commit-after-cut', ms: 300, times: 1, posId: one.posId });
    await one.tell('registration', {});
    const until = await one.work();
    expect(until).not.toBeNull();
    const deadline = performance.now() + 20_000;
    while (one.sent().length === 0 && performance.now() < deadline) await one.rows();
    await one.rest();
    expect(one.sent()).toEqual(['TAKE_TO_WORK']);
    expect(await one.rows()).toMatchObject([{ state: 'done', attempts: 1 }]);
  }, 60_000);

  it('the death of the process at any touch of its store doubles and loses nothing', async () => {
    let lives = 0;
    for (let steps = 1; ; steps += 1) {
      const one = await full();
      await one.tellAnswer({ 'a.pdf': `%PDF ${steps}`, 'b.pdf': `%PDF b ${steps}` });
      const before = rig.uploads();
      const dying = dyingAt(rig.worker(), steps);
      await one.work(dying.deps).catch((error: unknown) => {
        if (!dying.died()) throw error;
      });
      await one.rest();
      // The answer was told in time to let the statuses before it fall.
      const rows = await one.rows();
      expect(rows.map((row) => row.state)).toEqual(['cancelled', 'cancelled', 'cancelled', 'done']);
      expect(one.sent()).toEqual(['SEND_RESPONSE']);
      // A file whose id could not be stored lies there unused.
      expect(rig.uploads() - before).toBeLessThanOrEqual(dying.died() ? 3 : 2);
      lives += 1;
      if (!dying.died()) break;
    }
    expect(lives).toBeGreaterThan(8);
  }, 240_000);

  it('the same for statuses, one of which has its equal before it', async () => {
    for (let steps = 2; ; steps += 1) {
      const one = await full();
      const dying = dyingAt(rig.worker(), steps);
      await one.work(dying.deps).catch((error: unknown) => {
        if (!dying.died()) throw error;
      });
      await one.rest();
      expect(one.sent()).toEqual(WHOLE.slice(0, 3));
      if (!dying.died()) break;
    }
  }, 240_000);

  it('our own store failing after the platform said yes does not send it again', async () => {
    const one = await rig.open();
    await one.tell('registration', {});
    const usual = rig.worker();
    let posted = false;
    const blind = rig.worker({
      platform: {
        ...rig.rest,
        async postStatus(...args) {
          const outcome = await rig.rest.postStatus(...args);
          posted = true;
          return outcome;
        },
      },
      dataSource: {
        createQueryRunner() {
          if (posted) throw new Error('the database is away for a moment');
          return usual.dataSource.createQueryRunner();
        },
      } as never,
    });
    await expect(one.work(blind)).rejects.toThrow('away');
    expect(await one.rows()).toMatchObject([{ state: 'sending', attempts: 1 }]);
    await one.rest();
    expect(one.sent()).toEqual(['TAKE_TO_WORK']);
    expect(await one.rows()).toMatchObject([{ state: 'done', attempts: 1 }]);
  }, 60_000);

  it('two workers at one appeal send each entry once', async () => {
    const one = await full();
    const [a, b] = [rig.worker(), rig.worker()];
    await Promise.all([one.work(a), one.work(b)]);
    await one.rest();
    expect(one.sent()).toEqual(WHOLE.slice(0, 3));
  }, 60_000);

  it('a status that has no place there stands before a person with what is allowed, and holds nobody', async () => {
    const one = await rig.open();
    await one.tell('consideration', EXECUTOR, { subject: 'a' });
    await one.rest();
    await one.tell('registration', {});
    await one.rest();
    await one.tell('consideration', EXECUTOR, { subject: 'b' });
    await one.rest();
    const [, wrong] = await one.rows();
    expect(wrong).toMatchObject({
      state: 'attention',
      error_code: 'PLATFORM_ILLEGAL_TRANSITION',
      baseline: null,
    });
    expect(wrong?.error_detail).toMatch(/на платформе сейчас «.+»; допустимо: «/);
    expect(one.sent()).toEqual(['SET_EXECUTOR', 'SET_EXECUTOR']);
    expect(await one.journal()).toContain('delivery-attention');
  }, 60_000);

  it('an illegal transition whose entry the history shows is done', async () => {
    const one = await rig.open();
    await one.tell('registration', {});
    const deps = rig.worker({
      platform: {
        ...rig.rest,
        async postStatus(...args) {
          await rig.rest.postStatus(...args);
          const { Fault } = await import('../../../src/model/errors.ts');
          throw new Fault('PLATFORM_ILLEGAL_TRANSITION');
        },
      },
    });
    await one.rest(deps);
    expect(await one.rows()).toMatchObject([{ state: 'done' }]);
    expect(one.sent()).toEqual(['TAKE_TO_WORK']);
  }, 60_000);

  it('what the window did not suffice for is before a person, and «resend» delivers it', async () => {
    const one = await rig.open();
    const rule = rig.platform.fault({ route: 'statuses', kind: 'rate-limit', posId: one.posId });
    await one.tell('registration', {});
    await one.rest(rig.worker({ retry: { base: 1000, factor: 4, cap: 60_000, windowMs: 5000 } }));
    const [row] = await one.rows();
    expect(row).toMatchObject({ state: 'attention', error_code: 'PLATFORM_BUSY' });
    rig.platform.clearFaults(rule);
    const { resendDeliveries } = await import('../../../src/replies/commands.ts');
    const { dataSource } = rig.worker();
    await resendDeliveries(dataSource, { id: row?.id ?? '' }, { who: 'test', why: 'причина' });
    await one.rest();
    expect(one.sent()).toEqual(['TAKE_TO_WORK']);
  }, 60_000);

  it('a POST that always fails is not stormed and ends before a person', async () => {
    const one = await rig.open();
    const rule = rig.platform.fault({ route: 'statuses', kind: 'error-500', posId: one.posId });
    await one.tell('registration', {});
    const deps = rig.worker({ retry: { base: 1000, factor: 4, cap: 60_000, windowMs: 100_000 } });
    await one.work(deps);
    expect(rig.platform.faults().find(({ id }) => id === rule)?.fired).toBe(1);
    await one.rest(deps);
    expect(await one.rows()).toMatchObject([{ state: 'attention', error_code: 'PLATFORM_OUTCOME_UNKNOWN' }]);
    expect(one.sent()).toEqual([]);
  }, 60_000);

  it('a cabinet that stands still spends nothing', async () => {
    const one = await rig.open();
    await one.tell('registration', {});
    await rig.db.query(`UPDATE cabinet SET state = 'paused' WHERE opa_id = $1`, [OPA_ID]);
    try {
      expect(await one.work()).not.toBeNull();
      await one.move(3_600_000);
      await one.work();
      expect(await one.rows()).toMatchObject([{ state: 'queued', attempts: 0 }]);
      expect(one.sent()).toEqual([]);
    } finally {
      await rig.db.query(`UPDATE cabinet SET state = 'active' WHERE opa_id = $1`, [OPA_ID]);
    }
    await one.rest();
    expect(one.sent()).toEqual(['TAKE_TO_WORK']);
  }, 60_000);

  it('ten minutes of a dead platform cost no attempt but the probes, one incident opens and closes', async () => {
    const cases = [await rig.open(), await rig.open(), await rig.open()];
    for (const one of cases) await one.tell('registration', {});
    const deps = rig.worker();
    rig.platform.fault({ route: '*', kind: 'cut-before' });
    let calls = 0;
    const counted = {
      ...deps,
      platform: {
        ...rig.rest,
        async readAppeal(...args: Parameters<typeof rig.rest.readAppeal>) {
          calls += 1;
          return await rig.rest.readAppeal(...args);
        },
      },
    };
    for (let passed = 0; passed < 600; passed += 10) {
      for (const one of cases) await one.work(counted);
      for (const one of cases) await one.move(10_000 / cases.length);
    }
    await rig.told();
    // Five open it; probes after 10, 20, 40, 80, 160 and 300 s.
    expect(calls).toBeLessThanOrEqual(5 + 6);
    for (const one of cases) expect(await one.rows()).toMatchObject([{ state: 'queued', attempts: 0 }]);
    rig.platform.clearFaults();
    for (const one of cases) await one.rest(counted);
    await rig.told();
    for (const one of cases) expect(one.sent()).toEqual(['TAKE_TO_WORK']);
    const incidents = await rig.db.query<{ open: boolean }>(
      `SELECT closed_at IS NULL AS open FROM incident WHERE code = 'ENDPOINT_PAUSED' AND scope = 'platform'
       ORDER BY id DESC LIMIT 1`,
    );
    expect(incidents).toEqual([{ open: false }]);
  }, 120_000);

  it('a term whose first Report was overtaken is told when that comes', async () => {
    const one = await rig.open();
    const fields = [{ name: 'Причина продления', value: 'сложный вопрос' }];
    const late = { deadline: '2026-05-15', registered: true, fields };
    await one.tell('deadline', late, { subject: '2026-05-15', at: '2026-03-12T00:00:00Z' });
    await one.rest();
    expect(one.sent()).toEqual([]);
    const first = { deadline: '2026-04-01', registered: true };
    await one.tell('deadline', first, { subject: '2026-04-01', at: '2026-03-10T00:00:00Z' });
    await one.rest();
    expect(one.sent()).toEqual(['POSTPONE']);
    expect((await one.rows()).map((row) => row.state)).toEqual(['done']);
  }, 60_000);

  it('after a refusal and mended rules the event is read anew; a file is not uploaded twice', async () => {
    const { rulesWith } = await import('./interpret-support.ts');
    const { resendDeliveries } = await import('../../../src/replies/commands.ts');
    const one = await rig.open();
    const before = rig.uploads();
    rig.platform.fault({
      route: 'answers',
      kind: 'status',
      status: 422,
      body: JSON.stringify({ error: 'validation', details: [{ field: 'comment', message: 'плохо' }] }),
      times: 1,
      posId: one.posId,
    });
    await one.tellAnswer({ 'a.pdf': '%PDF mended' });
    await one.rest();
    const [row] = await one.rows();
    expect(row).toMatchObject({
      state: 'attention',
      error_code: 'PLATFORM_REJECTED',
      error_field: 'comment',
    });
    const said = { who: 'test', why: 'причина' };
    await resendDeliveries(rig.worker().dataSource, { code: 'PLATFORM_REJECTED' }, said);
    const mended = rulesWith({
      answers: `answers:
  linkTypes: [Ответ]
  openAccess: []
  signatures: false
  types: [{ type: SOLVED }]
  comment: Исправлено
`,
    });
    await one.rest(rig.worker({ rules: () => mended }));
    expect(one.sent()).toEqual(['SEND_RESPONSE']);
    const entry = rig.platform.history(OPA_ID, one.posId).at(-1);
    expect(entry?.answer).toMatchObject({ answerType: 'SOLVED', comment: 'Исправлено' });
    expect(rig.uploads() - before).toBe(1);
  }, 60_000);
});
