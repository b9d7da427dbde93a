import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UPLOAD_STATES } from '../../../src/showcase/records.ts';
import {
  judgeRefusal,
  nextUploadStep,
  type PieceOutcome,
  platformCodeOf,
  pollDelay,
  type WholeRefusal,
} from '../../../src/showcase/upload-plan.ts';

const state = fc.constantFrom(...UPLOAD_STATES);
const refusal = (more: Partial<WholeRefusal> = {}): WholeRefusal => ({
  code: 'SHOWCASE_FILE_REFUSED',
  platformCode: 'X',
  field: 'f',
  ...more,
});
const alike = (count: number): PieceOutcome[] =>
  Array.from({ length: count }, () => ({ outcome: 'refused', platformCode: 'X', field: 'f' }));

describe('the next step of an upload', () => {
  it('never sends a file whose upload has an id, nor asks for a report without one', () => {
    fc.assert(
      fc.property(
        state,
        fc.integer({ min: -5, max: 5 }),
        fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        fc.option(fc.string(), { nil: undefined }),
        (place, waitMs, uploadId, reportAfter) => {
          const step = nextUploadStep({
            state: place,
            waitMs,
            ...(uploadId === undefined ? {} : { uploadId }),
            ...(reportAfter === undefined ? {} : { reportAfter }),
          });
          const isOver = ['settled', 'split', 'failed'].includes(place);
          expect(step.do === 'nothing').toBe(isOver);
          if (!isOver) expect(step.do === 'wait').toBe(waitMs > 0);
          if (step.do === 'ask') {
            expect(step).toEqual({
              do: 'ask',
              uploadId,
              ...(reportAfter === undefined ? {} : { after: reportAfter }),
            });
          }
          if (step.do === 'send') expect(place !== 'polling' || uploadId === undefined).toBe(true);
        },
      ),
    );
  });
});

describe('how often a report is asked for', () => {
  it('soon at first, then ever more rarely, never beyond ten minutes', () => {
    expect(pollDelay(0, 15_000)).toBe(15_000);
    expect(pollDelay(60_000, 15_000)).toBe(15_000);
    expect(pollDelay(600_000, 15_000)).toBe(60_000);
    expect(pollDelay(3 * 86_400_000, 15_000)).toBe(600_000);
    expect(pollDelay(0, 3_600_000)).toBe(3_600_000);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 3_600_000 }), (a, b, first) => {
        const [younger, older] = a < b ? [a, b] : [b, a];
        expect(pollDelay(older, first)).toBeGreaterThanOrEqual(pollDelay(younger, first));
        expect(pollDelay(younger, first)).toBeGreaterThanOrEqual(first);
      }),
    );
  });
});

describe('a file refused whole', () => {
  it('is halved down to its bad record', () => {
    expect(judgeRefusal(refusal(), 2, false, [])).toBe('halve');
    expect(judgeRefusal(refusal(), 1, true, alike(3))).toBe('refuse-record');
    expect(judgeRefusal(refusal(), 1, false, [])).toBe('refuse-record');
  });

  it('is never cut for its header or for what is no record’s fault', () => {
    for (const code of ['SHOWCASE_HEADER_REFUSED', 'PLATFORM_REJECTED', 'DEFECT'] as const) {
      expect(judgeRefusal(refusal({ code }), 1000, false, [])).toBe('incident');
    }
  });

  it('is an incident with the eighth piece in a row that fails alike', () => {
    expect(judgeRefusal(refusal(), 100, true, alike(6))).toBe('halve');
    expect(judgeRefusal(refusal(), 100, true, alike(7))).toBe('incident');
    expect(judgeRefusal(refusal(), 100, true, alike(20))).toBe('incident');
  });

  it('but not when one piece was taken, or failed otherwise', () => {
    expect(judgeRefusal(refusal(), 100, true, [...alike(9), { outcome: 'taken' }])).toBe('halve');
    const others: PieceOutcome[] = [
      { outcome: 'refused', platformCode: 'Y', field: 'f' },
      { outcome: 'refused', platformCode: 'X', field: 'g' },
      { outcome: 'refused', platformCode: 'X' },
    ];
    for (const other of others)
      expect(judgeRefusal(refusal(), 100, true, [...alike(9), other])).toBe('halve');
  });

  it('goes again without the records that are named', () => {
    const named = new Map([['a#1', { recordId: 'a#1', detail: 'X' }]]);
    expect(judgeRefusal(refusal({ named }), 100, true, alike(20))).toBe('cut-out');
    expect(judgeRefusal(refusal({ named: new Map() }), 100, false, [])).toBe('halve');
  });

  it('for its size is halved whatever happened to other pieces', () => {
    const tooLarge = refusal({ code: 'SHOWCASE_TOO_MANY_RECORDS' });
    expect(judgeRefusal(tooLarge, 100, true, alike(20))).toBe('halve');
    expect(judgeRefusal(tooLarge, 1, true, [])).toBe('refuse-record');
  });

  it('always ends: halving a file of any size never needs the same file twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (records) => {
        let size = records;
        let cuts = 0;
        while (judgeRefusal(refusal(), size, cuts > 0, []) === 'halve') {
          size = Math.ceil(size / 2);
          cuts += 1;
        }
        expect(size).toBe(1);
        expect(cuts).toBeLessThanOrEqual(17);
      }),
    );
  });
});

describe('the platform’s own code', () => {
  it('stands before the first colon', () => {
    expect(platformCodeOf('BAD: слова: ещё', 'Z')).toBe('BAD');
    expect(platformCodeOf('BAD', 'Z')).toBe('BAD');
    expect(platformCodeOf('', 'Z')).toBe('Z');
    expect(platformCodeOf(undefined, 'Z')).toBe('Z');
  });
});
