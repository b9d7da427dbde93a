import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { acknowledgeIncident, snoozeIncident } from '../../../../src/alerts/incident/commands.ts';
import type { AlertRules } from '../../../../src/alerts/incident/mail-rules.ts';
import { tellIncidents } from '../../../../src/alerts/incident/mails.ts';
import { enqueueMail } from '../../../../src/alerts/mail/outbox.ts';
import { ERROR_CODES, type ErrorCode } from '../../../../src/model/error-codes.ts';
import { log, RULES, startWorld, WORLD, type World } from './world.ts';

const LONG = 120_000;
let world: World;
beforeAll(async () => {
  world = await startWorld();
}, LONG);
afterAll(() => world.stop());
beforeEach(() => world.clear());

/** One turn of a daemon, so many minutes from now. */
function turn(
  minutes = 0,
  rules: AlertRules = RULES,
  publicUrl: string | undefined = 'https://console.test',
) {
  return tellIncidents({
    dataSource: world.database.dataSource,
    log,
    rules: () => rules,
    world: () => WORLD,
    now: () => new Date(Date.now() + minutes * 60_000),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  });
}

const states = async () =>
  (await world.db.query<{ mail_state: string }>('SELECT mail_state FROM incident ORDER BY id')).map(
    (row) => row.mail_state,
  );

describe('mails of an incident', () => {
  it('are none for single records of a showcase, neither at once nor later', async () => {
    await world.incidents.open(world.db, 'RUBRIC_NOT_MAPPED', 'showcase:region');
    expect(await turn(600)).toBe(0);
    await world.incidents.close(world.db, 'RUBRIC_NOT_MAPPED', 'showcase:region');
    expect(await turn(600)).toBe(0);
    expect([await states(), await world.mails()]).toEqual([['none'], []]);
  });

  it('are one at its opening, one at its end, none between', async () => {
    const { incidents, db } = world;
    await incidents.open(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city', 'Мэрия (city), opaId 100');
    expect(await turn()).toBe(1);
    for (let more = 0; more < 5; more += 1) {
      await incidents.open(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city');
      expect(await turn(more * 600)).toBe(0);
    }
    await incidents.close(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city');
    expect(await turn()).toBe(1);
    expect(await turn(10_000)).toBe(0);
    const mails = await world.mails();
    expect(mails.map(({ subject, to }) => [subject, to])).toEqual([
      [
        'Посредник: Кабинет Мэрия (city): Платформа не приняла идентификатор или пароль кабинета (PLATFORM_CREDENTIALS_WRONG)',
        ['admin@city.test'],
      ],
      [
        'Посредник: Кабинет Мэрия (city): устранено — Платформа не приняла идентификатор или пароль кабинета (PLATFORM_CREDENTIALS_WRONG)',
        ['admin@city.test'],
      ],
    ]);
    expect(await states()).toEqual(['ended']);
  });

  it('say where, how many, what to do, and where to look; in text and in HTML', async () => {
    await world.incidents.openCounted(world.db, 'SED_SILENT', 'channel:main:not-taken', 17);
    await turn(5);
    const [mail] = await world.mails();
    const { id } = await world.only('SED_SILENT');
    for (const body of [mail?.text ?? '', mail?.html ?? '']) {
      expect(body).toContain('Канал СЭД main: пакеты не забраны');
      expect(body).toContain('17');
      expect(body).toContain(ERROR_CODES.SED_SILENT.title);
      expect(body).toContain(`https://console.test/errors/${id}`);
    }
    expect(mail?.text).toContain(`Что делать. ${ERROR_CODES.SED_SILENT.remedy}`);
  });

  it('of a code that only a later version knows bear the code itself, and hold up no others', async () => {
    const later = 'NOT_YET_KNOWN' as ErrorCode;
    await world.incidents.open(world.db, later, 'opa:200', 'без описания');
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100');
    expect(await turn()).toBe(1);
    expect(await turn(5)).toBe(1);
    await world.incidents.close(world.db, later, 'opa:200');
    expect(await turn(5)).toBe(1);
    const subjects = (await world.mails()).map(({ subject }) => subject);
    expect(subjects[0]).toContain('PLATFORM_REJECTED');
    expect(subjects.slice(1)).toEqual([
      'Посредник: Кабинет Водоканал (water): NOT_YET_KNOWN (NOT_YET_KNOWN)',
      'Посредник: Кабинет Водоканал (water): устранено — NOT_YET_KNOWN (NOT_YET_KNOWN)',
    ]);
  });

  it('of many with such a code among them are one mail as well', async () => {
    for (let n = 0; n < 6; n += 1) {
      await world.incidents.open(world.db, `NOT_YET_KNOWN_${n}` as ErrorCode, 'opa:200');
    }
    const byKind: AlertRules = { ...RULES, recipients: [{ to: ['unknown@a.test'], kinds: ['unknown'] }] };
    expect(await turn(5, byKind)).toBe(1);
    const [mail] = await world.mails();
    expect(mail?.to).toEqual(['unknown@a.test']);
    expect(mail?.text).toContain('NOT_YET_KNOWN_5 (NOT_YET_KNOWN_5). Что делать. Эта версия');
  });

  it('have no link where the console has no public address', async () => {
    await world.incidents.open(world.db, 'DEFECT', 'registration');
    await tellIncidents({
      dataSource: world.database.dataSource,
      log,
      rules: () => RULES,
      world: () => WORLD,
      now: () => new Date(),
    });
    const [mail] = await world.mails();
    expect(mail?.text).not.toContain('/errors/');
  });

  it(
    'go in no storm: 10,000 failures are one incident and one mail',
    async () => {
      const failures = Array.from({ length: 10_000 }, (_, n) => n);
      while (failures.length > 0) {
        const some = failures.splice(0, 500);
        await Promise.all(
          some.map((n) =>
            world.incidents.open(
              world.db,
              'PLATFORM_REJECTED',
              'opa:100',
              `код ответа 422: № ${n}`,
              'код ответа 422: № N',
            ),
          ),
        );
        await turn();
      }
      const [incident, ...others] = await world.open();
      expect(others).toEqual([]);
      expect(incident?.count).toBe(10_000);
      expect(await world.mails()).toHaveLength(1);
      await world.incidents.close(world.db, 'PLATFORM_REJECTED', 'opa:100');
      await turn();
      expect(await world.mails()).toHaveLength(2);
    },
    LONG,
  );

  it('go in no storm either when every failure is worded anew: ten causes are kept apart, the rest is one', async () => {
    for (let n = 0; n < 60; n += 1) {
      await world.incidents.open(
        world.db,
        'PLATFORM_REJECTED',
        'opa:100',
        `слово-${n}`,
        `слово ${String.fromCharCode(1072 + (n % 32))}${n}`,
      );
    }
    const open = await world.open();
    expect(open).toHaveLength(11);
    expect(open.find(({ fingerprint }) => fingerprint === '*')?.count).toBe(50);
    await turn();
    expect(await world.mails()).toHaveLength(1);
  });

  it('of many at once to the same people are one mail, at both ends', async () => {
    for (let n = 0; n < 40; n += 1) await world.incidents.open(world.db, 'ENDPOINT_PAUSED', `cabinet:c${n}`);
    expect(await turn(5)).toBe(1);
    expect(await turn(5)).toBe(0);
    for (let n = 0; n < 40; n += 1) await world.incidents.close(world.db, 'ENDPOINT_PAUSED', `cabinet:c${n}`);
    expect(await turn(6)).toBe(1);
    const [opened, closed] = await world.mails();
    expect(opened?.subject).toBe('Посредник: новых неполадок сразу: 40 (ENDPOINT_PAUSED)');
    expect(opened?.text).toContain('Кабинет c39');
    expect(closed?.subject).toBe('Посредник: устранено неполадок: 40 (ENDPOINT_PAUSED)');
  });

  it('are none when it ends before they went', async () => {
    await world.incidents.open(world.db, 'ENDPOINT_PAUSED', 'platform', 'PLATFORM_UNREACHABLE');
    expect(await turn(1)).toBe(0);
    await world.incidents.close(world.db, 'ENDPOINT_PAUSED', 'platform');
    expect(await turn(10)).toBe(0);
    expect(await world.mails()).toEqual([]);
    expect(await states()).toEqual(['none']);
  });

  it('are none when a person took it up before they went, or it is about mail itself', async () => {
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100');
    await world.incidents.open(world.db, 'SMTP_REFUSED', 'smtp');
    await acknowledgeIncident(world.database.dataSource, (await world.only('PLATFORM_REJECTED')).id, 'anna');
    expect(await turn()).toBe(0);
    await world.incidents.close(world.db, 'PLATFORM_REJECTED', 'opa:100');
    await world.incidents.close(world.db, 'SMTP_REFUSED', 'smtp');
    expect(await turn(10)).toBe(0);
    expect(await states()).toEqual(['none', 'none']);
  });

  it('of what mends itself wait for the end of the quiet hours, of a log-in they do not', async () => {
    const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
    const clock = (minutes: number) => hour.format(new Date(Date.now() + minutes * 60_000));
    const quiet: AlertRules = {
      ...RULES,
      quietHours: { from: clock(-60), to: clock(60), timeZone: 'UTC' },
    };
    await world.incidents.open(world.db, 'ENDPOINT_PAUSED', 'platform');
    await world.incidents.open(world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:far');
    expect(await turn(10, quiet)).toBe(1);
    expect((await world.mails())[0]?.subject).toContain('PLATFORM_CREDENTIALS_WRONG');
    expect(await turn(59, quiet)).toBe(0);
    expect(await turn(61, quiet)).toBe(1);
    await world.incidents.close(world.db, 'ENDPOINT_PAUSED', 'platform');
    await world.incidents.close(world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:far');
    expect(await turn(10, quiet)).toBe(1);
    expect(await turn(61, quiet)).toBe(1);
    expect(await world.mails()).toHaveLength(4);
  });

  it('of a snoozed one wait until it is awake', async () => {
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100');
    const { id } = await world.only('PLATFORM_REJECTED');
    await snoozeIncident(world.database.dataSource, id, new Date(Date.now() + 3_600_000), 'anna');
    expect(await turn()).toBe(0);
    expect(await turn(61)).toBe(1);
  });

  it('of its end go to those who were told of its opening', async () => {
    const only: AlertRules = { ...RULES, recipients: [{ to: ['first@a.test'] }] };
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100');
    await turn(0, only);
    await world.incidents.close(world.db, 'PLATFORM_REJECTED', 'opa:100');
    await turn(0, { ...RULES, recipients: [{ to: ['second@a.test'] }] });
    expect((await world.mails()).map(({ to }) => to)).toEqual([['first@a.test'], ['first@a.test']]);
  });

  it('are not doubled where another part has written about the same incident', async () => {
    await world.incidents.open(world.db, 'SHOWCASE_FILE_REFUSED', 'showcase:region');
    const { id } = await world.only('SHOWCASE_FILE_REFUSED');
    const mail = { to: ['v@a.test'], subject: 's', text: 't', html: 'h' };
    await enqueueMail(world.db, { key: `incident-opened:${id}`, ...mail });
    expect(await turn()).toBe(0);
    await enqueueMail(world.db, { key: `incident-closed:${id}`, ...mail });
    await world.incidents.close(world.db, 'SHOWCASE_FILE_REFUSED', 'showcase:region');
    expect(await turn()).toBe(0);
    expect(await world.mails()).toHaveLength(2);
    expect(await states()).toEqual(['ended']);
  });

  it('of many daemons at once are still one each', async () => {
    for (let n = 0; n < 4; n += 1) await world.incidents.open(world.db, 'PLATFORM_REJECTED', `opa:${n}`);
    const counts = await Promise.all(Array.from({ length: 5 }, () => turn()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(await world.mails()).toHaveLength(4);
  });

  it('wait while there is nobody to write to', async () => {
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100');
    expect(await turn(0, { ...RULES, everybody: [] })).toBe(0);
    expect(await states()).toEqual(['waiting']);
    expect(await turn()).toBe(1);
  });
});
