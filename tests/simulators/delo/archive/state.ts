import { cardfilesOf, FIRST_ISN, type KeyFact, keyFact, makeCard, posIdOf, type Recipe } from './generate.ts';
import { REQUISITES } from './names.ts';
import { type RubricTree, readRubrics } from './rubrics.ts';
import type { ArchiveCounters, ArchiveFault, ArchiveOptions, ArchiveTruth } from './types.ts';

export interface FaultRule extends ArchiveFault {
  seen: number;
  fired: number;
}

/** Everything the archive knows. Cards that nobody touched are made anew each time they are asked for. */
export interface ArchiveState {
  readonly recipe: Recipe;
  readonly rubrics: RubricTree;
  readonly options: ArchiveOptions;
  readonly cardfiles: readonly { readonly due: string; readonly name: string }[];
  /** Cards that were changed or added, by ISN. */
  readonly touched: Map<number, ArchiveTruth>;
  readonly removed: Set<number>;
  /** Values written or set by hand: title → value, by ISN. */
  readonly requisites: Map<number, Map<string, string>>;
  /** Cards whose writing is a business refusal, with its words. */
  readonly refusing: Map<number, string>;
  /** ISNs beyond the generated ones, ascending. */
  readonly added: number[];
  /** Records given as they are, whatever they hold: for tests of junk. */
  readonly raw: Map<number, Record<string, unknown>>;
  readonly missingRequisites: Set<string>;
  readonly sessions: Set<string>;
  user: string;
  password: string;
  faults: FaultRule[];
  counters: ArchiveCounters;
  /** Grows with every change: what was counted before is counted anew. */
  version: number;
}

const DAY_MS = 86_400_000;

export function createState(options: ArchiveOptions): ArchiveState {
  const from = Date.parse(options.from ?? '2024-01-01');
  const to = Date.parse(options.to ?? '2025-10-31');
  const rubrics = readRubrics(options.rubricsFile);
  const dues = cardfilesOf(options.cardfiles ?? 5);
  return {
    recipe: {
      seed: options.seed ?? 1,
      cards: options.cards ?? 500,
      dues,
      fromMs: from,
      days: Math.max(1, Math.round((to - from) / DAY_MS) + 1),
      platformBorn: options.platformBorn ?? 0.1,
      poor: options.poor ?? 0.04,
      severalQuestions: options.severalQuestions ?? 0.2,
      foreign: options.foreign ?? 0,
      rubrics,
    },
    rubrics,
    options,
    cardfiles: dues.map((due, number) => ({ due, name: `Картотека № ${number + 1}` })),
    touched: new Map(),
    removed: new Set(),
    requisites: new Map(),
    refusing: new Map(),
    added: [],
    raw: new Map(),
    missingRequisites: new Set(),
    sessions: new Set(),
    user: options.user ?? 'posrednik',
    password: options.password ?? 'secret',
    faults: [],
    counters: emptyCounters(),
    version: 0,
  };
}

export function emptyCounters(): ArchiveCounters {
  return {
    logins: 0,
    refusedLogins: 0,
    logoffs: 0,
    reads: 0,
    batches: 0,
    merges: 0,
    longestUrl: 0,
    cardfilesAsked: [],
  };
}

/** How many places the list of cards has; a place may be empty (removed). */
export function places(state: ArchiveState): number {
  return state.recipe.cards + state.added.length;
}

/** ISN at a place; ISNs ascend with places. */
export function isnAt({ recipe, added }: ArchiveState, place: number): number {
  return place < recipe.cards ? FIRST_ISN + place : (added[place - recipe.cards] ?? 0);
}

/** The first place whose ISN is not below the given one. */
export function placeOf(state: ArchiveState, isn: number): number {
  const { recipe, added } = state;
  if (isn <= FIRST_ISN) return 0;
  if (isn < FIRST_ISN + recipe.cards) return isn - FIRST_ISN;
  const beyond = added.findIndex((each) => each >= isn);
  return recipe.cards + (beyond < 0 ? added.length : beyond);
}

/** A card as it is now; undefined when there is none. */
export function cardOf(state: ArchiveState, isn: number): ArchiveTruth | undefined {
  if (state.removed.has(isn)) return undefined;
  const touched = state.touched.get(isn);
  if (touched !== undefined) return touched;
  const index = isn - FIRST_ISN;
  return index >= 0 && index < state.recipe.cards ? makeCard(state.recipe, index) : undefined;
}

/** What cards are chosen by, without making the whole card; the card must be there. */
export function keyFactOf(state: ArchiveState, isn: number, fact: KeyFact): string {
  return state.touched.get(isn)?.[fact] ?? keyFact(state.recipe, isn - FIRST_ISN, fact);
}

/** Value of a requisite by its title: written, else as the card was made. */
export function requisiteOf(state: ArchiveState, isn: number, title: string): string {
  const written = state.requisites.get(isn)?.get(title);
  if (written !== undefined) return written;
  if (title === 'Номер ПОС') {
    return state.touched.get(isn)?.posId ?? posIdOf(state.recipe, isn - FIRST_ISN);
  }
  const card = cardOf(state, isn);
  return card === undefined ? '' : (madeRequisites(card)[title] ?? '');
}

/** All requisites of a card, filled ones only. */
export function requisitesOf(state: ArchiveState, card: ArchiveTruth): Record<string, string> {
  const written = state.requisites.get(card.isn);
  const all =
    written === undefined
      ? madeRequisites(card)
      : { ...madeRequisites(card), ...Object.fromEntries(written) };
  const known: Record<string, string> = {};
  for (const title of Object.keys(REQUISITES)) {
    const value = all[title];
    if (value !== undefined && value !== '' && !state.missingRequisites.has(title)) known[title] = value;
  }
  return known;
}

function madeRequisites(card: ArchiveTruth): Record<string, string> {
  return {
    'Номер ПОС': card.posId,
    'Дата ответа': card.answeredDate,
    'Результат рассмотрения': resultWords(card),
    Отозвано: card.state === 'REMOVED' ? '1' : '',
    'Вид обращения': card.kind === 'MESSAGE' ? 'Сообщение' : 'Обращение',
    'Вид заявителя': card.applicantKind,
    'Адрес проблемы': card.address,
    ОКТМО: card.oktmo,
    Широта: card.latitude,
    Долгота: card.longitude,
  };
}

function resultWords({ state, result }: ArchiveTruth): string {
  if (state === 'FORWARDED') return 'Направлено по компетенции';
  if (state === 'POSTPONED') return 'Срок продлён';
  return result;
}
