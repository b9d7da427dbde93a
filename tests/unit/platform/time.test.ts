import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { cleanText, codeWord } from '../../../src/platform/rest/text.ts';
import { readTime } from '../../../src/platform/rest/time.ts';

import { anyText } from './support.ts';

const ZONE = 'Asia/Yakutsk';

describe('readTime', () => {
  it.each<[string, string]>([
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01t10:00:00z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00+03:00', '2026-03-01T07:00:00.000Z'],
    ['2026-03-01 10:00:00.123456+0300', '2026-03-01T07:00:00.123Z'],
    ['2026-03-01T10:00:00-09:30', '2026-03-01T19:30:00.000Z'],
    ['2026-03-01T10:00:00', '2026-03-01T01:00:00.000Z'],
    ['2026-03-01T10:00', '2026-03-01T01:00:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
  ])('%s', (text, expected) => {
    expect(readTime(text, ZONE)?.toISOString()).toBe(expected);
  });

  it.each<unknown>([
    '2026-02-30T10:00:00Z',
    '2025-02-29T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-00-01T10:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T10:60:00Z',
    '2026-03-01T10:00:60Z',
    '2026-03-01T10:00:00+24:00',
    '2026-03-01T10:00:00+03:60',
    '0026-03-01T10:00:00Z',
    '2026-03-01',
    '01.03.2026 10:00',
    'завтра',
    1772359200000,
    null,
    {},
  ])('refuses %p', (value) => {
    expect(readTime(value, ZONE)).toBeUndefined();
  });

  it('agrees with luxon on any real time, with offset and without', () => {
    const date = fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: -840, max: 840 }), (when, minutes) => {
        const shifted = DateTime.fromJSDate(when, {
          zone: `UTC${minutes < 0 ? '-' : '+'}${Math.floor(Math.abs(minutes) / 60)}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`,
        });
        expect(readTime(shifted.toISO(), ZONE)?.getTime()).toBe(when.getTime());
        const bare = when.toISOString().slice(0, -1);
        expect(readTime(bare, ZONE)?.getTime()).toBe(DateTime.fromISO(bare, { zone: ZONE }).toMillis());
      }),
    );
  });
});

describe('cleanText', () => {
  it.each<[string, string]>([
    ['обычный текст\r\n\tс «знаками» 😀 <&]]>', 'обычный текст\r\n\tс «знаками» 😀 <&]]>'],
    ['a\u0000b', 'a\uFFFDb'],
    ['a\uD800b', 'a\uFFFDb'],
    ['\uDC00\uD800', '\uFFFD\uFFFD'],
    ['\u0008\u000B\u000C\u001F\uFFFE\uFFFF', '\uFFFD'.repeat(6)],
    ['\u0085\u2028\uE000', '\u0085\u2028\uE000'],
  ])('%j', (text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it('keeps the length and is stable', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).toHaveLength(text.length);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });
});

describe('codeWord', () => {
  it.each<[unknown, string | undefined]>([
    ['illegal_transition', 'illegal_transition'],
    ['ivanov@example.org', undefined],
    ['Иванов', undefined],
    ['two words', undefined],
    ['89991234567', undefined],
    ['a'.repeat(61), undefined],
    [5, undefined],
  ])('%p', (value, expected) => {
    expect(codeWord(value)).toBe(expected);
  });
});
