import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AlertRules,
  canWait,
  digestRecipients,
  isDue,
  isMailable,
  isQuiet,
  recipientsOf,
} from '../../../../src/alerts/incident/mail-rules.ts';
import { ERROR_CODES, type ErrorCode } from '../../../../src/model/error-codes.ts';
import { RULES, WORLD } from './world.ts';

const NIGHT: AlertRules = { ...RULES, quietHours: { from: '22:00', to: '07:30' } };
const codes = Object.keys(ERROR_CODES) as ErrorCode[];
/** Moscow is UTC+3. */
const at = (time: string) => new Date(`2026-11-21T${time}:00+03:00`);

describe('quiet hours', () => {
  it.each([
    ['21:59', false],
    ['22:00', true],
    ['23:59', true],
    ['00:00', true],
    ['07:29', true],
    ['07:30', false],
    ['12:00', false],
  ])('over midnight, at %s: %s', (time, quiet) => {
    expect(isQuiet(NIGHT, at(time))).toBe(quiet);
  });

  it.each([
    ['11:59', false],
    ['12:00', true],
    ['12:59', true],
    ['13:00', false],
  ])('within a day, at %s: %s', (time, quiet) => {
    expect(isQuiet({ ...RULES, quietHours: { from: '12:00', to: '13:00' } }, at(time))).toBe(quiet);
  });

  it('are those of their own zone, else of the section', () => {
    const yakutsk = { from: '22:00', to: '07:30', timeZone: 'Asia/Yakutsk' };
    expect(isQuiet({ ...RULES, quietHours: yakutsk }, at('17:00'))).toBe(true);
    expect(isQuiet({ ...RULES, quietHours: yakutsk }, at('03:00'))).toBe(false);
    expect(isQuiet({ ...NIGHT, timeZone: 'Asia/Yakutsk' }, at('17:00'))).toBe(true);
  });

  it('are never without the setting, nor from a time to itself', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: at('00:00'), max: new Date('2030-01-01') }), (now) => {
        expect(isQuiet(RULES, now)).toBe(false);
        expect(isQuiet({ ...RULES, quietHours: { from: '08:00', to: '08:00' } }, now)).toBe(false);
      }),
    );
  });
});

describe('what can wait', () => {
  it('is only what is repeated without anybody', () => {
    for (const code of codes) {
      const { kind } = ERROR_CODES[code];
      if (kind === 'credentials' || kind === 'rejected' || kind === 'defect')
        expect(canWait(code)).toBe(false);
    }
    expect(canWait('PLATFORM_UNREACHABLE')).toBe(true);
    expect(canWait('PLATFORM_OUTCOME_UNKNOWN')).toBe(true);
    expect(canWait('SPOOL_UNAVAILABLE')).toBe(false);
  });

  it('waits for some minutes, and for the end of the quiet hours; the rest is due at once', () => {
    const now = at('12:00');
    const opened = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
    const due = (code: ErrorCode, rules: AlertRules, minutes: number, when = now) =>
      isDue(rules, { code, scope: 'platform', openedAt: opened(minutes) }, when);
    expect(due('ENDPOINT_PAUSED', NIGHT, 1)).toBe(false);
    expect(due('ENDPOINT_PAUSED', NIGHT, 2)).toBe(true);
    expect(due('ENDPOINT_PAUSED', NIGHT, 0, at('23:00'))).toBe(false);
    expect(due('PLATFORM_CREDENTIALS_WRONG', NIGHT, 0, at('23:00'))).toBe(true);
    expect(due('PLATFORM_REJECTED', NIGHT, 0, at('03:00'))).toBe(true);
  });

  it('mails about the mail server are sent to nobody', () => {
    expect(isMailable({ code: 'SMTP_REFUSED', scope: 'smtp' })).toBe(false);
    expect(isMailable({ code: 'SMTP_REFUSED', scope: 'cabinet:city' })).toBe(true);
  });

  it('mails about single records of a showcase are its own letter’s, those about all of it are not', () => {
    const of = (code: ErrorCode, scope = 'showcase:region') => isMailable({ code, scope });
    expect([of('RUBRIC_NOT_MAPPED'), of('SHOWCASE_RECORD_REFUSED')]).toEqual([false, false]);
    expect([of('SED_ARCHIVE_UNREACHABLE'), of('RUBRIC_NOT_MAPPED', 'opa:100')]).toEqual([true, true]);
  });
});

describe('recipients', () => {
  const rules: AlertRules = {
    ...RULES,
    recipients: [
      { to: ['city@a.test', 'Дежурный <duty@a.test>'], cabinets: ['city'] },
      { to: ['logins@a.test'], kinds: ['credentials'] },
      { to: ['mapping@a.test'], codes: ['RUBRIC_NOT_MAPPED'], cabinets: ['city', 'water'] },
    ],
  };
  const to = (code: ErrorCode, scope: string) => recipientsOf(rules, { code, scope }, WORLD);

  it.each([
    [
      'PLATFORM_CREDENTIALS_WRONG',
      'cabinet:city',
      ['city@a.test', 'logins@a.test', 'Дежурный <duty@a.test>'],
    ],
    ['PLATFORM_CREDENTIALS_WRONG', 'cabinet:water', ['logins@a.test']],
    ['PLATFORM_REJECTED', 'opa:100', ['city@a.test', 'Дежурный <duty@a.test>']],
    ['SED_SILENT', 'channel:main:not-taken', ['city@a.test', 'Дежурный <duty@a.test>']],
    ['RUBRIC_NOT_MAPPED', 'showcase:region', ['city@a.test', 'mapping@a.test', 'Дежурный <duty@a.test>']],
    ['PLATFORM_REJECTED', 'opa:200', ['admin@city.test']],
    ['SED_SILENT', 'channel:other:not-taken', ['admin@city.test']],
    // What concerns all is not for those who asked for one cabinet.
    ['ENDPOINT_PAUSED', 'platform', ['admin@city.test']],
    ['CONFIG_INVALID', 'settings', ['admin@city.test']],
  ] as const)('of %s at %s', (code, scope, expected) => {
    expect(to(code, scope)).toEqual([...expected]);
  });

  it('of a showcase are its own people beside those who asked, everybody when it has none', () => {
    const own = { id: 'port', cabinet: 'far', mailTo: ['port@a.test'] };
    const world = { ...WORLD, showcases: [...WORLD.showcases, own] };
    const of = (scope: string, code: ErrorCode) => recipientsOf(rules, { code, scope }, world);
    expect(of('showcase:port', 'SED_ARCHIVE_UNREACHABLE')).toEqual(['port@a.test']);
    expect(of('showcase:port', 'SED_ARCHIVE_CREDENTIALS_WRONG')).toEqual(['logins@a.test', 'port@a.test']);
    expect(recipientsOf(RULES, { code: 'DEFECT', scope: 'showcase:region' }, world)).toEqual(RULES.everybody);
  });

  it('are never nobody while somebody is to be written to', () => {
    const scope = fc.constantFrom(
      'opa:100',
      'opa:999',
      'cabinet:gone',
      'platform',
      'channel:none',
      'odd',
      '',
    );
    fc.assert(
      fc.property(fc.constantFrom(...codes), scope, (code, where) => {
        const found = to(code, where);
        expect(found.length).toBeGreaterThan(0);
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });

  it('of the digest are those without a limit, else everybody', () => {
    expect(digestRecipients(rules)).toEqual(['admin@city.test']);
    const whole = { ...rules, recipients: [...rules.recipients, { to: ['all@a.test'] }] };
    expect(digestRecipients(whole)).toEqual(['all@a.test']);
  });
});
