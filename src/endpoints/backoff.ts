/** Milliseconds; `retry` of the configuration. */
export interface BackoffSettings {
  readonly base: number;
  readonly factor: number;
  readonly cap: number;
}

/**
 * Milliseconds before the next try after `attempt` tries have failed (1 = the first): full jitter, so that many items
 * that failed together do not come back together (design.md, section 3).
 *
 * A `Retry-After` wins: never earlier than told, later by at most `base` or a tenth of it, for all who were told the same.
 * @param random gives numbers of [0, 1), as Math.random does
 */
export function nextDelay(
  attempt: number,
  settings: BackoffSettings,
  random: () => number,
  retryAfterMs?: number,
): number {
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs) && retryAfterMs > 0) {
    return Math.ceil(retryAfterMs + random() * Math.min(settings.base, retryAfterMs / 10));
  }
  return Math.round(random() * delayCeiling(attempt, settings));
}

/** The longest delay `nextDelay` gives after this attempt without `Retry-After`, ms. */
export function delayCeiling(attempt: number, { base, factor, cap }: BackoffSettings): number {
  const tries = Math.max(Math.trunc(attempt) - 1, 0);
  // Past the cap the power may be Infinity, which min takes care of.
  return Math.min(base * factor ** tries, cap);
}
