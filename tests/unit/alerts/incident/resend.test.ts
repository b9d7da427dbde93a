import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  acknowledgeIncident,
  closeIncident,
  noteIncident,
  snoozeIncident,
} from '../../../../src/alerts/incident/commands.ts';
import { noteResent } from '../../../../src/alerts/incident/note-resent.ts';
import { reconcileIncidents } from '../../../../src/alerts/incident/reconcile.ts';
import {
  isResendable,
  previewResend,
  resendIncident,
  resendProgress,
} from '../../../../src/alerts/incident/resend.ts';
import { workResends } from '../../../../src/alerts/incident/resend-steps.ts';
import { countIncidents, listIncidents, nextOf } from '../../../../src/alerts/incident/rows.ts';
import { settleResent } from '../../../../src/alerts/incident/settle-resent.ts';
import { log, startWorld, WORLD, type World } from './world.ts';

const LONG = 120_000;
let world: World;
beforeAll(async () => {
  world = await startWorld();
}, LONG);
afterAll(() => world.stop());
beforeEach(() => world.clear());

const reconcile = () => reconcileIncidents({ db: world.db, incidents: world.incidents, log }, 0);
const resend = (id: string, why = 'исправлено') =>
  resendIncident(world.database.dataSource, id, WORLD, 'anna', why);
const states = async () => {
  const rows = await world.db.query<{ state: string; count: number }>(
    'SELECT state, count(*)::int AS count FROM delivery GROUP BY 1 ORDER BY 1',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
};

async function group(count: number, seed: object = {}): Promise<string> {
  await world.deliveries({ count, cause: 'а', ...seed });
  await reconcile();
  return (await world.only('PLATFORM_REJECTED')).id;
}

/** What the flow would make of the events that were freed: another delivery of each. */
async function interpret(state: string): Promise<void> {
  await world.db.query(
    `WITH e AS (UPDATE sed_event SET handled_at = now() WHERE handled_at IS NULL RETURNING id, card_id)
     INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state, error_code, cause)
     SELECT k.appeal_id, k.id, e.id, 2, gen_random_uuid()::text, 'status', 'правило', '{}', $1,
       CASE $1 WHEN 'attention' THEN 'PLATFORM_REJECTED' END, CASE $1 WHEN 'attention' THEN 'а' END
     FROM e JOIN card k ON k.id = e.card_id`,
    [state],
  );
}

describe('sending a group again', () => {
  it('shows first what would go', async () => {
    const id = await group(25);
    const { count, first } = await previewResend(world.db, id, WORLD);
    expect(count).toBe(25);
    expect(first).toHaveLength(20);
    expect(first[0]).toMatchObject({ kind: 'delivery', opaId: '100', what: 'status' });
    expect(await states()).toEqual({ attention: 25 });
  });

  it('frees the events of all, writes who and why, and keeps the incident open until it is known how they ended', async () => {
    const id = await group(25);
    expect(await resend(id)).toMatchObject({ total: 25 });
    expect(await states()).toEqual({ cancelled: 25 });
    expect(await world.db.query('SELECT count(*)::int AS n FROM sed_event WHERE handled_at IS NULL')).toEqual(
      [{ n: 25 }],
    );
    const audit = await world.db.query('SELECT who, action, object, why, data FROM audit');
    expect(audit).toEqual([
      {
        who: 'anna',
        action: 'incident-resent',
        object: `incident:${id}`,
        why: 'исправлено',
        data: { code: 'PLATFORM_REJECTED', scope: 'opa:100', total: 25 },
      },
    ]);
    const journal = await world.db.query<{ data: { who: string; why: string } }>(
      `SELECT data FROM journal WHERE event = 'delivery-resend-asked'`,
    );
    expect(journal).toHaveLength(25);
    expect(journal[0]?.data).toMatchObject({ who: 'anna', why: 'исправлено' });
    expect(await reconcile()).toBe(0);
    await settleResent(world.db, 0);
    expect(await resendProgress(world.db, id)).toMatchObject({
      total: 25,
      given: 25,
      waiting: 25,
      done: 0,
      again: 0,
    });
    await interpret('done');
    await settleResent(world.db, 0);
    expect(await resendProgress(world.db, id)).toMatchObject({ waiting: 0, done: 25, again: 0 });
    expect(await reconcile()).toBe(0);
    await workResends(world.database.dataSource, world.db, WORLD);
    expect(await reconcile()).toBe(1);
  });

  it('that is refused once more is the same incident, opened once', async () => {
    const id = await group(3);
    await resend(id);
    await workResends(world.database.dataSource, world.db, WORLD);
    await interpret('queued');
    await settleResent(world.db, 0);
    expect(await reconcile()).toBe(0);
    await world.db.query(
      `UPDATE delivery SET state = 'attention', error_code = 'PLATFORM_REJECTED', cause = 'а' WHERE state = 'queued'`,
    );
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100', 'а', 'а');
    await settleResent(world.db, 0);
    expect(await reconcile()).toBe(0);
    expect(await resendProgress(world.db, id)).toMatchObject({ waiting: 0, done: 0, again: 3 });
    expect((await world.only('PLATFORM_REJECTED')).id).toBe(id);
    expect((await world.incident(id)).count).toBe(3);
  });

  it(
    'gives each member out once, also when it comes back refused meanwhile',
    async () => {
      const id = await group(1200);
      await resend(id);
      expect((await states())['cancelled']).toBe(500);
      await interpret('attention');
      expect(await workResends(world.database.dataSource, world.db, WORLD)).toBe(700);
      expect(await states()).toEqual({ attention: 500, cancelled: 1200 });
      expect(await resendProgress(world.db, id)).toMatchObject({ total: 1200, given: 1200 });
    },
    LONG,
  );

  it(
    'by several daemons at once gives nothing out twice',
    async () => {
      const id = await group(1300);
      await Promise.all([resend(id), resend(id), resend(id)]);
      await Promise.all(
        Array.from({ length: 4 }, () => workResends(world.database.dataSource, world.db, WORLD)),
      );
      await workResends(world.database.dataSource, world.db, WORLD);
      expect(await states()).toEqual({ cancelled: 1300 });
      expect(await world.db.query('SELECT total, given FROM incident_resend')).toEqual([
        { total: 1300, given: 1300 },
      ]);
    },
    LONG,
  );

  it('asks the platform first for what it may have', async () => {
    const id = await group(4, { inDoubt: true });
    await resend(id);
    expect(await states()).toEqual({ unknown: 4 });
    await settleResent(world.db, 0);
    expect(await resendProgress(world.db, id)).toMatchObject({ waiting: 4 });
  });

  it('touches only the members of this incident', async () => {
    await world.deliveries({ count: 2, cause: 'б' });
    await world.deliveries({ count: 2, cause: 'а', opaId: '200' });
    await world.deliveries({ count: 3, cause: 'а' });
    await reconcile();
    const mine = (await world.open()).find(
      ({ scope, fingerprint }) => scope === 'opa:100' && fingerprint === 'а',
    );
    await resend(mine?.id ?? '');
    expect(await states()).toEqual({ attention: 4, cancelled: 3 });
  });

  it('needs a reason, a group that is open, and something in it', async () => {
    const id = await group(1);
    await expect(resend(id, ' ')).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    await expect(resend('999999')).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    await expect(resend('x')).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    await world.incidents.open(world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city');
    const login = await world.only('PLATFORM_CREDENTIALS_WRONG');
    expect(isResendable(login, WORLD)).toBe(false);
    await expect(resend(login.id)).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    await world.db.query(`UPDATE delivery SET state = 'done'`);
    await expect(resend(id)).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    await reconcile();
    await expect(resend(id)).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
  });

  it('of one that a person mended holds the incident the same way', async () => {
    const id = await group(1);
    const [row] = await world.db.query<{ event: string }>('SELECT event_id::text AS event FROM delivery');
    await world.db.query(`UPDATE delivery SET state = 'queued'`);
    await noteResent(world.db, id, [row?.event ?? ''], { who: 'anna', why: 'другой файл' });
    expect(await reconcile()).toBe(0);
    await world.db.query(`UPDATE delivery SET state = 'done'`);
    await settleResent(world.db, 0);
    expect(await reconcile()).toBe(1);
  });

  it('of appeals that no step could be done for rings for them', async () => {
    await world.deliveries({ count: 2, state: 'done' });
    await world.db.query(`UPDATE appeal SET error_code = 'DEFECT', due_at = now() + interval '1 hour'`);
    await world.incidents.open(world.db, 'DEFECT', 'registration');
    const { id } = await world.only('DEFECT');
    expect(await resend(id)).toMatchObject({ total: 2 });
    expect(await world.db.query('SELECT 1 FROM appeal WHERE due_at <= now()')).toHaveLength(2);
    await settleResent(world.db, 0);
    expect(await resendProgress(world.db, id)).toMatchObject({ waiting: 2 });
    await world.db.query(`UPDATE appeal SET error_code = NULL WHERE id = (SELECT min(id) FROM appeal)`);
    await world.db.query(`UPDATE appeal SET due_at = now() + interval '1 hour' WHERE error_code IS NOT NULL`);
    await settleResent(world.db, 0);
    expect(await resendProgress(world.db, id)).toMatchObject({ waiting: 0, done: 1, again: 1 });
  });
});

describe('what people do to an incident', () => {
  it('is shown with who and when, and is in audit and journal', async () => {
    const id = await group(1);
    const source = world.database.dataSource;
    await acknowledgeIncident(source, id, 'anna');
    await noteIncident(source, id, '  Ждём ответа поддержки \0 ', 'anna');
    const until = new Date(Date.now() + 3_600_000);
    await snoozeIncident(source, id, until, 'boris', 'до утра');
    expect(await world.incident(id)).toMatchObject({
      acknowledgedBy: 'anna',
      note: 'Ждём ответа поддержки',
      noteBy: 'anna',
      snoozedUntil: until,
    });
    expect(await countIncidents(world.db)).toEqual({ open: 0, acknowledged: 1, snoozed: 1 });
    await snoozeIncident(source, id, null, 'boris');
    await closeIncident(source, id, 'boris', 'канала больше нет');
    const audit = await world.db.query<{ who: string; action: string; why: string | null }>(
      'SELECT who, action, why FROM audit ORDER BY id',
    );
    expect(audit.map(({ who, action, why }) => [who, action, why])).toEqual([
      ['anna', 'incident-acknowledged', null],
      ['anna', 'incident-noted', null],
      ['boris', 'incident-snoozed', 'до утра'],
      ['boris', 'incident-woken', null],
      ['boris', 'incident-closed', 'канала больше нет'],
    ]);
    expect(await world.db.query('SELECT 1 FROM journal')).toHaveLength(5);
  });

  it('is refused for one that is over, a reason that is none, a moment that has passed', async () => {
    const id = await group(1);
    const source = world.database.dataSource;
    const invalid = { code: 'COMMAND_INVALID' };
    await expect(closeIncident(source, id, 'anna', '')).rejects.toMatchObject(invalid);
    await expect(snoozeIncident(source, id, new Date(0), 'anna')).rejects.toMatchObject(invalid);
    await expect(snoozeIncident(source, id, new Date(Number.NaN), 'anna')).rejects.toMatchObject(invalid);
    await expect(noteIncident(source, id, 'x'.repeat(2001), 'anna')).rejects.toMatchObject(invalid);
    await expect(acknowledgeIncident(source, 'x', 'anna')).rejects.toMatchObject(invalid);
    await closeIncident(source, id, 'anna', 'так надо');
    await expect(acknowledgeIncident(source, id, 'anna')).rejects.toMatchObject(invalid);
    await expect(closeIncident(source, id, 'anna', 'ещё раз')).rejects.toMatchObject(invalid);
    await noteIncident(source, id, 'заметка после конца', 'anna');
    expect((await world.incident(id)).note).toBe('заметка после конца');
  });
});

describe('the list of incidents', () => {
  it('is newest or largest first, in pages, each once', async () => {
    for (let n = 0; n < 23; n += 1)
      await world.incidents.openCounted(world.db, 'SED_SILENT', `channel:c${n}:not-taken`, (n * 7) % 5);
    for (const order of ['new', 'large'] as const) {
      const found: { id: string; count: number }[] = [];
      let after: string | undefined;
      for (;;) {
        const page = await listIncidents(world.db, {
          state: 'open',
          order,
          limit: 5,
          ...(after === undefined ? {} : { after }),
        });
        found.push(...page);
        const last = page.at(-1);
        if (last === undefined) break;
        after = nextOf(order, last);
      }
      expect(new Set(found.map(({ id }) => id)).size).toBe(23);
      const sorted = found.toSorted((a, b) =>
        order === 'large' ? b.count - a.count || Number(b.id) - Number(a.id) : Number(b.id) - Number(a.id),
      );
      expect(found.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
    }
  });

  it('is filtered by state, codes, scopes and text, with nothing of it a pattern', async () => {
    await world.incidents.open(world.db, 'SED_SILENT', 'channel:main:not-taken', '100%_готово');
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100', 'код');
    await world.incidents.open(world.db, 'DEFECT', 'registration');
    await world.incidents.close(world.db, 'DEFECT', 'registration');
    const codes = async (filter: object) =>
      (await listIncidents(world.db, { state: 'open', order: 'new', limit: 10, ...filter })).map(
        ({ code }) => code,
      );
    expect(await codes({})).toEqual(['PLATFORM_REJECTED', 'SED_SILENT']);
    expect(await codes({ state: 'closed' })).toEqual(['DEFECT']);
    expect(await codes({ state: 'all' })).toHaveLength(3);
    expect(await codes({ codes: ['SED_SILENT'] })).toEqual(['SED_SILENT']);
    expect(await codes({ scopes: { whole: ['opa:100'], beginnings: ['channel:main:'] } })).toHaveLength(2);
    expect(await codes({ scopes: { whole: [], beginnings: [] } })).toEqual([]);
    expect(await codes({ text: '%_г' })).toEqual(['SED_SILENT']);
    expect(await codes({ text: '0_г' })).toEqual([]);
    expect(await codes({ text: 'нет такого', textCodes: ['SED_SILENT'] })).toEqual(['SED_SILENT']);
    expect(await codes({ text: '\\\0\ud800' })).toEqual([]);
    expect(await codes({ after: 'nonsense' })).toHaveLength(2);
  });
});
