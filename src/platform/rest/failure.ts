import type { ErrorCode } from '../../model/error-codes.ts';
import { Fault } from '../../model/errors.ts';
import type { AnswerMeaning } from './mapping.ts';

/** Whether a call changes something on the platform; `effect` of mappings/platform.yaml. */
export type CallEffect = 'read' | 'write';

/** What became of one HTTP exchange that did not end well. */
export type CallOutcome =
  /** Nothing of the request has left: refused, no route, unknown host, TLS not agreed. */
  | { readonly happened: 'not-sent'; readonly detail?: string; readonly cause?: unknown }
  /** The connection broke once sending may have begun. */
  | { readonly happened: 'cut'; readonly detail?: string; readonly cause?: unknown }
  | { readonly happened: 'timed-out'; readonly detail?: string; readonly cause?: unknown }
  /** We were told to stop before anything was done. */
  | { readonly happened: 'not-started' }
  /** We were told to stop while the call was under way. */
  | { readonly happened: 'aborted'; readonly cause?: unknown }
  /** Status said ok, the body says nothing we can use. */
  | { readonly happened: 'unreadable'; readonly detail: string; readonly cause?: unknown }
  | {
      readonly happened: 'answered';
      readonly status: number;
      readonly meaning: AnswerMeaning;
      readonly retryAfterMs?: number;
      readonly detail?: string;
      readonly field?: string;
    };

/** Answers by which the platform says clearly that it did not take the call, whatever the call was. */
const REFUSALS: Partial<Record<AnswerMeaning, ErrorCode>> = {
  'wrong-credentials': 'PLATFORM_CREDENTIALS_WRONG',
  'cabinet-not-ready': 'PLATFORM_CABINET_NOT_READY',
  'session-refused': 'PLATFORM_SESSION_REFUSED',
  forbidden: 'PLATFORM_FORBIDDEN',
};

/**
 * The one decision of what a failed call means (design.md section 3; contracts/platform-rest.md, tables of sections 1 and
 * 4). Pure. A read may always be repeated; of a write that may have arrived only the platform's history tells.
 */
export function classifyFailure(effect: CallEffect, outcome: CallOutcome): ErrorCode {
  if (outcome.happened === 'not-started') return 'STOPPED';
  if (outcome.happened === 'not-sent') return 'PLATFORM_UNREACHABLE';
  if (outcome.happened !== 'answered') {
    if (effect === 'write') return 'PLATFORM_OUTCOME_UNKNOWN';
    if (outcome.happened === 'aborted') return 'STOPPED';
    return outcome.happened === 'unreadable' ? 'PLATFORM_BAD_ANSWER' : 'PLATFORM_UNREACHABLE';
  }
  const refusal = REFUSALS[outcome.meaning];
  if (refusal !== undefined) return refusal;
  // 429 alone is decided before the work is begun; 503 is said by proxies too, whatever the server behind them did.
  if (outcome.meaning === 'busy' && (effect === 'read' || outcome.status < 500)) return 'PLATFORM_BUSY';
  return effect === 'read' ? readCode(outcome.meaning) : writeCode(outcome.meaning);
}

function readCode(meaning: AnswerMeaning): ErrorCode {
  return meaning === 'unavailable' ? 'PLATFORM_UNREACHABLE' : 'PLATFORM_BAD_ANSWER';
}

function writeCode(meaning: AnswerMeaning): ErrorCode {
  switch (meaning) {
    case 'not-found':
    case 'illegal-transition':
    case 'too-large':
    case 'type-refused':
    case 'invalid':
      return 'PLATFORM_REJECTED';
    default:
      return 'PLATFORM_OUTCOME_UNKNOWN';
  }
}

/** A failed exchange inside the driver: the outcome, for short repeats, and the Fault that leaves the driver. */
export class CallFailure extends Error {
  readonly outcome: CallOutcome;
  readonly fault: Fault;

  constructor(effect: CallEffect, outcome: CallOutcome) {
    const code = classifyFailure(effect, outcome);
    super(code);
    this.name = 'CallFailure';
    this.outcome = outcome;
    this.fault = new Fault(code, faultOptions(outcome));
  }
}

function faultOptions(outcome: CallOutcome): ConstructorParameters<typeof Fault>[1] {
  if (outcome.happened === 'answered') {
    const detail = [`код ответа ${outcome.status}`, outcome.detail].filter(Boolean).join(': ');
    return {
      detail,
      ...(outcome.retryAfterMs !== undefined && { retryAfterMs: outcome.retryAfterMs }),
      ...(outcome.field !== undefined && { field: outcome.field }),
    };
  }
  return {
    ...('detail' in outcome && outcome.detail !== undefined && { detail: outcome.detail }),
    ...('cause' in outcome && outcome.cause !== undefined && { cause: outcome.cause }),
  };
}

/**
 * Whether a short repeat inside the same attempt makes sense: reads only, trouble that passes by itself, no `Retry-After`,
 * and no time-out, which has already cost its whole time.
 */
export function isShortRepeatable(effect: CallEffect, failure: CallFailure): boolean {
  const { outcome, fault } = failure;
  if (effect !== 'read' || fault.kind !== 'transient' || fault.retryAfterMs !== undefined) return false;
  return outcome.happened !== 'timed-out' && fault.code !== 'STOPPED';
}
