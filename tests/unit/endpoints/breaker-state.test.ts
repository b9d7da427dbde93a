import { describe, expect, it } from '@jest/globals';
import {
  type BreakerState,
  DEFAULT_BREAKER,
  INITIAL_BREAKER,
  isAdmitted,
  nextBreaker,
  probeInterval,
  waitMs,
} from '../../../src/endpoints/breaker-state.ts';

type Step = 'ok' | 'fail' | 'neutral';

/** One call after the other, each settled before the next, all at `now`. */
function calls(state: BreakerState, steps: readonly Step[], now = 0): BreakerState {
  return steps.reduce((before, step) => {
    const asked = nextBreaker(before, { type: 'ask' }, now);
    if (!isAdmitted(before, asked)) return asked;
    const type = step === 'ok' ? 'success' : step === 'fail' ? 'failure' : 'neutral';
    return nextBreaker(asked, { type, phase: asked.phase }, now);
  }, state);
}

const fails = (n: number): Step[] => Array<Step>(n).fill('fail');
const opened = (now = 0) => calls(INITIAL_BREAKER, fails(5), now);

describe('opening', () => {
  it('five failures in a row, not four', () => {
    expect(calls(INITIAL_BREAKER, fails(4)).mode).toBe('closed');
    expect(opened().mode).toBe('open');
  });

  it('a success between starts the row anew', () => {
    expect(calls(INITIAL_BREAKER, [...fails(4), 'ok', ...fails(4)]).mode).toBe('closed');
  });

  it('what says nothing neither counts nor starts anew', () => {
    expect(calls(INITIAL_BREAKER, [...fails(4), 'neutral', 'neutral', 'fail']).mode).toBe('open');
    expect(calls(INITIAL_BREAKER, Array<Step>(50).fill('neutral'))).toEqual(INITIAL_BREAKER);
  });

  it('more than half of the last twenty, not half', () => {
    const half: Step[] = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'ok' : 'fail'));
    expect(calls(INITIAL_BREAKER, half).mode).toBe('closed');
    const more: Step[] = ['ok', 'fail', 'fail', 'ok', 'fail', 'ok', 'fail', 'ok', 'fail', 'fail'];
    expect(calls(INITIAL_BREAKER, [...more, ...more]).mode).toBe('open');
  });

  it('the rate needs twenty calls', () => {
    expect(calls(INITIAL_BREAKER, ['fail', 'fail', 'fail', 'ok', 'fail', 'fail', 'fail', 'fail']).mode).toBe(
      'closed',
    );
  });

  it('old failures leave the twenty', () => {
    const old: Step[] = ['fail', 'fail', 'fail', 'ok', 'fail', 'fail', 'fail', 'ok'];
    const state = calls(INITIAL_BREAKER, [...old, ...Array<Step>(20).fill('ok')]);
    expect(state).toMatchObject({ mode: 'closed', recent: Array(20).fill(false) });
  });
});

describe('probing', () => {
  it('no call goes before ten seconds, then one does, and one only', () => {
    const open = opened();
    const early = nextBreaker(open, { type: 'ask' }, 9999);
    expect([isAdmitted(open, early), waitMs(open, 9999)]).toEqual([false, 1]);
    const probe = nextBreaker(open, { type: 'ask' }, 10_000);
    expect(isAdmitted(open, probe)).toBe(true);
    const second = nextBreaker(probe, { type: 'ask' }, 10_001);
    expect(isAdmitted(probe, second)).toBe(false);
  });

  it('success closes it, with nothing held against it', () => {
    const state = calls(opened(), ['ok'], 10_000);
    expect(state).toMatchObject({ mode: 'closed', inRow: 0, recent: [] });
    expect(waitMs(state, 10_000)).toBe(0);
  });

  it('waits grow from ten seconds to five minutes', () => {
    let state = opened();
    let now = 0;
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      waits.push(waitMs(state, now) / 1000);
      now += waitMs(state, now);
      state = calls(state, ['fail'], now);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
    expect(state).toMatchObject({ mode: 'open', openedAt: 0 });
    expect(probeInterval(10_000)).toBe(300_000);
  });

  it('Retry-After puts the probe off, but never brings it nearer', () => {
    const four = calls(INITIAL_BREAKER, fails(4));
    const late = nextBreaker(four, { type: 'failure', phase: four.phase, retryAfterMs: 60_000 }, 0);
    expect(waitMs(late, 0)).toBe(60_000);
    const soon = nextBreaker(four, { type: 'failure', phase: four.phase, retryAfterMs: 1 }, 0);
    expect(waitMs(soon, 0)).toBe(10_000);
  });

  it('a probe that taught nothing lets the next call probe at once', () => {
    const state = calls(opened(), ['neutral'], 10_000);
    expect(state.mode).toBe('open');
    expect(calls(state, ['ok'], 10_000).mode).toBe('closed');
  });

  it('a probe that never ends gives way after five minutes, and is not heard any more', () => {
    const open = opened();
    const lost = nextBreaker(open, { type: 'ask' }, 10_000);
    const early = nextBreaker(lost, { type: 'ask' }, 309_999);
    expect(isAdmitted(lost, early)).toBe(false);
    const next = nextBreaker(early, { type: 'ask' }, 310_000);
    expect(isAdmitted(early, next)).toBe(true);
    expect(nextBreaker(next, { type: 'failure', phase: lost.phase }, 310_001)).toBe(next);
    expect(nextBreaker(next, { type: 'success', phase: next.phase }, 310_002).mode).toBe('closed');
  });
});

describe('results of the past', () => {
  it('calls begun before it opened neither close it nor lengthen the wait', () => {
    const open = opened();
    for (const type of ['success', 'failure', 'neutral'] as const) {
      expect(nextBreaker(open, { type, phase: INITIAL_BREAKER.phase }, 5)).toBe(open);
    }
  });

  it('nor do they count once it has closed again', () => {
    const closed = calls(opened(), ['ok'], 10_000);
    const late = Array.from({ length: 10 }).reduce<BreakerState>(
      (state) => nextBreaker(state, { type: 'failure', phase: INITIAL_BREAKER.phase }, 10_001),
      closed,
    );
    expect(late).toBe(closed);
  });
});

describe('settings', () => {
  it('are those of the design', () => {
    expect(DEFAULT_BREAKER).toMatchObject({
      failuresInRow: 5,
      windowSize: 20,
      windowRate: 0.5,
      firstProbeMs: 10_000,
      lastProbeMs: 300_000,
    });
  });
});
