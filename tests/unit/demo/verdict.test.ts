import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judge, type Sight } from '../../../scripts/demo/verdict.ts';

type Row = Sight['board']['rows'][number];
type Attachment = Sight['appeals'][number]['attachments'][number];

function attachment(sha256: string): Attachment {
  return { fileId: `f-${sha256}`, name: `${sha256}.png`, size: 1, mimeType: 'image/png', sha256 };
}

function row(posId: number, changed: Partial<Row> = {}): Row {
  const number = `ОГ-${posId}/26`;
  const settled = { stage: 'open', cardStage: 'registered', cardNumber: number, errorCode: null };
  return { posId: String(posId), ...settled, ...changed };
}

function card(posId: number, shas: readonly string[] = []): Sight['cards'][number] {
  const files = shas.map((sha256) => ({ name: 'x', resource: 'x', size: 1, sha256, messageId: 'm' }));
  return { posId: String(posId), state: 'registered', number: `ОГ-${posId}/26`, files };
}

const SHOWCASE = { records: 10, accepted: 7, refused: 2, unmapped: 1, passes: 1 };
const DELIVERIES = { open: 0, attention: 0, unknownSettled: 0 };

function came(statuses: readonly string[], answers = 1, repetition = 0) {
  const entry = (status: string) => ({ status, repetition, at: '2026-01-12T12:00:00+03:00' });
  return { statuses: statuses.map(entry), answers: Array(answers).fill(entry('SEND_RESPONSE')) };
}

function sight(changed: Partial<Sight> = {}, board: Partial<Sight['board']> = {}): Sight {
  return {
    appeals: [
      { posId: 1, attachments: [attachment('a'), attachment('b')] },
      { posId: 2, attachments: [] },
    ],
    cards: [card(1, ['text', 'a', 'b']), card(2, ['text'])],
    board: {
      rows: [row(1), row(2)],
      unread: 0,
      incidents: [],
      deliveries: DELIVERIES,
      showcase: SHOWCASE,
      ...board,
    },
    replies: new Map([['1', came(['TAKE_TO_WORK', 'SET_EXECUTOR'])]]),
    toAnswer: new Set(['1']),
    ...changed,
  };
}

describe('judge', () => {
  it.each([
    ['before the first pass over the archive', { passes: 0 }],
    ['while a record is on its way', { accepted: 6 }],
  ])('does not rest %s', (_when, changed) => {
    expect(judge(sight({}, { showcase: { ...SHOWCASE, ...changed } })).settled).toBe(false);
  });

  it('is content when every appeal has its card with its files on both sides', () => {
    expect(judge(sight())).toEqual({
      appeals: 2,
      cards: 2,
      attention: 0,
      files: 2,
      statuses: 2,
      answers: 1,
      unknownSettled: 0,
      showcase: SHOWCASE,
      doubled: [],
      doubledReplies: [],
      waiting: [],
      settled: true,
    });
  });

  it.each<[string, Sight]>([
    ['ДЕЛО has no card', sight({ cards: [card(2)] })],
    [
      'the card has no number yet',
      sight({ cards: [{ ...card(1, ['a', 'b']), state: 'received' }, card(2)] }),
    ],
    ['a file has not arrived', sight({ cards: [card(1, ['text', 'a']), card(2)] })],
    ['a file arrived changed', sight({ cards: [card(1, ['a', 'B']), card(2)] })],
    ['the daemon has not read the appeal', sight({}, { rows: [row(2)] })],
    [
      'the daemon has not read the report',
      sight({}, { rows: [row(1, { cardStage: 'sent', cardNumber: null }), row(2)] }),
    ],
    ['its answer is not on the platform', sight({ replies: new Map([['1', came(['TAKE_TO_WORK'], 0)]]) })],
    ['the daemon has another number', sight({}, { rows: [row(1, { cardNumber: 'ОГ-9/26' }), row(2)] })],
  ])('waits while %s', (_why, unsettled) => {
    expect(judge(unsettled)).toMatchObject({ waiting: ['1'], settled: false, attention: 0 });
  });

  it('counts appeals, cards and unread items that need attention, and waits for none of them', () => {
    const rows = [
      row(1, { stage: 'attention', cardStage: null, cardNumber: null }),
      row(2, { cardStage: 'attention' }),
    ];
    expect(judge(sight({ cards: [] }, { rows, unread: 3 }))).toMatchObject({
      attention: 5,
      cards: 0,
      files: 0,
      waiting: [],
      settled: true,
    });
  });

  it('is not settled while something is still on its way, and counts what needs attention or was found out', () => {
    const deliveries = (changed: Partial<typeof DELIVERIES>) =>
      judge(sight({}, { deliveries: { ...DELIVERIES, ...changed } }));
    expect(deliveries({ open: 1 })).toMatchObject({ waiting: [], settled: false });
    expect(deliveries({ attention: 2 })).toMatchObject({ attention: 2, settled: true });
    expect(deliveries({ unknownSettled: 3 })).toMatchObject({ unknownSettled: 3 });
  });

  it('names an appeal with an entry that stands twice in one consideration', () => {
    const twice = (reply: ReturnType<typeof came>) =>
      judge(sight({ replies: new Map([['1', reply]]) })).doubledReplies;
    expect(twice(came(['SET_EXECUTOR', 'SET_EXECUTOR']))).toEqual(['1']);
    expect(twice(came(['SET_EXECUTOR'], 2))).toEqual(['1']);
    const first = came(['SET_EXECUTOR']);
    const again = came(['SET_EXECUTOR'], 1, 1);
    const both = {
      statuses: [...first.statuses, ...again.statuses],
      answers: [...first.answers, ...again.answers],
    };
    expect(twice(both)).toEqual([]);
  });

  it('names an appeal with two cards, and counts it once', () => {
    const cards = [card(1, ['a', 'b']), card(1, ['a', 'b']), card(2)];
    expect(judge(sight({ cards }))).toMatchObject({ cards: 2, files: 2, doubled: ['1'] });
  });

  it('is settled exactly when nobody is waited for, and never counts more than there is', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(ids, ids, ids, (appeals, cards, rows) => {
        const verdict = judge({
          appeals: appeals.map((posId) => ({ posId, attachments: [attachment(`s${posId}`)] })),
          cards: cards.map((posId) => card(posId, [`s${posId}`])),
          board: {
            rows: rows.map((posId) => row(posId)),
            unread: 0,
            incidents: [],
            deliveries: DELIVERIES,
            showcase: SHOWCASE,
          },
          replies: new Map(),
          toAnswer: new Set(),
        });
        const whole = appeals.filter((posId) => cards.includes(posId) && rows.includes(posId));
        expect(verdict.waiting).toHaveLength(appeals.length - whole.length);
        expect(verdict.settled).toBe(verdict.waiting.length === 0);
        expect(verdict.cards).toBeLessThanOrEqual(verdict.appeals);
        expect(verdict.files).toBe(verdict.cards);
      }),
    );
  });
});
