/*
 * The breaker of one endpoint as a pure state machine (design.md, section 3). All times are milliseconds of the caller's
 * clock. Every admitted call gets the number of the phase in which it began; a result that comes back in a later phase
 * tells of the past and changes nothing.
 */

export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failuresInRow: number;
  /** Or more than `windowRate` failures among the last `windowSize` calls. */
  readonly windowSize: number;
  readonly windowRate: number;
  /** First wait before a probe; doubles with each failed probe up to the last. */
  readonly firstProbeMs: number;
  readonly lastProbeMs: number;
  /** A probe without result for this long counts as lost and lets another one go. */
  readonly lostProbeMs: number;
}

export const DEFAULT_BREAKER: BreakerSettings = {
  failuresInRow: 5,
  windowSize: 20,
  windowRate: 0.5,
  firstProbeMs: 10_000,
  lastProbeMs: 300_000,
  lostProbeMs: 300_000,
};

interface Phase {
  /** Grows with every change of mode and every probe. */
  readonly phase: number;
}
export interface ClosedState extends Phase {
  readonly mode: 'closed';
  readonly inRow: number;
  /** Newest last; true = failed. */
  readonly recent: readonly boolean[];
}
export interface OpenState extends Phase {
  readonly mode: 'open';
  /** Since when calls are held back: kept through failed probes. */
  readonly openedAt: number;
  readonly probeAt: number;
  readonly failedProbes: number;
}
export interface HalfOpenState extends Phase {
  readonly mode: 'half-open';
  readonly openedAt: number;
  readonly probeStartedAt: number;
  readonly failedProbes: number;
}
export type BreakerState = ClosedState | OpenState | HalfOpenState;

export type BreakerEvent =
  /** A call wants to go: may turn open into half-open. */
  | { readonly type: 'ask' }
  /** The endpoint answered, be it with a refusal. */
  | { readonly type: 'success'; readonly phase: number }
  /** `transient` or `unknown`. */
  | { readonly type: 'failure'; readonly phase: number; readonly retryAfterMs?: number }
  /** The call ended and says nothing of the endpoint (our own trouble, a stop). */
  | { readonly type: 'neutral'; readonly phase: number };

export const INITIAL_BREAKER: BreakerState = { mode: 'closed', phase: 0, inRow: 0, recent: [] };

/** The next state. Pure; an event of another phase than the state's gives the same state back. */
export function nextBreaker(
  state: BreakerState,
  event: BreakerEvent,
  now: number,
  settings: BreakerSettings = DEFAULT_BREAKER,
): BreakerState {
  if (event.type === 'ask') return canProbe(state, now, settings) ? startProbe(state, now) : state;
  if (event.phase !== state.phase || state.mode === 'open') return state;
  if (state.mode === 'half-open') return settleProbe(state, event, now, settings);
  return event.type === 'neutral' ? state : countCall(state, event, now, settings);
}

/** Whether a call that asked and got this state may go; `before` is the state before it asked. */
export function isAdmitted(before: BreakerState, after: BreakerState): boolean {
  return after.mode === 'closed' || (after.mode === 'half-open' && after.phase !== before.phase);
}

/** Milliseconds until a call may go again; 0 when closed. */
export function waitMs(
  state: BreakerState,
  now: number,
  settings: BreakerSettings = DEFAULT_BREAKER,
): number {
  switch (state.mode) {
    case 'closed':
      return 0;
    case 'open':
      return Math.max(state.probeAt - now, 0);
    case 'half-open':
      // Its probe decides soon; asking again after the first interval is early enough.
      return settings.firstProbeMs;
  }
}

/** How long to wait before the probe that follows `failedProbes` failed ones. */
export function probeInterval(failedProbes: number, settings: BreakerSettings = DEFAULT_BREAKER): number {
  return Math.min(settings.firstProbeMs * 2 ** failedProbes, settings.lastProbeMs);
}

function canProbe(
  state: BreakerState,
  now: number,
  settings: BreakerSettings,
): state is OpenState | HalfOpenState {
  if (state.mode === 'open') return now >= state.probeAt;
  return state.mode === 'half-open' && now - state.probeStartedAt >= settings.lostProbeMs;
}

function startProbe({ phase, openedAt, failedProbes }: OpenState | HalfOpenState, now: number): BreakerState {
  return { mode: 'half-open', phase: phase + 1, openedAt, probeStartedAt: now, failedProbes };
}

function settleProbe(
  state: HalfOpenState,
  event: Exclude<BreakerEvent, { type: 'ask' }>,
  now: number,
  settings: BreakerSettings,
): BreakerState {
  const { phase, openedAt, failedProbes } = state;
  switch (event.type) {
    case 'success':
      return { mode: 'closed', phase: phase + 1, inRow: 0, recent: [] };
    case 'neutral':
      // Nothing learnt: the next call may probe at once.
      return { mode: 'open', phase: phase + 1, openedAt, probeAt: now, failedProbes };
    case 'failure':
      return open(phase, openedAt, failedProbes + 1, now, event.retryAfterMs, settings);
  }
}

function countCall(
  state: ClosedState,
  event: { readonly type: 'success' } | { readonly type: 'failure'; readonly retryAfterMs?: number },
  now: number,
  settings: BreakerSettings,
): BreakerState {
  const isFailure = event.type === 'failure';
  const recent = [...state.recent, isFailure].slice(-settings.windowSize);
  const inRow = isFailure ? state.inRow + 1 : 0;
  const failed = recent.filter(Boolean).length;
  const isRateHigh =
    recent.length === settings.windowSize && failed > settings.windowSize * settings.windowRate;
  // Only a failure opens: a success that pushes out another success leaves the rate as it was.
  if (isFailure && (inRow >= settings.failuresInRow || isRateHigh)) {
    return open(state.phase, now, 0, now, event.retryAfterMs, settings);
  }
  return { mode: 'closed', phase: state.phase, inRow, recent };
}

function open(
  phase: number,
  openedAt: number,
  failedProbes: number,
  now: number,
  retryAfterMs: number | undefined,
  settings: BreakerSettings,
): OpenState {
  const interval = Math.max(probeInterval(failedProbes, settings), retryAfterMs ?? 0);
  return { mode: 'open', phase: phase + 1, openedAt, probeAt: now + interval, failedProbes };
}
