import { seededRandom } from '../../tests/simulators/platform/prng.ts';

/** One thing that a clerk does with a card, `afterMs` after the one before it. */
export type ClerkStep = { readonly afterMs: number } & (
  | { readonly do: 'resolve'; readonly surname: string; readonly quiet?: 'project' | 'private' | 'part' }
  /** The executor of the last resolution reports. */
  | { readonly do: 'report' }
  | { readonly do: 'move-term'; readonly days: number }
);

/** All that happens to one appeal, and what the platform must show of it. */
export interface AppealScript {
  readonly index: number;
  readonly steps: readonly ClerkStep[];
  /** The answer does not wait until the statuses before it are on the platform: it may cancel them. */
  readonly hasty: boolean;
  readonly answerAfterMs: number;
  readonly answerOrder: 'document-first' | 'report-first' | 'document-only';
}

/** Longer than the СЭД holds a Report back: what is told so far apart is told in order. */
const APART_MS = 700;
const SPREAD_MS = 2500;
const HASTY_SHARE = 0.1;
const TOGETHER_SHARE = 0.3;
const ORDERS = ['document-first', 'report-first', 'document-only'] as const;
const QUIET = ['project', 'private', 'part'] as const;

/** The script of the n-th appeal: the same seed gives the same scripts. Pure. */
export function scriptOf(seed: number, index: number): AppealScript {
  const random = seededRandom(seed * 1_000_003 + index);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const kinds = shuffle(['resolve', 'resolve', 'resolve', 'quiet', 'move-term'] as const, random);
  let resolutions = 0;
  let before: string | undefined;
  const steps = kinds.map((kind): ClerkStep => {
    const together = isOrderKnown(before, kind) && random() < TOGETHER_SHARE;
    const afterMs = together ? random() * 100 : APART_MS + random() * SPREAD_MS;
    before = kind;
    if (kind === 'move-term') return { do: 'move-term', afterMs, days: 40 + Math.floor(random() * 60) };
    if (kind === 'quiet' && resolutions > 0 && random() < 0.5) return { do: 'report', afterMs };
    const number = ++resolutions;
    const surname = `Исполнитель-${index}-${number}`;
    if (kind === 'resolve') return { do: 'resolve', afterMs, surname };
    const quiet = resolutions > 1 ? pick(QUIET) : pick(['project', 'private'] as const);
    return { do: 'resolve', afterMs, surname, quiet };
  });
  return {
    index,
    steps,
    hasty: random() < HASTY_SHARE,
    answerAfterMs: random() * 500,
    answerOrder: pick(ORDERS),
  };
}

/**
 * Whether the order of two things told in one Report can be known: resolutions stand there in order, and a term is
 * told behind them. A term moved just before a resolution looks the same as one moved behind it.
 */
function isOrderKnown(before: string | undefined, kind: string): boolean {
  return (before === 'resolve' && kind !== 'quiet') || (before === 'quiet' && kind === 'resolve');
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  const rest = [...list];
  const mixed: T[] = [];
  while (rest.length > 0) mixed.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return mixed;
}

/** Statuses that a script gives by the shipped rules, those of the registration included. */
export function countStatuses({ steps }: AppealScript): number {
  return 1 + steps.filter((step) => step.do === 'move-term' || isTold(step)).length;
}

/** Whether the shipped rules make a status of this resolution. */
export function isTold(step: ClerkStep): boolean {
  return step.do === 'resolve' && step.quiet === undefined;
}
