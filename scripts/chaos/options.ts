/** Whether the simulated platform keeps client keys or knows none (contracts/platform-rest.md, section 4). */
export type KeyMode = 'keys' | 'nokeys';

/** What one run is to be like. */
export interface ChaosOptions {
  readonly appeals: number;
  /** How often the daemon is killed with SIGKILL. */
  readonly kills: number;
  /** Share of the platform's calls that go wrong, and of the СЭД's Reports that come twice or late; 0 to 0.9. */
  readonly fault: number;
  readonly mode: KeyMode;
  readonly seed: number;
  /** Everything is put here and stays; without it a temporary folder, removed. */
  readonly keep?: string;
  /** Aborted by the one who waits: everything is ended and removed. */
  readonly signal?: AbortSignal;
  /** Told now and then how far it is. */
  tell?(line: string): void;
}

/** Appeals on their way at one time: more would only wait in queues. */
export const IN_FLIGHT = 200;
/** The platform's longest late commit, ms; shorter than SETTLE_AFTER_MS, as the contract promises. */
export const LATEST_COMMIT_MS = 1500;
export const SETTLE_AFTER_MS = 3000;
/** Longest delay of a slow call, ms. */
export const SLOW_MS = 800;
/** No progress for so long ends the run, ms. */
export const STALL_MS = 240_000;

/** The whole run may take so long, ms: far more than it needs, yet bounded. */
export function longestRunMs({ appeals, kills }: Pick<ChaosOptions, 'appeals' | 'kills'>): number {
  return 180_000 + appeals * 3000 + kills * 40_000;
}
