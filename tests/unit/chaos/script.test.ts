import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { killPoints } from '../../../scripts/chaos/killer.ts';
import { countStatuses, isTold, scriptOf } from '../../../scripts/chaos/script.ts';

const anyScript = fc
  .tuple(fc.nat(1_000_000), fc.nat(5000))
  .map(([seed, index]) => ({ seed, index, script: scriptOf(seed, index) }));

describe("a clerk's script", () => {
  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(anyScript, ({ seed, index, script }) => {
        expect(scriptOf(seed, index)).toEqual(script);
      }),
    );
  });

  it('has five steps: three resolutions with a status, one moved term, one that says nothing', () => {
    fc.assert(
      fc.property(anyScript, ({ script }) => {
        const { steps } = script;
        expect(steps).toHaveLength(5);
        expect(steps.filter(isTold)).toHaveLength(3);
        expect(steps.filter((step) => step.do === 'move-term')).toHaveLength(1);
        expect(countStatuses(script)).toBe(5);
      }),
    );
  });

  it('names every executor once', () => {
    fc.assert(
      fc.property(anyScript, ({ script }) => {
        const surnames = script.steps.flatMap((step) => (step.do === 'resolve' ? [step.surname] : []));
        expect(new Set(surnames).size).toBe(surnames.length);
      }),
    );
  });

  it('asks for a report or a part of a resolution only when there is one', () => {
    fc.assert(
      fc.property(anyScript, ({ script }) => {
        const first = script.steps.find((step) => step.do !== 'move-term');
        expect(first?.do).toBe('resolve');
        expect(first).not.toMatchObject({ quiet: 'part' });
      }),
    );
  });

  it('leaves time between things of which one Report does not tell the order', () => {
    fc.assert(
      fc.property(anyScript, ({ script }) => {
        for (const [index, step] of script.steps.entries()) {
          const before = script.steps[index - 1];
          if (index > 0 && before?.do !== 'move-term') continue;
          expect(step.afterMs).toBeGreaterThanOrEqual(700);
        }
      }),
    );
  });

  it('differs from appeal to appeal', () => {
    const orders = new Set(
      Array.from({ length: 50 }, (_, index) =>
        scriptOf(1, index)
          .steps.map((step) => step.do)
          .join(),
      ),
    );
    expect(orders.size).toBeGreaterThan(10);
    const scripts = Array.from({ length: 1000 }, (_, index) => scriptOf(1, index));
    const hasty = scripts.filter((script) => script.hasty).length;
    expect(hasty).toBeGreaterThan(50);
    expect(hasty).toBeLessThan(200);
  });
});

describe('the points at which the daemon is killed', () => {
  it('are spread over the whole run, one in each of its parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), (kills, seed) => {
        const points = killPoints(kills, seed);
        expect(points).toHaveLength(kills);
        for (const [index, point] of points.entries()) {
          expect(Math.floor((point / 0.97) * kills)).toBe(index);
        }
      }),
    );
  });

  it('are none where nobody is to be killed', () => {
    expect(killPoints(0, 1)).toEqual([]);
  });
});
