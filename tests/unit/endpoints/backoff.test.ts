import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  delayCeiling,
  isWindowUsedUp,
  nextDelay,
  type Outage,
  windowUsed,
} from '../../../src/endpoints/backoff.ts';

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

describe('windowUsed', () => {
  it.each<[string, Outage[], number]>([
    ['no outage', [], 100],
    ['one inside', [{ from: 20, to: 50 }], 70],
    ['one that lasts', [{ from: 40 }], 40],
    ['one from before', [{ from: -50, to: 10 }], 90],
    ['one after now', [{ from: 200, to: 300 }], 100],
    ['one long before', [{ from: -50, to: -10 }], 100],
    [
      'two that overlap',
      [
        { from: 50, to: 70 },
        { from: 10, to: 60 },
      ],
      40,
    ],
    [
      'one within another',
      [
        { from: 10, to: 90 },
        { from: 20, to: 30 },
      ],
      20,
    ],
    [
      'two that touch',
      [
        { from: 10, to: 20 },
        { from: 20, to: 30 },
      ],
      80,
    ],
    ['one that covers all', [{ from: -1 }], 0],
    ['one turned round', [{ from: 60, to: 40 }], 100],
  ])('%s', (_name, outages, used) => {
    expect(windowUsed(0, 100, outages)).toBe(used);
  });

  it('a clock gone back gives nothing', () => {
    expect(windowUsed(100, 50, [])).toBe(0);
  });

  it('counts each healthy millisecond once, whatever the order of outages', () => {
    const moment = fc.integer({ min: -20, max: 120 });
    const outage = fc.record({ from: moment, to: moment });
    fc.assert(
      fc.property(fc.array(outage, { maxLength: 8 }), (outages) => {
        let healthy = 0;
        for (let t = 0; t < 100; t += 1) {
          if (!outages.some(({ from, to }) => from <= t && t < to)) healthy += 1;
        }
        expect(windowUsed(0, 100, outages)).toBe(healthy);
        expect(windowUsed(0, 100, outages.toReversed())).toBe(healthy);
      }),
    );
  });

  it('a longer outage never uses up more', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (from, length, more) => {
        const short = windowUsed(0, 100, [{ from, to: from + length }]);
        expect(windowUsed(0, 100, [{ from, to: from + length + more }])).toBeLessThanOrEqual(short);
      }),
    );
  });
});

describe('isWindowUsedUp', () => {
  const HOUR = 3_600_000;
  it('72 hours of healthy endpoint, however long it took', () => {
    expect(isWindowUsedUp(0, 71 * HOUR, [], 72 * HOUR)).toBe(false);
    expect(isWindowUsedUp(0, 72 * HOUR, [], 72 * HOUR)).toBe(true);
    expect(isWindowUsedUp(0, 500 * HOUR, [{ from: HOUR }], 72 * HOUR)).toBe(false);
    expect(isWindowUsedUp(0, 500 * HOUR, [{ from: HOUR, to: 429 * HOUR }], 72 * HOUR)).toBe(true);
  });
});
