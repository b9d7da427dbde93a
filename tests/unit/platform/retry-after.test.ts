import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRetryAfter } from '../../../src/platform/rest/retry-after.ts';

const NOW = Date.parse('2026-03-01T10:00:00Z');
const HOUR = 3_600_000;

describe('parseRetryAfter', () => {
  it.each<[unknown, number | undefined]>([
    ['7', 7000],
    [' 7 ', 7000],
    ['0', 1000],
    ['999999999', HOUR],
    ['Sun, 01 Mar 2026 10:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 09:00:00 GMT', 1000],
    ['Sun, 01 Mar 2099 09:00:00 GMT', HOUR],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
    [['5'], undefined],
  ])('%p gives %p', (header, expected) => {
    expect(parseRetryAfter(header, HOUR, undefined, NOW)).toBe(expected);
  });

  it("reads a date against the answer's own clock, an hour off ours", () => {
    const said = 'Sun, 01 Mar 2026 11:00:00 GMT';
    expect(parseRetryAfter('Sun, 01 Mar 2026 11:00:20 GMT', HOUR, said, NOW)).toBe(20_000);
    expect(parseRetryAfter('Sun, 01 Mar 2026 10:00:20 GMT', HOUR, 'nonsense', NOW)).toBe(20_000);
  });

  it('is never out of bounds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.nat().map(String),
          fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
        ),
        (header) => {
          const ms = parseRetryAfter(header, HOUR, undefined, NOW);
          expect(ms === undefined || (ms >= 1000 && ms <= HOUR)).toBe(true);
        },
      ),
    );
  });
});
