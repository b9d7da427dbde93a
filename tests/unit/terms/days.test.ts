import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, dayInZone, startOfDay, weekday, yearOf } from '../../../src/terms/days.ts';

const ZONES = ['Europe/Moscow', 'Asia/Yakutsk', 'Asia/Kamchatka', 'Europe/Kaliningrad', 'America/New_York'];

const anyDay = fc
  .date({ min: new Date('2024-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

describe('dayInZone', () => {
  it('gives one moment different days', () => {
    const moment = new Date('2026-03-08T18:30:00Z');
    expect(dayInZone(moment, 'Europe/Moscow')).toBe('2026-03-08');
    expect(dayInZone(moment, 'Asia/Yakutsk')).toBe('2026-03-09');
  });

  it('refuses an invalid date and an unknown zone', () => {
    expect(() => dayInZone(new Date(Number.NaN), 'Europe/Moscow')).toThrow(RangeError);
    expect(() => dayInZone(new Date(), 'Moscow/Kremlin')).toThrow(RangeError);
  });

  it('is the day whose bounds hold the moment', () => {
    const dates = fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, fc.constantFrom(...ZONES), (date, zone) => {
        const day = dayInZone(date, zone);
        expect(startOfDay(day, zone).getTime()).toBeLessThanOrEqual(date.getTime());
        expect(startOfDay(addDays(day, 1), zone).getTime()).toBeGreaterThan(date.getTime());
      }),
    );
  });
});

describe('arithmetic of days', () => {
  it('goes over months and leap years', () => {
    expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
    expect(weekday('2026-03-08')).toBe(7);
    expect(yearOf('2026-12-31')).toBe(2026);
  });

  it('goes forth and back to the same day', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: -1000, max: 1000 }), (day, count) => {
        const there = addDays(day, count);
        expect(addDays(there, -count)).toBe(day);
        expect(Math.sign(count)).toBe(there < day ? -1 : there > day ? 1 : 0);
      }),
    );
  });

  it.each(['2026-02-30', '2026-2-3', '', 'вчера', '2026-01-01T00:00:00Z'])('refuses %j', (day) => {
    expect(() => addDays(day, 1)).toThrow(RangeError);
  });
});
