import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addWorkingDays,
  calendarSchema,
  createCalendar,
  isWorkingDay,
  knowsYear,
  nearestWorkingDay,
  type WorkCalendar,
  workingDaysBetween,
} from '../../../src/terms/calendar.ts';
import { addDays, weekday } from '../../../src/terms/days.ts';
import { loadTerms } from '../../../src/terms/index.ts';

const MAPPINGS = fileURLToPath(new URL('../../../mappings', import.meta.url));
const anyDay = fc
  .date({ min: new Date('2025-01-01'), max: new Date('2029-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

let shipped: WorkCalendar;
beforeAll(async () => {
  shipped = (await loadTerms(MAPPINGS)).calendar;
});

function calendar(data: Parameters<typeof calendarSchema.parse>[0]): WorkCalendar {
  return createCalendar(calendarSchema.parse(data));
}

function daysOff(of: WorkCalendar, from: string, to: string, region?: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    if (!isWorkingDay(of, day, region) && weekday(day) < 6) days.push(day);
  }
  return days;
}

describe('the shipped calendar', () => {
  it('has the working week and the days off of 2026', () => {
    expect(daysOff(shipped, '2026-01-01', '2026-12-31')).toEqual([
      '2026-01-01',
      '2026-01-02',
      '2026-01-05',
      '2026-01-06',
      '2026-01-07',
      '2026-01-08',
      '2026-01-09',
      '2026-02-23',
      '2026-03-09',
      '2026-05-01',
      '2026-05-11',
      '2026-06-12',
      '2026-11-04',
      '2026-12-31',
    ]);
    expect(workingDaysBetween(shipped, '2025-12-31', '2026-12-31')).toBe(247);
  });

  it('has the moved days and the worked Saturday of 2025', () => {
    expect(workingDaysBetween(shipped, '2024-12-31', '2025-12-31')).toBe(247);
    expect(isWorkingDay(shipped, '2025-11-01')).toBe(true);
    expect(isWorkingDay(shipped, '2025-12-31')).toBe(false);
    expect(isWorkingDay(shipped, '2025-02-24')).toBe(true);
  });

  it('knows the year that was checked, and no other', () => {
    expect(knowsYear(shipped, 2026)).toBe(true);
    expect(knowsYear(shipped, 2031)).toBe(false);
  });

  it('applies the general rule to a year it does not know', () => {
    // 12 June 2027 is a Saturday, 9 May 2027 a Sunday.
    expect(isWorkingDay(shipped, '2027-06-14')).toBe(false);
    expect(isWorkingDay(shipped, '2027-05-10')).toBe(false);
    expect(isWorkingDay(shipped, '2027-06-15')).toBe(true);
  });
});

describe('data of a site', () => {
  it('a holiday on a weekend moves past other days off, two never to one day', () => {
    const of = calendar({
      holidays: [
        { day: '05-09', name: 'суббота' },
        { day: '05-10', name: 'воскресенье' },
        { day: '05-11', name: 'понедельник' },
      ],
      years: {},
    });
    expect(daysOff(of, '2026-05-01', '2026-05-31')).toEqual(['2026-05-11', '2026-05-12', '2026-05-13']);
  });

  it('a decree moves a holiday elsewhere and makes a Saturday worked', () => {
    const of = calendar({
      holidays: [{ day: '03-08', name: 'п' }],
      years: {
        2026: { movedByDecree: ['2026-03-08'], daysOff: ['2026-05-04'], workingDays: ['2026-05-02'] },
      },
    });
    expect(isWorkingDay(of, '2026-03-09')).toBe(true);
    expect(isWorkingDay(of, '2026-05-04')).toBe(false);
    expect(isWorkingDay(of, '2026-05-02')).toBe(true);
    expect(addWorkingDays(of, '2026-05-01', 1)).toBe('2026-05-02');
  });

  it('a move at the end of December lands in the next year', () => {
    const of = calendar({ holidays: [{ day: '12-31', name: 'п' }], years: {} });
    // 31 December 2028 is a Sunday.
    expect(isWorkingDay(of, '2029-01-01')).toBe(false);
    expect(isWorkingDay(of, '2029-01-02')).toBe(true);
  });

  it('29 February is off where it exists', () => {
    const of = calendar({ holidays: [{ day: '02-29', name: 'п' }], years: {} });
    expect(isWorkingDay(of, '2028-02-29')).toBe(false);
    expect(isWorkingDay(of, '2026-03-02')).toBe(true);
  });

  it('a region has days of its own, which move nowhere and concern no other', () => {
    const of = calendar({
      holidays: [],
      regions: {
        16: { holidays: [{ day: '08-30', name: 'п' }], years: { 2027: { daysOff: ['2027-05-19'] } } },
      },
    });
    expect(isWorkingDay(of, '2027-08-30', '16')).toBe(false);
    expect(isWorkingDay(of, '2027-05-19', '16')).toBe(false);
    expect(isWorkingDay(of, '2027-08-30')).toBe(true);
    expect(isWorkingDay(of, '2027-05-19', '14')).toBe(true);
    // 30 August 2026 is a Sunday.
    expect(isWorkingDay(of, '2026-08-31', '16')).toBe(true);
  });

  it('with no working day for months is refused, not searched for ever', () => {
    const all = Array.from({ length: 120 }, (_, index) => addDays('2026-03-01', index));
    const of = calendar({ holidays: [], years: { 2026: { daysOff: all } } });
    expect(() => nearestWorkingDay(of, '2026-03-02', 'next')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('properties', () => {
  const region = fc.constantFrom(undefined, '16');

  it('addWorkingDays lands on a worked day, later for a greater count and for a later start', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: 1, max: 60 }), fc.nat(20), region, (day, count, more, place) => {
        const found = addWorkingDays(shipped, day, count, place);
        expect(isWorkingDay(shipped, found, place)).toBe(true);
        expect(found >= day).toBe(true);
        expect(addWorkingDays(shipped, day, count + 1, place) > found).toBe(true);
        expect(addWorkingDays(shipped, addDays(day, more), count, place) >= found).toBe(true);
      }),
    );
  });

  it('no working days after a day is the day itself, or the next one that is worked', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const found = addWorkingDays(shipped, day, 0);
        expect(found).toBe(isWorkingDay(shipped, day) ? day : addWorkingDays(shipped, day, 1));
      }),
    );
  });

  it('workingDaysBetween is what addWorkingDays goes back and forth by', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: 1, max: 60 }), (day, count) => {
        expect(workingDaysBetween(shipped, day, addWorkingDays(shipped, day, count))).toBe(count);
      }),
    );
    expect(Object.is(workingDaysBetween(shipped, '2026-03-08', '2026-03-08'), 0)).toBe(true);
    expect(Object.is(workingDaysBetween(shipped, '2026-03-09', '2026-03-08'), 0)).toBe(true);
  });

  it('workingDaysBetween adds up and turns its sign', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(90), fc.nat(90), (day, one, two) => {
        const [middle, end] = [addDays(day, one), addDays(day, one + two)];
        const whole = workingDaysBetween(shipped, day, end);
        expect(workingDaysBetween(shipped, day, middle) + workingDaysBetween(shipped, middle, end)).toBe(
          whole,
        );
        expect(workingDaysBetween(shipped, end, day) + whole).toBe(0);
      }),
    );
  });

  it('nearestWorkingDay leaves a worked day alone and skips none', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom('previous' as const, 'next' as const), (day, direction) => {
        const found = nearestWorkingDay(shipped, day, direction);
        const [first, last] = direction === 'next' ? [day, found] : [found, day];
        const worked = isWorkingDay(shipped, first) ? 1 : 0;
        expect(workingDaysBetween(shipped, first, last) + worked).toBe(1);
      }),
    );
  });

  it('refuses a count that is none', () => {
    for (const count of [-1, 1.5, Number.NaN]) {
      expect(() => addWorkingDays(shipped, '2026-03-02', count)).toThrow(RangeError);
    }
  });
});
