import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOlder } from '../../../src/intake/fold.ts';
import type { FeedItem } from '../../../src/model/appeal.ts';
import { cardsToBe, feed, foldAll, itemOf, reloaded, rulesOf, storyOf, unreadableOf } from './items.ts';

const RUNS = { numRuns: 300 };

/** The same items in another order, some of them more than once. */
function mingled(items: FeedItem[]): fc.Arbitrary<FeedItem[]> {
  return fc
    .tuple(
      fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length }),
      fc.array(fc.constantFrom(...items), { maxLength: 5 }),
      fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
    )
    .map(([shuffled, again, places]) => {
      const all = [...shuffled];
      for (const [index, item] of again.entries()) {
        all.splice((places[index] ?? 0) % (all.length + 1), 0, item);
      }
      return all;
    });
}

const feedAndMingled = feed.chain((items) => fc.tuple(fc.constant(items), mingled(items)));

describe('folding a feed', () => {
  it('read a second time, it changes nothing and rings for nothing', () => {
    fc.assert(
      fc.property(feed, fc.boolean(), (items, reload) => {
        const first = foldAll(items);
        const start = reload ? reloaded(first.known) : first.known;
        const second = foldAll(items, rulesOf(), start);
        expect(second.known).toEqual(start);
        expect(second.results.every((result) => !result.ring && result.change === undefined)).toBe(true);
      }),
      RUNS,
    );
  });

  it('any order of pages and any duplicates give the same set of cards-to-be', () => {
    fc.assert(
      fc.property(feedAndMingled, ([items, shuffled]) => {
        const inOrder = foldAll(items);
        const other = foldAll(shuffled);
        expect(cardsToBe(other.results, other.known)).toEqual(cardsToBe(inOrder.results, inOrder.known));
      }),
      { numRuns: 1000 },
    );
  });

  it('cut into pages anywhere, with everything loaded anew between them, it gives the same', () => {
    fc.assert(
      fc.property(feed, fc.array(fc.nat(20), { maxLength: 4 }), (items, cuts) => {
        const whole = foldAll(items);
        let known: ReturnType<typeof reloaded> = new Map();
        const bounds = [
          0,
          ...cuts.map((cut) => Math.min(cut, items.length)).sort((a, b) => a - b),
          items.length,
        ];
        for (let i = 1; i < bounds.length; i += 1) {
          known = reloaded(foldAll(items.slice(bounds[i - 1], bounds[i]), rulesOf(), known).known);
        }
        expect(known).toEqual(reloaded(whole.known));
      }),
      RUNS,
    );
  });

  it('every change is stored exactly once, however often it comes', () => {
    fc.assert(
      fc.property(feedAndMingled, ([items, shuffled]) => {
        const stored = foldAll(shuffled)
          .results.flatMap((result) => result.change ?? [])
          .map((change) => `${change.posId} ${change.identity}`);
        expect(stored.sort()).toEqual(
          items.map((item) => (item.ok ? `${item.appeal.posId} ${item.appeal.changeIdentity}` : '')).sort(),
        );
      }),
      RUNS,
    );
  });

  it('the newest content is that of the greatest changeId; a NEW never replaces a card’s', () => {
    fc.assert(
      fc.property(feedAndMingled, ([items, shuffled]) => {
        for (const appeal of foldAll(shuffled).known.values()) {
          const newer = items.filter(
            (item) =>
              item.ok &&
              item.appeal.posId === appeal.posId &&
              item.appeal.change !== 'NEW' &&
              isOlder(appeal.newest ?? '', item.appeal.changeIdentity),
          );
          expect(newer).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('an appeal that has its card never loses it', () => {
    fc.assert(
      fc.property(feedAndMingled, ([, shuffled]) => {
        const opened = new Set<string>();
        for (const { known } of foldAll(shuffled).results) {
          if (opened.has(known.posId)) expect(known.stage).toBe('open');
          if (known.stage === 'open') opened.add(known.posId);
        }
      }),
      RUNS,
    );
  });

  it('forced, every appeal that has passed moderation and was not withdrawn gets its card', () => {
    fc.assert(
      fc.property(storyOf('1001', 1), (items) => {
        const rules = rulesOf({ forced: true });
        const first = foldAll(items);
        const after = foldAll(items, rules, reloaded(first.known)).known.get('1001');
        const statuses = items.map((item) => (item.ok ? item.appeal.status : ''));
        const isWithdrawn = items.some((item) => item.ok && item.appeal.change === 'WITHDRAWN');
        const isPassed = statuses.some((status) => rules.cardStatuses.has(status));
        if (!isWithdrawn && isPassed) expect(after?.stage).toBe('open');
        expect(after?.stage).not.toBe('skipped');
      }),
      RUNS,
    );
  });

  it('with unreadable items among them, no card is lost and the same appeals stay in front', () => {
    const broken = fc
      .tuple(storyOf('1001', 100), fc.array(fc.nat(5), { maxLength: 3 }))
      .map(([items, holes]) =>
        items.map((item, index) =>
          holes.includes(index) && item.ok
            ? unreadableOf({ changeIdentity: item.appeal.changeIdentity, posId: item.appeal.posId })
            : item,
        ),
      );
    fc.assert(
      fc.property(
        broken.chain((items) => fc.tuple(fc.constant(items), mingled(items))),
        ([items, shuffled]) => {
          const one = foldAll(items).known.get('1001');
          const two = foldAll(shuffled).known.get('1001');
          expect(two?.stage === 'attention').toBe(one?.stage === 'attention');
          const last = items.at(-1);
          const isLastReadable = last?.ok === true;
          const isNew = isLastReadable && last.appeal.change === 'NEW';
          if (isLastReadable && !isNew) expect([one?.error, two?.error]).toEqual([undefined, undefined]);
          if (!isLastReadable) expect([one?.error, two?.error]).not.toContain(undefined);
        },
      ),
      RUNS,
    );
  });

  it('changes without an order of their own stand in the order of arrival', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^sha256:[0-9a-f]{4}$/), { minLength: 1 }),
        (identities) => {
          const items = identities.map((changeIdentity) => itemOf({ changeIdentity, change: 'AMENDED' }));
          expect(foldAll(items).known.get('1001')?.newest).toBe(identities.at(-1));
        },
      ),
      RUNS,
    );
  });
});
