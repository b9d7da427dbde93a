import type { Card } from '../../tests/simulators/delo/index.ts';
import type { HistoryEntry } from '../../tests/simulators/platform/index.ts';
import { keyOf } from './clerk.ts';
import { compare, isAnswer, nameOf, names } from './compare.ts';
import type { Cancelled } from './database.ts';
import type { Entry } from './ledger.ts';

/** Counts of one run; the bad ones are named in BAD. */
export interface ChaosCounts {
  readonly appeals: number;
  readonly cards: number;
  readonly lostCards: number;
  readonly doubleCards: number;
  /** Statuses on the platform. */
  readonly statuses: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  readonly answers: number;
  readonly lostAnswers: number;
  readonly doubleAnswers: number;
  /** Statuses that an answer let fall, as the contract says: neither delivered nor lost. */
  readonly cancelledByAnswer: number;
}

export const BAD = [
  'lostCards',
  'doubleCards',
  'lost',
  'doubled',
  'outOfOrder',
  'lostAnswers',
  'doubleAnswers',
] as const;

export interface Sight {
  readonly entries: readonly Entry[];
  readonly cards: readonly Pick<Card, 'posId' | 'state'>[];
  /** By opaId and posId. */
  readonly histories: ReadonlyMap<string, readonly HistoryEntry[]>;
  readonly cancelled: readonly Cancelled[];
}

/** An appeal of which something is wrong, in words. */
export interface Case {
  readonly opaId: string;
  readonly posId: number;
  readonly words: string;
}

/** Compares what ДЕЛО gave with what the platform shows, appeal by appeal. Pure. */
export function judge({ entries, cards, histories, cancelled }: Sight): {
  counts: ChaosCounts;
  cases: readonly Case[];
} {
  const cardsOf = Map.groupBy(cards, (card) => card.posId);
  const fallen = Map.groupBy(cancelled, (row) => keyOf(row.opa_id, row.pos_id));
  const counts = {
    appeals: entries.length,
    cards: 0,
    lostCards: 0,
    doubleCards: 0,
    statuses: 0,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    answers: 0,
    lostAnswers: 0,
    doubleAnswers: 0,
    cancelledByAnswer: 0,
  };
  const cases: Case[] = [];
  for (const { opaId, posId, given } of entries) {
    const key = keyOf(opaId, posId);
    const own = cardsOf.get(String(posId)) ?? [];
    counts.cards += own.length;
    if (own.filter((card) => card.state === 'registered').length === 0) counts.lostCards += 1;
    if (own.length > 1) counts.doubleCards += 1;
    const shown = (histories.get(key) ?? []).flatMap((entry) => nameOf(entry) ?? []);
    const fell = new Set((fallen.get(key) ?? []).map(nameOfCancelled));
    const { lost, doubled, outOfOrder } = compare(given, shown, fell);
    counts.statuses += shown.filter((name) => !isAnswer(name)).length;
    counts.answers += shown.filter(isAnswer).length;
    counts.cancelledByAnswer += given.filter((name) => fell.has(name) && !shown.includes(name)).length;
    counts.lostAnswers += lost.filter(isAnswer).length;
    counts.lost += lost.filter((name) => !isAnswer(name)).length;
    counts.doubleAnswers += doubled.filter(isAnswer).length;
    counts.doubled += doubled.filter((name) => !isAnswer(name)).length;
    counts.outOfOrder += outOfOrder.length;
    const wrong = [
      ...(own.length === 1 ? [] : [`карточек ${own.length}`]),
      ...lost.map((name) => `нет «${name}»`),
      ...doubled.map((name) => `лишнее «${name}»`),
      ...outOfOrder.map((name) => `не на месте «${name}»`),
    ];
    if (wrong.length === 0) continue;
    cases.push({
      opaId,
      posId,
      words: `${wrong.join('; ')}\n  дано: ${given.join(', ')}\n  есть: ${shown.join(', ')}`,
    });
  }
  return { counts, cases };
}

function nameOfCancelled({ role, card, executor, postponed_to }: Cancelled): string {
  if (role === 'takeToWork') return names.takeToWork(card ?? '');
  if (role === 'setExecutor') return names.setExecutor(executor ?? '');
  return names.postpone(postponed_to?.slice(0, 10) ?? '');
}
