import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BreakerChange, type Breakers, createBreakers } from '../../../src/endpoints/breaker.ts';
import { Fault } from '../../../src/model/errors.ts';

/*
 * A breaker under random calls that overlap and end in any order, against a plain account of what happened. The account
 * keeps the whole history and looks at it anew each time; it shares nothing with the state machine.
 */

type Ending = 'ok' | 'refused' | 'transient' | 'unknown' | 'own';
const ENDINGS: Ending[] = ['ok', 'refused', 'transient', 'transient', 'transient', 'unknown', 'own'];

interface Running {
  readonly period: number;
  readonly isProbe: boolean;
  end(ending: Ending): Promise<void>;
}

interface Account {
  /** Grows each time it opens or closes. */
  period: number;
  isOpen: boolean;
  /** Failures (true) and successes of the present closed period. */
  results: boolean[];
  probeAt: number;
  failedProbes: number;
  running: Running[];
  opened: number;
  closed: number;
}

interface Real {
  now: number;
  breakers: Breakers;
  changes: BreakerChange[];
}

const FAULTS: Record<Exclude<Ending, 'ok'>, () => Fault> = {
  refused: () => new Fault('PLATFORM_REJECTED'),
  transient: () => new Fault('PLATFORM_UNREACHABLE'),
  unknown: () => new Fault('PLATFORM_OUTCOME_UNKNOWN'),
  own: () => new Fault('SPOOL_UNAVAILABLE'),
};

/** Begins a call; undefined when the breaker held it back. */
async function begin(real: Real): Promise<{ end(ending: Ending): Promise<void> } | undefined> {
  const started = Promise.withResolvers<boolean>();
  const gate = Promise.withResolvers<Ending>();
  const call = real.breakers
    .run('platform', async () => {
      started.resolve(true);
      const ending = await gate.promise;
      if (ending !== 'ok') throw FAULTS[ending]();
    })
    .then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof Fault && error.code === 'ENDPOINT_PAUSED') {
          expect(error.retryAfterMs).toBeGreaterThanOrEqual(0);
          expect(error.retryAfterMs).toBeLessThanOrEqual(300_000);
          started.resolve(false);
        }
      },
    );
  if (!(await started.promise)) return undefined;
  return {
    async end(ending) {
      gate.resolve(ending);
      await call;
    },
  };
}

class Call implements fc.AsyncCommand<Account, Real> {
  check(): boolean {
    return true;
  }
  async run(account: Account, real: Real): Promise<void> {
    const hasProbe = account.running.some((one) => one.isProbe && one.period === account.period);
    const mayGo = !account.isOpen || (!hasProbe && real.now >= account.probeAt);
    const begun = await begin(real);
    expect(begun !== undefined).toBe(mayGo);
    if (begun === undefined) return;
    account.running.push({ period: account.period, isProbe: account.isOpen, end: begun.end });
  }
  toString(): string {
    return 'call';
  }
}

class End implements fc.AsyncCommand<Account, Real> {
  readonly which: number;
  readonly ending: Ending;
  constructor(which: number, ending: Ending) {
    this.which = which;
    this.ending = ending;
  }
  check(account: Readonly<Account>): boolean {
    return account.running.length > 0;
  }
  async run(account: Account, real: Real): Promise<void> {
    const [call] = account.running.splice(this.which % account.running.length, 1);
    await call?.end(this.ending);
    if (call?.period === account.period) this.settle(account, real, call.isProbe);
    expect(real.breakers.states().get('platform')).toBe(this.mode(account));
    expect(real.changes.filter((change) => change.to === 'open')).toHaveLength(account.opened);
    expect(real.changes.filter((change) => change.to === 'closed')).toHaveLength(account.closed);
  }
  mode(account: Account): string {
    if (!account.isOpen) return 'closed';
    return account.running.some((one) => one.isProbe && one.period === account.period) ? 'half-open' : 'open';
  }
  settle(account: Account, real: Real, isProbe: boolean): void {
    const isFailure = this.ending === 'transient' || this.ending === 'unknown';
    if (isProbe) {
      if (this.ending === 'own') account.probeAt = real.now;
      else if (isFailure) {
        account.failedProbes += 1;
        account.probeAt = real.now + Math.min(10_000 * 2 ** account.failedProbes, 300_000);
      } else {
        Object.assign(account, {
          isOpen: false,
          period: account.period + 1,
          results: [],
          closed: account.closed + 1,
        });
      }
      return;
    }
    if (this.ending === 'own') return;
    account.results.push(isFailure);
    const lastTwenty = account.results.slice(-20);
    const isRow = account.results.length >= 5 && account.results.slice(-5).every(Boolean);
    const isRate = lastTwenty.length === 20 && lastTwenty.filter(Boolean).length > 10;
    if (isFailure && (isRow || isRate)) {
      Object.assign(account, {
        isOpen: true,
        period: account.period + 1,
        failedProbes: 0,
        opened: account.opened + 1,
      });
      account.probeAt = real.now + 10_000;
    }
  }
  toString(): string {
    return `end(${this.which}, ${this.ending})`;
  }
}

class Pass implements fc.AsyncCommand<Account, Real> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check(): boolean {
    return true;
  }
  async run(_account: Account, real: Real): Promise<void> {
    real.now += this.ms;
  }
  toString(): string {
    return `pass(${this.ms})`;
  }
}

function setup(): { model: Account; real: Real } {
  const changes: BreakerChange[] = [];
  const real: Real = {
    now: 0,
    changes,
    // Probes that never end are tried in the tests of the state machine; here each one ends.
    breakers: createBreakers({
      now: () => real.now,
      onChange: (change) => changes.push(change),
      settings: { lostProbeMs: Number.POSITIVE_INFINITY },
    }),
  };
  const model: Account = {
    period: 0,
    isOpen: false,
    results: [],
    probeAt: 0,
    failedProbes: 0,
    running: [],
    opened: 0,
    closed: 0,
  };
  return { model, real };
}

const commands = fc.commands(
  [
    fc.constant(new Call()),
    fc.constant(new Call()),
    fc.tuple(fc.nat(5), fc.constantFrom(...ENDINGS)).map(([which, ending]) => new End(which, ending)),
    fc.tuple(fc.nat(5), fc.constantFrom(...ENDINGS)).map(([which, ending]) => new End(which, ending)),
    fc.constantFrom(1, 5000, 10_000, 40_000, 300_000).map((ms) => new Pass(ms)),
  ],
  { maxCommands: 200, size: 'max' },
);

describe('a breaker under random calls', () => {
  it('does what the account says', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const { model, real } = setup();
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        for (const call of model.running) await call.end('own');
      }),
      { numRuns: 200 },
    );
  });

  it('ten minutes of silence at the other end: one opening, few probes, one closing', async () => {
    const { real } = setup();
    let reached = 0;
    let refused = 0;
    for (real.now = 0; real.now < 600_000; real.now += 1000) {
      await real.breakers
        .run('platform', async () => {
          reached += 1;
          throw new Fault('PLATFORM_UNREACHABLE');
        })
        .catch((error: Fault) => {
          refused += error.code === 'ENDPOINT_PAUSED' ? 1 : 0;
        });
    }
    // Five to open, then probes after 10, 20, 40, 80, 160 s.
    expect([reached, refused]).toEqual([10, 590]);
    real.now += 300_000;
    expect(await real.breakers.run('platform', async () => 'back')).toBe('back');
    expect(real.changes.map((change) => change.to)).toEqual(['open', 'closed']);
  });
});
