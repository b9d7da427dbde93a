import { describe, expect, it } from '@jest/globals';
import { createSlow } from '../../../../src/console/pages/showcase/slow.ts';

/** A load that ends when it is told to. */
function held() {
  const calls: { readonly done: (value: number) => void; readonly fail: (why: unknown) => void }[] = [];
  const slow = createSlow(
    () =>
      new Promise<number>((done, fail) => {
        calls.push({ done, fail });
      }),
  );
  return { slow, calls };
}

describe('createSlow', () => {
  it('gives a value that is there in time', async () => {
    const slow = createSlow(async (key) => key.length);
    expect(await slow.read('abc', 1000)).toMatchObject({ value: 3, at: expect.any(Date) });
  });

  it('does not wait longer than told, and works it out once for all', async () => {
    const { slow, calls } = held();
    expect(await Promise.all([slow.read('a', 5), slow.read('a', 5)])).toEqual([undefined, undefined]);
    expect(calls).toHaveLength(1);
    const later = slow.read('a', 5000);
    calls[0]?.done(7);
    expect(await later).toMatchObject({ value: 7 });
  });

  it('shows the last value while it is worked out anew, and forgets when told', async () => {
    let now = 0;
    const gate: { open?: () => void } = {};
    const slow = createSlow(async () => {
      now += 1;
      if (now > 1)
        await new Promise<void>((open) => {
          gate.open = open;
        });
      return now;
    });
    expect(await slow.read('a', 1000)).toMatchObject({ value: 1 });
    // What cost next to nothing is soon asked again.
    const until = performance.now() + 5000;
    while (gate.open === undefined && performance.now() < until) {
      expect(await slow.read('a', 1)).toMatchObject({ value: 1 });
    }
    gate.open?.();
    slow.forget('a');
    expect(await slow.read('a', 1)).toBeUndefined();
  });

  it('throws what fails in time, and tries again', async () => {
    const { slow, calls } = held();
    const first = slow.read('a', 5000);
    calls[0]?.fail(new RangeError('no'));
    await expect(first).rejects.toThrow('no');
    const second = slow.read('a', 5000);
    calls[1]?.done(1);
    expect(await second).toMatchObject({ value: 1 });
  });

  it('survives what fails after nobody waits', async () => {
    const { slow, calls } = held();
    expect(await slow.read('a', 1)).toBeUndefined();
    calls[0]?.fail(new RangeError('late'));
    await new Promise((resolve) => setImmediate(resolve));
    const second = slow.read('a', 5000);
    calls[1]?.done(2);
    expect(await second).toMatchObject({ value: 2 });
  });
});
