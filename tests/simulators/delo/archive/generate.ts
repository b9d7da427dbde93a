import { CITIZENS, cardfileDue, FOREIGN } from './names.ts';
import { chance, pick } from './random.ts';
import type { RubricTree } from './rubrics.ts';
import type { ArchiveTruth, TrueState } from './types.ts';

export const FIRST_ISN = 100_001;
const DAY_MS = 86_400_000;

export interface Recipe {
  readonly seed: number;
  readonly cards: number;
  readonly dues: readonly string[];
  readonly fromMs: number;
  readonly days: number;
  readonly platformBorn: number;
  readonly poor: number;
  readonly severalQuestions: number;
  readonly foreign: number;
  readonly rubrics: RubricTree;
}

const STATES: readonly (readonly [TrueState, number])[] = [
  ['NEW', 0.1],
  ['IN_WORK', 0.4],
  ['POSTPONED', 0.45],
  ['FORWARDED', 0.52],
  ['REMOVED', 0.55],
  ['ANSWERED', 1],
];
const DELIVERIES = ['Почта', 'Сайт', 'Лично', 'МЭДО', 'Телеграмма'];
const APPLICANTS = [
  'Физическое лицо',
  'Физическое лицо',
  'Физическое лицо',
  'Юридическое лицо',
  'Коллективное',
  '',
];
const RESULTS = ['Поддержано', 'Разъяснено', 'Разъяснено', 'Не поддержано'] as const;

export function cardfilesOf(count: number): string[] {
  return Array.from({ length: count }, (_, number) => cardfileDue(number));
}

/** A fact by which cards are chosen, without making the whole card. */
export type KeyFact = 'cardfile' | 'docGroup' | 'regDate' | 'regNumber';

export function keyFact(recipe: Recipe, index: number, fact: KeyFact): string {
  const { seed, foreign, dues } = recipe;
  switch (fact) {
    case 'cardfile':
      return pick(dues, chance(seed, index, 1));
    case 'docGroup':
      return chance(seed, index, 2) < foreign ? FOREIGN : pick(CITIZENS, chance(seed, index, 3));
    case 'regDate':
      return isPoor(recipe, index) === 'no-date' ? '' : dayAt(recipe, index);
    case 'regNumber':
      return `ОГ-${index + 1}`;
  }
}

export function posIdOf({ seed, platformBorn }: Recipe, index: number): string {
  return chance(seed, index, 4) < platformBorn ? String(500_000_000 + index) : '';
}

function isPoor({ seed, poor }: Recipe, index: number): 'no-date' | 'upper-rubric' | undefined {
  const drawn = chance(seed, index, 5);
  if (drawn >= poor) return undefined;
  return drawn < poor / 2 ? 'no-date' : 'upper-rubric';
}

function dayAt({ fromMs, days, cards }: Recipe, index: number): string {
  return dayText(fromMs / DAY_MS + Math.floor((index * days) / cards));
}

function plus(day: string, days: number): string {
  return day === '' ? '' : dayText(Date.parse(day) / DAY_MS + days);
}

const texts = new Map<number, string>();

/** `YYYY-MM-DD` of a day since 1970; a million cards have a few hundred days. */
function dayText(number: number): string {
  let text = texts.get(number);
  if (text === undefined) {
    text = new Date(number * DAY_MS).toISOString().slice(0, 10);
    texts.set(number, text);
  }
  return text;
}

/** Card number `index`, from 0: always the same for the same recipe. */
export function makeCard(recipe: Recipe, index: number): ArchiveTruth {
  const { seed } = recipe;
  const draw = (salt: number) => chance(seed, index, salt);
  const state = STATES.find(([, upTo]) => draw(6) < upTo)?.[0] ?? 'ANSWERED';
  const regDate = keyFact(recipe, index, 'regDate');
  const isLocated = draw(7) < 0.7;
  return {
    isn: FIRST_ISN + index,
    regNumber: keyFact(recipe, index, 'regNumber'),
    regDate,
    cardfile: keyFact(recipe, index, 'cardfile'),
    docGroup: keyFact(recipe, index, 'docGroup'),
    rubrics: rubricsFor(recipe, index),
    state,
    kind: draw(8) < 0.3 ? 'MESSAGE' : 'APPEAL_59FZ',
    result: state === 'ANSWERED' ? pick(RESULTS, draw(9)) : '',
    dueDate: plus(regDate, 30),
    answeredDate: state === 'ANSWERED' ? plus(regDate, Math.floor(draw(10) * 40)) : '',
    repeated: draw(11) < 0.08,
    delivery: pick(DELIVERIES, draw(12)),
    applicantKind: pick(APPLICANTS, draw(13)),
    address: isLocated ? `ул. Лесная, д. ${1 + Math.floor(draw(14) * 90)}` : '',
    oktmo: draw(15) < 0.8 ? `8070100${Math.floor(draw(16) * 10)}` : '',
    latitude: isLocated ? (54 + draw(17)).toFixed(6) : '',
    longitude: isLocated ? (55 + draw(18)).toFixed(6).replace('.', ',') : '',
    posId: posIdOf(recipe, index),
  };
}

function rubricsFor(recipe: Recipe, index: number): string[] {
  const { rubrics, seed, severalQuestions } = recipe;
  const draw = (salt: number) => chance(seed, index, salt);
  if (isPoor(recipe, index) === 'upper-rubric') {
    return rubrics.upper.length === 0 ? [] : [pick(rubrics.upper, draw(20)).code];
  }
  const count = draw(21) < severalQuestions ? 2 + Math.floor(draw(22) * 2) : 1;
  const codes = new Set<string>();
  // Real choices are not even: a tenth of the codes gets half of the cards.
  for (let salt = 30; codes.size < count && salt < 60; salt += 1) {
    codes.add(pick(rubrics.questions, draw(salt) ** 2).code);
  }
  return [...codes];
}
