import type { ErrorCode } from '../model/error-codes.ts';
import { Fault, toFault } from '../model/errors.ts';
import {
  type BreakerEvent,
  type BreakerSettings,
  type BreakerState,
  DEFAULT_BREAKER,
  INITIAL_BREAKER,
  isAdmitted,
  nextBreaker,
  waitMs,
} from './breaker-state.ts';

/** Who stands at the other end. */
export type EndpointName =
  | 'platform'
  | 'smtp'
  | `cabinet:${string}`
  | `channel:${string}`
  | `archive:${string}`;

/** A breaker opened (`open`) or closed again (`closed`); failed probes in between are not told. */
export interface BreakerChange {
  readonly endpoint: EndpointName;
  readonly to: 'open' | 'closed';
  /** Reading of the caller's clock, ms. */
  readonly at: number;
  /** Since when calls were held back, ms of the same clock. */
  readonly openedAt: number;
  /** The failure that opened it. */
  readonly fault?: Fault;
}

export interface BreakerOptions {
  /** Milliseconds; the same clock for all breakers. */
  readonly now: () => number;
  /** Told after the state has changed; it must not throw. */
  readonly onChange?: (change: BreakerChange) => void;
  readonly settings?: Partial<BreakerSettings>;
}

export interface Breakers {
  /**
   * Runs a call to an endpoint under its breaker. Only `transient` and `unknown` Faults count as failures; a refusal
   * shows that the endpoint works.
   * @throws Fault ENDPOINT_PAUSED at once, with `retryAfterMs` to the next probe, when it is open
   * @throws whatever `call` throws
   */
  run<T>(endpoint: EndpointName, call: () => Promise<T>): Promise<T>;
  /** For metrics and the health page: every endpoint used so far. */
  states(): ReadonlyMap<EndpointName, BreakerState['mode']>;
  /** Milliseconds until a call may go; 0 when it may go now. */
  waitMs(endpoint: EndpointName): number;
  /** Forgets an endpoint, e.g. a cabinet taken out of the configuration. */
  forget(endpoint: EndpointName): void;
}

/** Passing troubles of our own house: they tell nothing about the endpoint that was called. */
const OWN_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  'STOPPED',
  'ENDPOINT_PAUSED',
  'SPOOL_UNAVAILABLE',
  'DATABASE_UNREACHABLE',
  'EMBEDDED_DATABASE_FAILED',
  'SECRET_UNREADABLE',
  'DEFECT',
]);

/** One breaker an endpoint, kept in this process (design.md, section 3). */
export function createBreakers({ now, onChange, settings: given }: BreakerOptions): Breakers {
  const settings: BreakerSettings = { ...DEFAULT_BREAKER, ...given };
  const states = new Map<EndpointName, BreakerState>();
  const stateOf = (endpoint: EndpointName) => states.get(endpoint) ?? INITIAL_BREAKER;

  function apply(endpoint: EndpointName, event: BreakerEvent, fault?: Fault): BreakerState {
    const before = stateOf(endpoint);
    // A call that was under way when its endpoint was forgotten brings it back no more.
    if (event.type !== 'ask' && !states.has(endpoint)) return before;
    const at = now();
    const after = nextBreaker(before, event, at, settings);
    states.set(endpoint, after);
    if (before.mode === 'closed' && after.mode === 'open') {
      onChange?.({
        endpoint,
        to: 'open',
        at,
        openedAt: after.openedAt,
        ...(fault !== undefined && { fault }),
      });
    } else if (before.mode !== 'closed' && after.mode === 'closed') {
      onChange?.({ endpoint, to: 'closed', at, openedAt: before.openedAt });
    }
    return after;
  }

  async function run<T>(endpoint: EndpointName, call: () => Promise<T>): Promise<T> {
    const before = stateOf(endpoint);
    const admitted = apply(endpoint, { type: 'ask' });
    if (!isAdmitted(before, admitted)) {
      throw new Fault('ENDPOINT_PAUSED', { retryAfterMs: waitMs(admitted, now(), settings) });
    }
    const { phase } = admitted;
    try {
      const result = await call();
      apply(endpoint, { type: 'success', phase });
      return result;
    } catch (error) {
      apply(endpoint, eventOf(endpoint, error, phase), toFault(error));
      throw error;
    }
  }

  return {
    run,
    states: () => new Map([...states].map(([endpoint, state]) => [endpoint, state.mode])),
    waitMs: (endpoint) => waitMs(stateOf(endpoint), now(), settings),
    forget: (endpoint) => {
      states.delete(endpoint);
    },
  };
}

/** What one cabinet alone is told: the platform's host answers, so the other cabinets are not held back for it. */
const CABINET_TROUBLE: ReadonlySet<ErrorCode> = new Set(['PLATFORM_BUSY', 'PLATFORM_BAD_ANSWER']);

function eventOf(endpoint: EndpointName, error: unknown, phase: number): BreakerEvent {
  const fault = toFault(error);
  if (OWN_TROUBLE.has(fault.code)) return { type: 'neutral', phase };
  if (fault.kind !== 'transient' && fault.kind !== 'unknown') return { type: 'success', phase };
  const isCabinets = CABINET_TROUBLE.has(fault.code);
  if (endpoint === 'platform' && isCabinets) return { type: 'success', phase };
  if (endpoint.startsWith('cabinet:') && !isCabinets) return { type: 'neutral', phase };
  const { retryAfterMs } = fault;
  return { type: 'failure', phase, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/**
 * Runs a call that is made for one cabinet: under the platform's breaker and its own, so that one cabinet that is told
 * to wait stops nobody else.
 * @throws Fault ENDPOINT_PAUSED when either holds it back; whatever `call` throws
 */
export async function runForCabinet<T>(
  breakers: Breakers,
  opaId: string,
  call: () => Promise<T>,
): Promise<T> {
  return await breakers.run('platform', () => breakers.run(`cabinet:${opaId}`, call));
}
