import { describe, expect, it } from '@jest/globals';
import { createLog } from '../../../src/log.ts';
import { Fault } from '../../../src/model/errors.ts';
import { repeatEvery, tellTick } from '../../../src/ticks.ts';
import { eventually } from '../../support/eventually.ts';

const SILENT = { failed: () => undefined, succeeded: () => undefined };

describe('a repeated action', () => {
  it('goes on after failures, tells each, and ends when aborted', async () => {
    const stop = new AbortController();
    let turns = 0;
    const heard: string[] = [];
    const running = repeatEvery(
      1,
      stop.signal,
      async () => {
        turns += 1;
        if (turns % 2 === 0) throw new Error(`turn ${turns}`);
      },
      { failed: (error) => heard.push((error as Error).message), succeeded: () => heard.push('well') },
    );
    await eventually('five turns', () => turns >= 5);
    stop.abort();
    await running;
    expect(heard.slice(0, 4)).toEqual(['well', 'turn 2', 'well', 'turn 4']);
    const after = turns;
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns).toBe(after);
  });

  it('a synchronous throw is a failure like any other', async () => {
    const stop = new AbortController();
    let failures = 0;
    const running = repeatEvery(
      1,
      stop.signal,
      () => {
        throw new Error('at once');
      },
      { ...SILENT, failed: () => (failures += 1) },
    );
    await eventually('two failures', () => failures >= 2);
    stop.abort();
    await running;
  });

  it('never begins when aborted before, and does not overlap itself', async () => {
    let turns = 0;
    await repeatEvery(1, AbortSignal.abort(), async () => (turns += 1), SILENT);
    expect(turns).toBe(0);
    const stop = new AbortController();
    let inside = 0;
    let most = 0;
    const running = repeatEvery(
      0,
      stop.signal,
      async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        turns += 1;
      },
      SILENT,
    );
    await eventually('ten turns', () => turns >= 10);
    stop.abort();
    await running;
    expect(most).toBe(1);
  });

  it('a failure that the stop itself caused is not told, and a long pause is cut short', async () => {
    const stop = new AbortController();
    let told = 0;
    const running = repeatEvery(
      3_600_000,
      stop.signal,
      async () => {
        stop.abort();
        throw new Error('interrupted');
      },
      { ...SILENT, failed: () => (told += 1) },
    );
    await running;
    expect(told).toBe(0);
  });
});

describe('telling of ticks', () => {
  function listen(): {
    lines: Record<string, unknown>[];
    now: { ms: number };
    listener: ReturnType<typeof tellTick>;
  } {
    const lines: Record<string, unknown>[] = [];
    const now = { ms: 0 };
    const log = createLog('trace', {
      write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    });
    return { lines, now, listener: tellTick(log, 'bell', () => now.ms) };
  }
  const away = () => new Fault('DATABASE_UNREACHABLE', { detail: 'ECONNREFUSED' });

  it('the first of a cause, then one a minute with the count, then the end of it', () => {
    const { lines, now, listener } = listen();
    for (let second = 0; second < 130; second += 1) {
      now.ms = second * 1000;
      listener.failed(away());
    }
    expect(lines.map((line) => [line['level'], line['msg'], line['failures']])).toEqual([
      [40, 'tick failed', 1],
      [40, 'tick failed', 61],
      [40, 'tick failed', 121],
    ]);
    expect(lines[0]).toMatchObject({ tick: 'bell', code: 'DATABASE_UNREACHABLE', detail: 'ECONNREFUSED' });
    expect(lines[0]).not.toHaveProperty('err');
    listener.succeeded();
    listener.succeeded();
    expect(lines.slice(3)).toEqual([
      expect.objectContaining({ level: 30, msg: 'tick works again', tick: 'bell', failures: 130 }),
    ]);
  });

  it('another cause is told at once; a defect with its place', () => {
    const { lines, listener } = listen();
    listener.failed(away());
    listener.failed(new Error('odd'));
    listener.failed(new Error('odd'));
    listener.failed(away());
    expect(lines.map((line) => line['code'])).toEqual([
      'DATABASE_UNREACHABLE',
      'DEFECT',
      'DATABASE_UNREACHABLE',
    ]);
    expect(lines[1]).toMatchObject({
      level: 50,
      err: { message: 'odd', stack: expect.stringContaining('ticks.test') },
    });
  });

  it('a tick that never failed says nothing, and after its end trouble is news again', () => {
    const { lines, listener } = listen();
    listener.succeeded();
    expect(lines).toEqual([]);
    listener.failed(away());
    listener.succeeded();
    listener.failed(away());
    expect(lines.map((line) => [line['msg'], line['failures']])).toEqual([
      ['tick failed', 1],
      ['tick works again', 1],
      ['tick failed', 1],
    ]);
  });
});
