import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compare, isAnswer, nameOf, names } from '../../../scripts/chaos/compare.ts';

const none = new Set<string>();
const clean = { lost: [], doubled: [], outOfOrder: [] };

describe('comparing what was given with what is shown', () => {
  it('finds nothing where both are the same', () => {
    expect(compare(['a', 'b', 'c'], ['a', 'b', 'c'], none)).toEqual(clean);
  });

  it('takes what an answer let fall for neither lost nor delivered', () => {
    expect(compare(['a', 'b', 'c'], ['a', 'c'], new Set(['b']))).toEqual(clean);
  });

  it('takes what was let fall and came all the same for delivered', () => {
    expect(compare(['a', 'b'], ['a', 'b'], new Set(['b']))).toEqual(clean);
  });

  it.each([
    ['lost', ['a', 'c'], { ...clean, lost: ['b'] }],
    ['there twice', ['a', 'b', 'b', 'c'], { ...clean, doubled: ['b'] }],
    ['never given', ['a', 'x', 'b', 'c'], { ...clean, doubled: ['x'] }],
    ['overtaken', ['a', 'c', 'b'], { ...clean, outOfOrder: ['b'] }],
    ['twice and late', ['b', 'a', 'b', 'c'], { lost: [], doubled: ['b'], outOfOrder: ['a'] }],
  ])('names what is %s', (_what, shown, expected) => {
    expect(compare(['a', 'b', 'c'], shown, none)).toEqual(expected);
  });

  it('finds every entry left out, put in twice, or moved', () => {
    const given = ['a', 'b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...given), { maxLength: 8 }), (shown) => {
        const { lost, doubled, outOfOrder } = compare(given, shown, none);
        const distinct = new Set(shown);
        expect(lost).toEqual(given.filter((name) => !distinct.has(name)));
        expect(doubled).toHaveLength(shown.length - distinct.size);
        const first = [...distinct];
        const sorted = first.toSorted();
        expect(outOfOrder.length === 0).toBe(first.every((name, index) => name === sorted[index]));
      }),
    );
  });
});

describe('names of entries', () => {
  const base = { statusText: '', createdAt: '2026-02-02T10:00:00+03:00' };
  const internal = { repetition: 0 };

  it.each([
    ['TAKE_TO_WORK', { card: { number: 'ОГ-1/26' } }, {}, names.takeToWork('ОГ-1/26')],
    ['SET_EXECUTOR', { executor: { surname: 'Котов', name: 'К' } }, {}, names.setExecutor('Котов')],
    ['POSTPONE', { postponedTo: '2026-03-20T23:59:59+03:00' }, {}, names.postpone('2026-03-20')],
    [
      'SEND_RESPONSE',
      { number: 'ОТВ-1' },
      { answer: { answerType: 'EXPLAINED', fileIds: ['1', '2'] } },
      names.answer('ОТВ-1', 2),
    ],
    ['RETURN', {}, {}, 'RETURN'],
  ])('%s is known by what it says', (status, own, more, name) => {
    expect(nameOf({ ...base, status, ...more, internal: { ...internal, ...own } })).toBe(name);
  });

  it('an answer that names one file twice is not the one with two files', () => {
    const answer = { answerType: 'EXPLAINED', fileIds: ['1', '1'] };
    const shown = { ...base, status: 'SEND_RESPONSE', answer, internal: { ...internal, number: 'ОТВ-1' } };
    expect(nameOf(shown)).toBe(names.answer('ОТВ-1', 1));
    expect(isAnswer(nameOf(shown) ?? '')).toBe(true);
    expect(isAnswer(names.takeToWork('ОГ-1/26'))).toBe(false);
  });

  it("the platform's own entries have none", () => {
    expect(nameOf({ ...base, status: 'MODERATION_ACCEPT' })).toBeUndefined();
  });
});
