import { describe, expect, it } from '@jest/globals';
import {
  CallFailure,
  type CallOutcome,
  classifyFailure,
  isShortRepeatable,
} from '../../../src/platform/rest/failure.ts';
import { ANSWER_MEANINGS, type AnswerMeaning } from '../../../src/platform/rest/mapping-schema.ts';

function answered(status: number, meaning: AnswerMeaning, more: { retryAfterMs?: number } = {}): CallOutcome {
  return { happened: 'answered', status, meaning, ...more };
}

describe('classifyFailure', () => {
  // outcome, of a read, of a write
  it.each<[string, CallOutcome, string, string]>([
    ['not started', { happened: 'not-started' }, 'STOPPED', 'STOPPED'],
    ['refused connection', { happened: 'not-sent' }, 'PLATFORM_UNREACHABLE', 'PLATFORM_UNREACHABLE'],
    ['cut', { happened: 'cut' }, 'PLATFORM_UNREACHABLE', 'PLATFORM_OUTCOME_UNKNOWN'],
    ['time-out', { happened: 'timed-out' }, 'PLATFORM_UNREACHABLE', 'PLATFORM_OUTCOME_UNKNOWN'],
    ['stop under way', { happened: 'aborted' }, 'STOPPED', 'PLATFORM_OUTCOME_UNKNOWN'],
    [
      'nonsense with 200',
      { happened: 'unreadable', detail: 'x' },
      'PLATFORM_BAD_ANSWER',
      'PLATFORM_OUTCOME_UNKNOWN',
    ],
    [
      '400/401 of a log-in',
      answered(400, 'wrong-credentials'),
      'PLATFORM_CREDENTIALS_WRONG',
      'PLATFORM_CREDENTIALS_WRONG',
    ],
    ['423', answered(423, 'cabinet-not-ready'), 'PLATFORM_CABINET_NOT_READY', 'PLATFORM_CABINET_NOT_READY'],
    ['401', answered(401, 'session-refused'), 'PLATFORM_SESSION_REFUSED', 'PLATFORM_SESSION_REFUSED'],
    ['403', answered(403, 'forbidden'), 'PLATFORM_FORBIDDEN', 'PLATFORM_FORBIDDEN'],
    ['429', answered(429, 'busy'), 'PLATFORM_BUSY', 'PLATFORM_BUSY'],
    ['503', answered(503, 'busy'), 'PLATFORM_BUSY', 'PLATFORM_OUTCOME_UNKNOWN'],
    ['500', answered(500, 'unavailable'), 'PLATFORM_UNREACHABLE', 'PLATFORM_OUTCOME_UNKNOWN'],
    ['302', answered(302, 'misdirected'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_OUTCOME_UNKNOWN'],
    ['404', answered(404, 'not-found'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_REJECTED'],
    ['409', answered(409, 'illegal-transition'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_REJECTED'],
    ['413', answered(413, 'too-large'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_REJECTED'],
    ['415', answered(415, 'type-refused'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_REJECTED'],
    ['422', answered(422, 'invalid'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_REJECTED'],
    ['410', answered(410, 'cursor-expired'), 'PLATFORM_BAD_ANSWER', 'PLATFORM_OUTCOME_UNKNOWN'],
  ])('%s', (_name, outcome, read, write) => {
    expect(classifyFailure('read', outcome)).toBe(read);
    expect(classifyFailure('write', outcome)).toBe(write);
  });

  it('no answer to a write is taken for passing trouble, but a clear «not now»', () => {
    for (const meaning of ANSWER_MEANINGS) {
      for (const status of [200, 302, 408, 422, 500, 503]) {
        const { fault } = new CallFailure('write', answered(status, meaning));
        if (meaning === 'busy' && status < 500) expect(fault.kind).toBe('transient');
        else expect(fault.kind).not.toBe('transient');
      }
    }
  });

  it('a read is never unknown', () => {
    const outcomes: CallOutcome[] = [
      { happened: 'cut' },
      { happened: 'timed-out' },
      { happened: 'aborted' },
      { happened: 'unreadable', detail: '' },
      ...ANSWER_MEANINGS.map((meaning) => answered(500, meaning)),
    ];
    for (const outcome of outcomes) expect(new CallFailure('read', outcome).fault.kind).not.toBe('unknown');
  });
});

describe('CallFailure', () => {
  it('carries status, field and wait to the Fault', () => {
    const { fault } = new CallFailure('write', {
      happened: 'answered',
      status: 422,
      meaning: 'invalid',
      field: 'comment',
      detail: 'validation',
    });
    expect(fault).toMatchObject({
      code: 'PLATFORM_REJECTED',
      field: 'comment',
      detail: 'код ответа 422: validation',
    });
    expect(new CallFailure('read', answered(429, 'busy', { retryAfterMs: 7000 })).fault.retryAfterMs).toBe(
      7000,
    );
  });
});

describe('isShortRepeatable', () => {
  it.each<[string, CallOutcome, boolean]>([
    ['refused connection', { happened: 'not-sent' }, true],
    ['cut', { happened: 'cut' }, true],
    ['nonsense', { happened: 'unreadable', detail: '' }, true],
    ['500', answered(500, 'unavailable'), true],
    ['503 without a wait', answered(503, 'busy'), true],
    ['503 with a wait', answered(503, 'busy', { retryAfterMs: 1000 }), false],
    ['time-out', { happened: 'timed-out' }, false],
    ['stop', { happened: 'aborted' }, false],
    ['403', answered(403, 'forbidden'), false],
    ['wrong password', answered(400, 'wrong-credentials'), false],
  ])('%s of a read', (_name, outcome, expected) => {
    expect(isShortRepeatable('read', new CallFailure('read', outcome))).toBe(expected);
    expect(isShortRepeatable('write', new CallFailure('write', outcome))).toBe(false);
  });
});
