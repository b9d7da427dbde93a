import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../tests/simulators/platform/prng.ts';
import type { Victim } from './daemon.ts';

export interface KillingOptions {
  readonly kills: number;
  readonly seed: number;
  /** How much of the whole is done, 0 to 1. */
  progress(): number;
  onKill(count: number): void;
  readonly signal: AbortSignal;
}

const LOOK_MS = 20;
/** The last kills fall while the last answers go out. */
const LAST_AT = 0.97;
/** One in so many dies again while it starts. */
const IN_START_SHARE = 0.2;
const LONGEST_WAIT_MS = 800;
const START_MS = 2500;

/** The points of a run at which the daemon dies, as shares of the whole, in order. Pure. */
export function killPoints(kills: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: kills }, (_, index) => (LAST_AT * (index + random())) / kills);
}

/**
 * Kills the running daemon so often, spread over the whole run by what is done, not by the clock, each time a random
 * moment later, and starts it again. Resolves when the last one works; rejects when it ends by itself or does not start.
 */
export async function killAgainAndAgain(victim: Victim, options: KillingOptions): Promise<void> {
  const { signal } = options;
  const random = seededRandom(options.seed + 1);
  const points = killPoints(options.kills, options.seed);
  for (let count = 0; count < points.length; ) {
    const point = points[count] ?? 1;
    while (options.progress() < point) await pause(LOOK_MS, undefined, { signal });
    await pause(random() * LONGEST_WAIT_MS, undefined, { signal });
    await victim.kill();
    options.onKill(++count);
    let running = victim.start();
    while (count < points.length && random() < IN_START_SHARE) {
      await pause(random() * START_MS, undefined, { signal });
      await victim.kill();
      options.onKill(++count);
      running = victim.start();
    }
    await running.started;
  }
}
