import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import { createGatherer } from '../../../src/store/gather.ts';

/** A run that ends when the test says so. */
function heldRuns() {
  const runs: { inputs: readonly number[]; end: () => void; fail: (error: unknown) => void }[] = [];
  const run = (inputs: readonly number[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    runs.push({ inputs, end: () => resolve(inputs.map((input) => input * 10)), fail: reject });
    return promise;
  };
  return { runs, run };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

describe('createGatherer', () => {
  it('runs a call that comes alone at once', async () => {
    const seen: number[][] = [];
    const call = createGatherer(
      async (inputs: readonly number[]) => {
        seen.push([...inputs]);
        return inputs.map(String);
      },
      { spacingMs: 60_000 },
    );
    expect(await call(7)).toBe('7');
    expect(seen).toEqual([[7]]);
  });

  it('takes the calls of one turn together and gives each its own output', async () => {
    const { runs, run } = heldRuns();
    const call = createGatherer(run, { spacingMs: 0 });
    const outputs = Promise.all([1, 2, 3].map(call));
    await turns(3);
    expect(runs.map(({ inputs }) => inputs)).toEqual([[1, 2, 3]]);
    runs[0]?.end();
    expect(await outputs).toEqual([10, 20, 30]);
  });

  it('does not wait for a run that hangs: a second lane goes on', async () => {
    const { runs, run } = heldRuns();
    const call = createGatherer(run, { spacingMs: 0 });
    const first = call(1);
    await turns(3);
    const second = call(2);
    await turns(3);
    expect(runs.map(({ inputs }) => inputs)).toEqual([[1], [2]]);
    runs[1]?.end();
    expect(await second).toBe(20);
    runs[0]?.end();
    expect(await first).toBe(10);
  });

  it('gathers what comes while both lanes are busy', async () => {
    const { runs, run } = heldRuns();
    const call = createGatherer(run, { spacingMs: 0 });
    const outputs: Promise<number>[] = [];
    for (const input of [1, 2, 3, 4, 5]) {
      outputs.push(call(input));
      await turns(3);
    }
    expect(runs.map(({ inputs }) => inputs)).toEqual([[1], [2]]);
    runs[0]?.end();
    await turns(3);
    expect(runs[2]?.inputs).toEqual([3, 4, 5]);
    runs[1]?.end();
    runs[2]?.end();
    expect(await Promise.all(outputs)).toEqual([10, 20, 30, 40, 50]);
  });

  it('lets calls that come right after a run wait for each other', async () => {
    const seen: number[][] = [];
    const call = createGatherer(
      async (inputs: readonly number[]) => {
        seen.push([...inputs]);
        return inputs;
      },
      { spacingMs: 40 },
    );
    await call(1);
    const second = call(2);
    await turns(3);
    const third = call(3);
    expect(await Promise.all([second, third])).toEqual([2, 3]);
    expect(seen).toEqual([[1], [2, 3]]);
  });

  it('never gives a run more than it is to take', async () => {
    const sizes: number[] = [];
    const call = createGatherer(
      async (inputs: readonly number[]) => {
        sizes.push(inputs.length);
        return inputs;
      },
      { most: 4, spacingMs: 0 },
    );
    const inputs = Array.from({ length: 10 }, (_, index) => index);
    expect(await Promise.all(inputs.map(call))).toEqual(inputs);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(10);
  });

  it('tries each alone when they fail together, so that a bad one fails by itself', async () => {
    const seen: number[][] = [];
    const call = createGatherer(
      async (inputs: readonly number[]) => {
        seen.push([...inputs]);
        if (inputs.includes(2)) throw new Error('2 is refused');
        return inputs.map((input) => input * 10);
      },
      { spacingMs: 0 },
    );
    const ends = await Promise.allSettled([1, 2, 3].map(call));
    expect(seen).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason)))).toEqual([
      10,
      'Error: 2 is refused',
      30,
    ]);
  });

  it('fails all at once when the database is away, with no further try', async () => {
    let runs = 0;
    const call = createGatherer(
      async (_: readonly number[]): Promise<number[]> => {
        runs += 1;
        throw new Fault('DATABASE_UNREACHABLE');
      },
      { spacingMs: 0 },
    );
    const ends = await Promise.allSettled([1, 2, 3].map(call));
    expect(ends.every((end) => end.status === 'rejected' && end.reason instanceof Fault)).toBe(true);
    expect(runs).toBe(1);
  });

  it('goes on after a failure', async () => {
    const { runs, run } = heldRuns();
    const call = createGatherer(run, { spacingMs: 0 });
    const first = call(1);
    await turns(3);
    runs[0]?.fail(new Error('once'));
    await expect(first).rejects.toThrow('once');
    const second = call(2);
    await turns(3);
    runs[1]?.end();
    expect(await second).toBe(20);
  });

  it('serves every caller exactly once, whatever comes when and fails', async () => {
    const plan = fc.array(fc.record({ pause: fc.nat({ max: 3 }), bad: fc.boolean() }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 5 }), async (calls, most) => {
        const served = new Map<number, number>();
        const call = createGatherer(
          async (inputs: readonly number[]) => {
            await nextTurn();
            if (inputs.some((input) => calls[input]?.bad)) throw new Error('refused');
            for (const input of inputs) served.set(input, (served.get(input) ?? 0) + 1);
            return inputs.map((input) => input + 1000);
          },
          { most, spacingMs: 0 },
        );
        const ends: Promise<number>[] = [];
        for (const [index, { pause }] of calls.entries()) {
          await turns(pause);
          const end = call(index);
          end.catch(() => undefined);
          ends.push(end);
        }
        const settled = await Promise.allSettled(ends);
        for (const [index, end] of settled.entries()) {
          expect(end.status).toBe(calls[index]?.bad ? 'rejected' : 'fulfilled');
          if (end.status === 'fulfilled') expect(end.value).toBe(index + 1000);
          expect(served.get(index) ?? 0).toBe(calls[index]?.bad ? 0 : 1);
        }
      }),
      { numRuns: 100 },
    );
  });
});
