import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSharedRun } from '../../../src/sed/sev/shared-run.ts';

/** An action whose runs end when the test says so. */
function controlled() {
  const runs: { key: string; end(error?: Error): void }[] = [];
  const action = (key: string) =>
    new Promise<void>((resolve, reject) => {
      runs.push({ key, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { runs, run: createSharedRun(action) };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
}

describe('createSharedRun', () => {
  it('serves all that came during one run by one next run', async () => {
    const { runs, run } = controlled();
    const first = run('a');
    const later = [run('a'), run('a'), run('a')];
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await first;
    await settle();
    expect(runs).toHaveLength(2);
    runs[1]?.end();
    await Promise.all(later);
    expect(runs).toHaveLength(2);
  });

  it('never lets a run serve a call that came after it began', async () => {
    const { runs, run } = controlled();
    const first = run('a');
    let served = false;
    const second = run('a').then(() => {
      served = true;
    });
    runs[0]?.end();
    await first;
    await settle();
    expect(served).toBe(false);
    runs[1]?.end();
    await second;
    expect(served).toBe(true);
  });

  it('keeps folders apart', () => {
    const { runs, run } = controlled();
    void run('a');
    void run('b');
    expect(runs.map((one) => one.key)).toEqual(['a', 'b']);
  });

  it('tells a failure to those it served and goes on for the others', async () => {
    const { runs, run } = controlled();
    const first = run('a');
    const second = run('a');
    runs[0]?.end(new Error('EIO'));
    await expect(first).rejects.toThrow('EIO');
    await settle();
    runs[1]?.end();
    await second;
    const third = run('a');
    runs[2]?.end();
    await third;
    expect(runs).toHaveLength(3);
  });

  it('covers every call by a run that begins at or after it, whatever the order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 12 }), async (scheduler, calls) => {
        let clock = 0;
        const run = createSharedRun(async () => {
          begun = clock++;
          const mine = begun;
          await scheduler.schedule(Promise.resolve(), 'run');
          finished.push(mine);
        });
        let begun = -1;
        const finished: number[] = [];
        const waits = Array.from({ length: calls }, (_, index) =>
          scheduler.schedule(Promise.resolve(), `call ${index}`).then(async () => {
            const asked = clock++;
            await run('a');
            expect(finished.some((start) => start >= asked)).toBe(true);
          }),
        );
        await scheduler.waitFor(Promise.all(waits));
      }),
    );
  });
});
