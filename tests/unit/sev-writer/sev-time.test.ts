import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayIn, timeIn } from '../../../src/sed/sev/sev-time.ts';
import { russianDay } from '../../../src/text/russian-day.ts';

const ZONES = [
  'Europe/Moscow',
  'Asia/Yakutsk',
  'Asia/Kamchatka',
  'Europe/Kaliningrad',
  'UTC',
  'Asia/Kathmandu',
];

describe('dayIn', () => {
  it('is the day of the cabinet, not of the server', () => {
    const late = new Date('2025-03-30T21:30:00Z');
    expect(dayIn(late, 'Europe/Kaliningrad')).toBe('2025-03-30');
    expect(dayIn(late, 'Europe/Moscow')).toBe('2025-03-31');
    expect(dayIn(late, 'Asia/Yakutsk')).toBe('2025-03-31');
  });

  it('agrees with the zone data of the platform itself', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom(...ZONES),
        (moment, zone) => {
          const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
          expect(dayIn(moment, zone)).toBe(format.format(moment));
        },
      ),
    );
  });

  it.each([new Date(Number.NaN), new Date('+020250-01-01T00:00:00Z'), new Date('-000001-01-01T00:00:00Z')])(
    'is undefined for %p, which XSD cannot write',
    (moment) => {
      expect(dayIn(moment, 'Europe/Moscow')).toBeUndefined();
    },
  );

  it('keeps four digits of an early year', () => {
    expect(dayIn(new Date('0100-06-01T12:00:00Z'), 'UTC')).toBe('0100-06-01');
  });
});

describe('timeIn', () => {
  it.each([
    ['Europe/Moscow', '2025-03-01T13:20:30.456+03:00'],
    ['Asia/Yakutsk', '2025-03-01T19:20:30.456+09:00'],
    ['UTC', '2025-03-01T10:20:30.456+00:00'],
    ['Asia/Kathmandu', '2025-03-01T16:05:30.456+05:45'],
  ])('writes local time of %s with its offset', (zone, expected) => {
    expect(timeIn(new Date('2025-03-01T10:20:30.456Z'), zone)).toBe(expected);
  });

  it('names the same moment, to the millisecond', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom(...ZONES),
        (moment, zone) => {
          expect(new Date(timeIn(moment, zone)).getTime()).toBe(moment.getTime());
        },
      ),
    );
  });
});

describe('russianDay', () => {
  it('turns an ISO day round and leaves anything else', () => {
    expect(russianDay('2025-03-01')).toBe('01.03.2025');
    expect(russianDay('')).toBe('');
    expect(russianDay('завтра')).toBe('завтра');
  });
});
