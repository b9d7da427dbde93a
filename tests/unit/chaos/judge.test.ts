import { describe, expect, it } from '@jest/globals';
import { keyOf } from '../../../scripts/chaos/clerk.ts';
import { names } from '../../../scripts/chaos/compare.ts';
import { BAD, judge, type Sight } from '../../../scripts/chaos/judge.ts';
import { newEntry, unitsDone, unitsOf } from '../../../scripts/chaos/ledger.ts';
import { scriptOf } from '../../../scripts/chaos/script.ts';
import type { HistoryEntry } from '../../simulators/platform/index.ts';

const OPA = '100001';
const POS = 600_000_001;

const told = { statusText: '', createdAt: '2026-02-02T10:00:00+03:00' };
const taken: HistoryEntry = {
  ...told,
  status: 'TAKE_TO_WORK',
  internal: { repetition: 0, card: { number: 'ОГ-1/26' } },
};
const executor: HistoryEntry = {
  ...told,
  status: 'SET_EXECUTOR',
  internal: { repetition: 0, executor: { surname: 'Котов', name: 'К' } },
};
const answered: HistoryEntry = {
  ...told,
  status: 'SEND_RESPONSE',
  answer: { answerType: 'EXPLAINED', fileIds: ['1', '2'] },
  internal: { repetition: 0, number: 'ОТВ-1' },
};

function sight(history: readonly HistoryEntry[], over: Partial<Sight> = {}): Sight {
  const entry = newEntry(scriptOf(1, 0), OPA, POS);
  entry.given.push(names.takeToWork('ОГ-1/26'), names.setExecutor('Котов'), names.answer('ОТВ-1', 2));
  return {
    entries: [entry],
    cards: [{ posId: String(POS), state: 'registered' }],
    histories: new Map([[keyOf(OPA, POS), history]]),
    cancelled: [],
    ...over,
  };
}

function bad(over: Partial<Record<(typeof BAD)[number], number>>) {
  return { ...Object.fromEntries(BAD.map((name) => [name, 0])), ...over };
}

describe('the verdict on a run', () => {
  it('is clean when everything stands there once and in order', () => {
    const { counts, cases } = judge(sight([taken, executor, answered]));
    expect(counts).toEqual({
      appeals: 1,
      cards: 1,
      statuses: 2,
      answers: 1,
      cancelledByAnswer: 0,
      ...bad({}),
    });
    expect(cases).toEqual([]);
  });

  it.each([
    ['a lost status', [taken, answered], { lost: 1 }],
    ['a status twice', [taken, executor, executor, answered], { doubled: 1 }],
    ['statuses the wrong way round', [executor, taken, answered], { outOfOrder: 1 }],
    ['a lost answer', [taken, executor], { lostAnswers: 1 }],
    ['an answer twice', [taken, executor, answered, answered], { doubleAnswers: 1 }],
    [
      'an answer without one of its files',
      [taken, executor, { ...answered, answer: { answerType: 'EXPLAINED', fileIds: ['1'] } }],
      { lostAnswers: 1, doubleAnswers: 1 },
    ],
  ])('counts %s and names the appeal', (_what, history, expected) => {
    const { counts, cases } = judge(sight(history));
    expect(counts).toMatchObject(bad(expected));
    expect(cases).toMatchObject([{ opaId: OPA, posId: POS }]);
  });

  it('counts cards that are not there, and those that are there twice', () => {
    const card = { posId: String(POS), state: 'registered' as const };
    const all = [taken, executor, answered];
    expect(judge(sight(all, { cards: [] })).counts).toMatchObject(bad({ lostCards: 1 }));
    expect(judge(sight(all, { cards: [{ ...card, state: 'received' }] })).counts).toMatchObject(
      bad({ lostCards: 1 }),
    );
    expect(judge(sight(all, { cards: [card, card] })).counts).toMatchObject({
      ...bad({ doubleCards: 1 }),
      cards: 2,
    });
  });

  it('counts what an answer let fall apart, unless it came all the same', () => {
    const row = { opa_id: OPA, pos_id: String(POS), card: null, postponed_to: null };
    const cancelled = [{ ...row, role: 'setExecutor', executor: 'Котов' }];
    expect(judge(sight([taken, answered], { cancelled })).counts).toMatchObject({
      ...bad({}),
      cancelledByAnswer: 1,
    });
    expect(judge(sight([taken, executor, answered], { cancelled })).counts.cancelledByAnswer).toBe(0);
    const others = [{ ...row, pos_id: '7', role: 'setExecutor', executor: 'Котов' }];
    expect(judge(sight([taken, answered], { cancelled: others })).counts).toMatchObject(bad({ lost: 1 }));
  });
});

describe('how far an appeal is', () => {
  it('goes from nothing to the whole', () => {
    const entry = newEntry(scriptOf(1, 0), OPA, POS);
    expect(unitsDone(entry)).toBe(0);
    Object.assign(entry, { cardId: '1', taken: 6 });
    expect(unitsDone(entry)).toBe(unitsOf(entry.script));
  });
});
