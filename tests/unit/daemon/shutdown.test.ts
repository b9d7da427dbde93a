import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLog } from '../../../src/log.ts';
import { createShutdown, endsWithin } from '../../../src/shutdown.ts';

function make(): { lines: Record<string, unknown>[]; shutdown: ReturnType<typeof createShutdown> } {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('trace', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { lines, shutdown: createShutdown(log) };
}

describe('closing what was opened', () => {
  it('newest first, one after another, each once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), async (fates) => {
        const { lines, shutdown } = make();
        const seen: string[] = [];
        fates.forEach((fails, index) => {
          shutdown.push(`step ${index}`, async () => {
            seen.push(`begin ${index}`);
            await new Promise((resolve) => setImmediate(resolve));
            seen.push(`end ${index}`);
            if (fails) throw new Error('did not close');
          });
        });
        await Promise.all([shutdown.run(), shutdown.run()]);
        await shutdown.run();
        const order = fates.map((_fails, index) => fates.length - 1 - index);
        expect(seen).toEqual(order.flatMap((index) => [`begin ${index}`, `end ${index}`]));
        const failed = lines.filter((line) => line['msg'] === 'stop step failed').map((line) => line['step']);
        expect(failed).toEqual(order.filter((index) => fates[index]).map((index) => `step ${index}`));
      }),
    );
  });

  it('a step that hangs is left behind after its limit, and the next ones still run', async () => {
    const { lines, shutdown } = make();
    let closed = 0;
    shutdown.push('first opened', async () => (closed += 1));
    shutdown.push('hangs', () => new Promise(() => undefined), 20);
    shutdown.push('throws at once', () => {
      throw new Error('synchronous');
    });
    await shutdown.run();
    expect(closed).toBe(1);
    expect(lines.map((line) => [line['level'], line['msg'], line['step']])).toEqual([
      [50, 'stop step failed', 'throws at once'],
      [40, 'stop step left behind', 'hangs'],
    ]);
  });

  it('a second call waits for the first', async () => {
    const { shutdown } = make();
    const gate = Promise.withResolvers<void>();
    let done = false;
    shutdown.push('slow', () => gate.promise);
    void shutdown.run();
    const second = shutdown.run().then(() => {
      done = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    gate.resolve();
    await second;
    expect(done).toBe(true);
  });
});

describe('a bounded wait', () => {
  it('tells whether the work ended in time and passes its failure on', async () => {
    expect(await endsWithin(10_000, async () => 7)).toBe(true);
    expect(await endsWithin(5, () => new Promise(() => undefined))).toBe(false);
    await expect(endsWithin(10_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('a failure after the limit is nobody’s', async () => {
    const late = Promise.withResolvers<void>();
    expect(await endsWithin(5, () => late.promise)).toBe(false);
    late.reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
