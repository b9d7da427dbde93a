import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { delayCeiling, nextDelay } from '../../../src/endpoints/backoff.ts';

const SETTINGS = { base: 10_000, factor: 4, cap: 3_600_000 };
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('nextDelay', () => {
  it.each([
    [1, 10_000],
    [2, 40_000],
    [3, 160_000],
    [4, 640_000],
    [5, 2_560_000],
    [6, 3_600_000],
    [1000, 3_600_000],
    [0, 10_000],
    [-5, 10_000],
  ])('after %i tries waits at most %i ms', (attempt, ceiling) => {
    expect(delayCeiling(attempt, SETTINGS)).toBe(ceiling);
    expect(nextDelay(attempt, SETTINGS, () => 0)).toBe(0);
    expect(nextDelay(attempt, SETTINGS, () => 0.5)).toBe(ceiling / 2);
  });

  it('stays between nothing and the ceiling, and the ceiling never falls', () => {
    const settings = fc.record({
      base: fc.integer({ min: 1, max: 100_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      cap: fc.integer({ min: 100_000, max: 10_000_000 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), settings, unit, (attempt, given, random) => {
        const delay = nextDelay(attempt, given, () => random);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.ceil(delayCeiling(attempt, given)));
        expect(delayCeiling(attempt, given)).toBeLessThanOrEqual(given.cap);
        expect(delayCeiling(attempt + 1, given)).toBeGreaterThanOrEqual(delayCeiling(attempt, given));
      }),
    );
  });

  it('uses the whole range, so that what failed together comes back apart', () => {
    const delays = Array.from({ length: 1000 }, (_, i) => nextDelay(3, SETTINGS, () => i / 1000));
    expect(new Set(delays).size).toBe(1000);
    expect(Math.min(...delays)).toBe(0);
    expect(Math.max(...delays)).toBeGreaterThan(159_000);
  });

  it('never goes before Retry-After, and not much later', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat(50), unit, (told, attempt, random) => {
        const delay = nextDelay(attempt, SETTINGS, () => random, told);
        expect(delay).toBeGreaterThanOrEqual(told);
        expect(delay).toBeLessThanOrEqual(told + Math.min(SETTINGS.base, told / 10) + 1);
      }),
    );
  });

  it('a Retry-After of nothing or nonsense leaves the jitter', () => {
    for (const told of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(nextDelay(1, SETTINGS, () => 0.5, told)).toBe(5000);
    }
  });
});
