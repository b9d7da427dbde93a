import fc from 'fast-check';
import type { EligibilityRules } from '../../../src/intake/eligibility.ts';
import { type FoldResult, foldItem, type KnownAppeal } from '../../../src/intake/fold.ts';
import type { Appeal, FeedItem } from '../../../src/model/appeal.ts';

export const NOW = new Date('2026-06-15T09:00:00Z');
export const START = new Date('2026-06-01T00:00:00Z');

export const CARD_STATUSES = ['MODERATION_ACCEPT', 'TAKE_TO_WORK', 'SET_EXECUTOR', 'POSTPONE'] as const;
export const FINAL_STATUSES = ['SEND_RESPONSE', 'MODERATION_DECLINE'] as const;

export function rulesOf(more: Partial<EligibilityRules> = {}): EligibilityRules {
  return {
    startFrom: START,
    cardStatuses: new Set(CARD_STATUSES),
    finalStatuses: new Set(FINAL_STATUSES),
    forced: false,
    ...more,
  };
}

/** An appeal received after the start, open, new. */
export function appealOf(more: Partial<Appeal> = {}): Appeal {
  return {
    posId: '1001',
    changeIdentity: '1',
    kind: 'MESSAGE',
    change: 'NEW',
    status: 'MODERATION_ACCEPT',
    receivedAt: new Date('2026-06-10T09:00:00Z'),
    fastTrack: false,
    category: { id: '12', name: 'Дороги' },
    subcategory: {},
    description: 'Во дворе яма',
    location: {},
    applicant: { kind: 'PERSON' },
    customFields: [],
    attachments: [],
    unknownValues: [],
    ...more,
  };
}

export function itemOf(more: Partial<Appeal> = {}): FeedItem {
  const appeal = appealOf(more);
  return { ok: true, appeal, raw: JSON.stringify({ posId: appeal.posId, change: appeal.changeIdentity }) };
}

export function unreadableOf(more: Partial<FeedItem & { ok: false }> = {}): FeedItem {
  return {
    ok: false,
    posId: '1001',
    changeIdentity: '1',
    raw: '{"posId":1001}',
    issues: ['status: ожидалась строка'],
    ...more,
  };
}

/** Folds items one after another, as one page or as many; gives what is known at the end of each appeal. */
export function foldAll(
  items: readonly FeedItem[],
  rules = rulesOf(),
  start: ReadonlyMap<string, KnownAppeal> = new Map(),
): { known: Map<string, KnownAppeal>; results: FoldResult[] } {
  const known = new Map(start);
  const results = items.map((item) => {
    const posId = (item.ok ? item.appeal.posId : item.posId) ?? '';
    const result = foldItem(known.get(posId), item, posId, rules, NOW);
    known.set(posId, result.known);
    return result;
  });
  return { known, results };
}

/** What the store hands out again: the row and its changes, nothing of the page in which they were stored. */
export function reloaded(known: ReadonlyMap<string, KnownAppeal>): Map<string, KnownAppeal> {
  return new Map(
    [...known].map(([posId, { fields: _fields, ...row }]) => [posId, { ...row, id: posId, touched: false }]),
  );
}

/**
 * The appeals that will have a card: open, and the latest word of withdrawal or repetition among the changes still
 * to be worked on is not a withdrawal.
 */
export function cardsToBe(results: readonly FoldResult[], known: ReadonlyMap<string, KnownAppeal>): string[] {
  const cards = [...known.values()].filter((appeal) => {
    if (appeal.stage !== 'open') return false;
    const pending = results
      .map((result) => result.change)
      .filter((change) => change?.posId === appeal.posId && !change.handled)
      .filter((change) => change?.change === 'WITHDRAWN' || change?.change === 'REPEATED')
      .sort((a, b) => Number(a?.identity) - Number(b?.identity));
    return pending.at(-1)?.change !== 'WITHDRAWN';
  });
  return cards.map((appeal) => appeal.posId).sort();
}

const status = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...CARD_STATUSES) },
  { weight: 1, arbitrary: fc.constantFrom(...FINAL_STATUSES, 'MODERATION_NEW', 'SOMETHING_ELSE') },
);

/**
 * The feed of one appeal as a platform may write it: NEW first, then whatever happened, oldest change first. A
 * repetition is open and a withdrawal comes after something, as the contract has it.
 */
export function storyOf(posId: string, firstChangeId: number): fc.Arbitrary<FeedItem[]> {
  const later = fc.record({
    change: fc.constantFrom('RATED', 'REPEATED', 'WITHDRAWN', 'TERM_MOVED', 'AMENDED', 'UNHEARD_OF'),
    status,
  });
  return fc
    .record({
      first: status,
      received: fc.constantFrom('2026-05-20T09:00:00Z', '2026-06-10T09:00:00Z'),
      rest: fc.array(later, { maxLength: 5 }),
    })
    .map(({ first, received, rest }) =>
      [{ change: 'NEW', status: first }, ...rest].map((step, index) =>
        itemOf({
          posId,
          change: step.change,
          status: step.change === 'REPEATED' ? 'MODERATION_ACCEPT' : step.status,
          changeIdentity: String(firstChangeId + index),
          receivedAt: new Date(received),
        }),
      ),
    );
}

/** The whole feed of a cabinet: the stories of several appeals, mingled. */
export const feed: fc.Arbitrary<FeedItem[]> = fc
  .tuple(storyOf('1001', 100), storyOf('1002', 200), storyOf('1003', 300))
  .map((stories) => stories.flat());
