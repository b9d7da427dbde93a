import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isWorkingDay } from '../../../src/terms/calendar.ts';
import { addDays } from '../../../src/terms/days.ts';
import {
  computeDeadline,
  loadTerms,
  type TermSubject,
  type Terms,
  workingDaysElapsed,
} from '../../../src/terms/index.ts';
import { selectRule, type TermRule, termsSchema } from '../../../src/terms/rules.ts';

const MAPPINGS = fileURLToPath(new URL('../../../mappings', import.meta.url));
const anyDay = fc
  .date({ min: new Date('2025-01-01'), max: new Date('2029-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

let shipped: Terms;
beforeAll(async () => {
  shipped = await loadTerms(MAPPINGS);
});

function rules(...list: readonly object[]): readonly TermRule[] {
  return termsSchema.parse({ rules: [{ days: 30, basis: 'общее' }, ...list] }).rules;
}

const MESSAGE: TermSubject = { kind: 'MESSAGE', fastTrack: false };

describe('the shipped terms', () => {
  it.each([
    ['59-ФЗ', { kind: 'APPEAL_59FZ', fastTrack: false }, '2026-06-26'],
    ['59-ФЗ, fast-track', { kind: 'APPEAL_59FZ', fastTrack: true }, '2026-06-26'],
    ['message', MESSAGE, '2026-06-26'],
    ['message, fast-track', { kind: 'MESSAGE', fastTrack: true }, '2026-06-04'],
    ['a kind not known yet', { kind: 'SOMETHING', fastTrack: false }, '2026-06-26'],
  ])('%s registered on 27 May 2026', (_name, subject, expected) => {
    expect(computeDeadline(shipped, { ...subject, registeredOn: '2026-05-27' })).toBe(expected);
  });

  it('end on the working day before a day off', () => {
    // 8 April + 30 = 8 May, Friday; 9 April + 30 = 9 May, a holiday.
    expect(computeDeadline(shipped, { ...MESSAGE, registeredOn: '2026-04-08' })).toBe('2026-05-08');
    expect(computeDeadline(shipped, { ...MESSAGE, registeredOn: '2026-04-09' })).toBe('2026-05-08');
    expect(computeDeadline(shipped, { ...MESSAGE, registeredOn: '2026-04-12' })).toBe('2026-05-12');
  });
});

describe('what to do with a day off at the end', () => {
  function deadline(rule: object, registeredOn: string, region?: string): string {
    const terms = { ...shipped, rules: rules({ when: { kind: 'MESSAGE' }, basis: 'т', ...rule }) };
    return computeDeadline(terms, { ...MESSAGE, registeredOn, ...(region === undefined ? {} : { region }) });
  }

  it('keep, previous, next', () => {
    expect(deadline({ days: 30, dayOff: 'keep' }, '2026-04-09')).toBe('2026-05-09');
    expect(deadline({ days: 30, dayOff: 'previous-working' }, '2026-04-09')).toBe('2026-05-08');
    expect(deadline({ days: 30, dayOff: 'next-working' }, '2026-04-09')).toBe('2026-05-12');
  });

  it('working days skip all days off', () => {
    expect(deadline({ days: 1, count: 'working' }, '2026-05-08')).toBe('2026-05-12');
    expect(deadline({ days: 5, count: 'working' }, '2025-12-30')).toBe('2026-01-16');
  });

  it('a short term within long holidays does not end before it began', () => {
    expect(deadline({ days: 2, dayOff: 'previous-working' }, '2026-01-03')).toBe('2026-01-12');
    expect(deadline({ days: 3, dayOff: 'previous-working' }, '2025-12-31')).toBe('2026-01-12');
    expect(deadline({ days: 3, dayOff: 'previous-working' }, '2025-12-30')).toBe('2025-12-30');
  });

  it('any term: not before registration, not earlier for a later day, on a worked day when told so', () => {
    const variants = fc.record({
      days: fc.integer({ min: 1, max: 90 }),
      count: fc.constantFrom('calendar', 'working'),
      dayOff: fc.constantFrom('keep', 'previous-working', 'next-working'),
    });
    fc.assert(
      fc.property(anyDay, fc.nat(30), variants, (day, later, rule) => {
        const found = deadline(rule, day);
        expect(found >= day).toBe(true);
        expect(deadline(rule, addDays(day, later)) >= found).toBe(true);
        if (rule.dayOff !== 'keep' || rule.count === 'working') {
          expect(isWorkingDay(shipped.calendar, found)).toBe(true);
        }
        expect(deadline({ ...rule, days: rule.days + 1 }, day) >= found).toBe(true);
      }),
    );
  });
});

describe('the most specific rule', () => {
  const subject: TermSubject = {
    region: '14',
    category: { id: '7', name: 'Дороги и  тротуары' },
    subcategory: { id: '71', name: 'Ремонт' },
    kind: 'MESSAGE',
    fastTrack: true,
  };

  it('has most conditions', () => {
    const list = rules(
      { when: { kind: 'MESSAGE' }, days: 1, basis: 'а' },
      { when: { kind: 'MESSAGE', fastTrack: true }, days: 2, basis: 'б' },
      { when: { category: '7' }, days: 3, basis: 'в' },
    );
    expect(selectRule(list, subject)?.days).toBe(2);
  });

  it('among equals has the weightier condition, wherever it stands in the file', () => {
    const list = [
      { when: { region: '14' }, days: 1, basis: 'а' },
      { when: { category: '7' }, days: 2, basis: 'б' },
      { when: { kind: 'MESSAGE' }, days: 3, basis: 'в' },
      { when: { fastTrack: true }, days: 4, basis: 'г' },
    ];
    expect(selectRule(rules(...list), subject)?.days).toBe(2);
    expect(selectRule(rules(...[...list].reverse()), subject)?.days).toBe(2);
    expect(selectRule(rules(list[3] ?? {}, list[2] ?? {}, list[0] ?? {}), subject)?.days).toBe(1);
  });

  it('knows a category by id or by name, whatever its spaces, case and «ё»', () => {
    const by = (when: object) => selectRule(rules({ when, days: 5, basis: 'а' }), subject)?.days;
    expect(by({ category: '7' })).toBe(5);
    expect(by({ category: ' дороги и тротуары' })).toBe(5);
    expect(by({ category: 'Дороги' })).toBe(30);
    expect(by({ category: '7', subcategory: 'ремонт' })).toBe(5);
    expect(by({ category: '8', subcategory: 'ремонт' })).toBe(30);
    expect(selectRule(rules({ when: { category: '7' }, days: 5, basis: 'а' }), MESSAGE)?.days).toBe(30);
  });

  it('always fits, and no other fitting rule has more conditions', () => {
    const when = fc.record(
      {
        region: fc.constantFrom('14', '16'),
        category: fc.constantFrom('7', '8'),
        kind: fc.constantFrom('MESSAGE', 'APPEAL_59FZ'),
        fastTrack: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const lists = fc.uniqueArray(when, {
      selector: (one) => JSON.stringify(Object.entries(one).sort()),
      maxLength: 12,
    });
    fc.assert(
      fc.property(lists, (conditions) => {
        const given = conditions.filter((one) => Object.keys(one).length > 0);
        const list = rules(...given.map((one, index) => ({ when: one, days: index + 1, basis: 'а' })));
        const plain = { region: '14', category: '7', kind: 'MESSAGE', fastTrack: true };
        const fitting = list.filter((rule) =>
          Object.entries(rule.when).every(([key, value]) => Reflect.get(plain, key) === value),
        );
        const found = selectRule(list, subject);
        expect(fitting).toContain(found);
        const most = Math.max(...fitting.map((rule) => Object.keys(rule.when).length));
        expect(Object.keys(found?.when ?? {})).toHaveLength(most);
      }),
    );
  });
});

describe('workingDaysElapsed', () => {
  const zone = 'Europe/Moscow';
  const elapsed = (from: string, now: string, where = zone) =>
    workingDaysElapsed(shipped.calendar, new Date(from), new Date(now), where);

  it('counts a day from hour to hour, and nothing on days off', () => {
    expect(elapsed('2026-07-06T10:00:00+03:00', '2026-07-07T10:00:00+03:00')).toBeCloseTo(1);
    expect(elapsed('2026-07-03T16:00:00+03:00', '2026-07-06T16:00:00+03:00')).toBeCloseTo(1);
    expect(elapsed('2026-07-03T16:00:00+03:00', '2026-07-05T23:00:00+03:00')).toBeCloseTo(1 / 3);
    expect(elapsed('2026-07-04T12:00:00+03:00', '2026-07-07T00:00:00+03:00')).toBeCloseTo(1);
    expect(elapsed('2026-05-08T12:00:00+03:00', '2026-05-12T12:00:00+03:00')).toBeCloseTo(1);
  });

  it('counts by the days of the zone', () => {
    // Friday 16:00 in Moscow is Friday 22:00 in Yakutsk: two hours of the day are left there, not eight.
    const [from, now] = ['2026-07-03T16:00:00+03:00', '2026-07-05T10:00:00+03:00'];
    expect(elapsed(from, now)).toBeCloseTo(8 / 24);
    expect(elapsed(from, now, 'Asia/Yakutsk')).toBeCloseTo(2 / 24);
  });

  it('counts a day with a clock change as one day', () => {
    // 29 March 2026 has 23 hours in Berlin; it is a Sunday, so it is declared worked.
    const change = workingDaysElapsed(
      {
        data: {
          holidays: [],
          years: { '2026': { daysOff: [], movedByDecree: [], workingDays: ['2026-03-29'] } },
          regions: {},
        },
        years: new Map(),
      },
      new Date('2026-03-29T00:00:00+01:00'),
      new Date('2026-03-30T00:00:00+02:00'),
      'Europe/Berlin',
    );
    expect(change).toBeCloseTo(1);
  });

  it('is nothing when no time has passed, or the clock went back', () => {
    expect(elapsed('2026-07-06T10:00:00Z', '2026-07-06T10:00:00Z')).toBe(0);
    expect(elapsed('2026-07-06T10:00:00Z', '2026-07-01T10:00:00Z')).toBe(0);
  });

  it('never shrinks as time goes on, adds up, and is less than the time itself', () => {
    const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2026-12-01'), noInvalidDate: true });
    const span = fc.nat(10 * 86_400_000);
    fc.assert(
      fc.property(moment, span, span, fc.constantFrom(zone, 'Asia/Yakutsk'), (from, one, two, where) => {
        const middle = new Date(from.getTime() + one);
        const end = new Date(middle.getTime() + two);
        const of = (a: Date, b: Date) => workingDaysElapsed(shipped.calendar, a, b, where);
        expect(of(from, end)).toBeCloseTo(of(from, middle) + of(middle, end), 9);
        expect(of(from, end)).toBeGreaterThanOrEqual(of(from, middle) - 1e-9);
        expect(of(from, end)).toBeLessThanOrEqual((one + two) / 86_400_000 + 1e-9);
      }),
    );
  });
});
