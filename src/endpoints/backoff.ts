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

/** A span in which an endpoint was paused or its breaker open, ms of any one clock; without `to` it still lasts. */
export interface Outage {
  readonly from: number;
  readonly to?: number;
}

/**
 * Milliseconds of `[since, now]` that count against an item's retry window: only those in which its endpoint was neither
 * paused nor broken (design.md, section 3). Outages may overlap and come in any order.
 */
export function windowUsed(since: number, now: number, outages: readonly Outage[]): number {
  const spans = outages
    .map(({ from, to }) => ({ from: Math.max(from, since), to: Math.min(to ?? now, now) }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  let lost = 0;
  let coveredTo = since;
  for (const { from, to } of spans) {
    lost += Math.max(to - Math.max(from, coveredTo), 0);
    coveredTo = Math.max(coveredTo, to);
  }
  return Math.max(now - since - lost, 0);
}

/** Whether an item has used up its window and must be put before the administrator. */
export function isWindowUsedUp(
  since: number,
  now: number,
  outages: readonly Outage[],
  windowMs: number,
): boolean {
  return windowUsed(since, now, outages) >= windowMs;
}
