import { hash } from 'node:crypto';
import type { ErrorCode } from '../model/error-codes.ts';
import type { ArchiveCard } from '../sed/port.ts';
import { type FieldFault, isDay, keyOf, textOf } from './fields.ts';
import { detailOf, type Look, type LookContext, lookAt, NO_QUESTION, type OriginalCategory } from './look.ts';
import { type Question, questionsOf } from './questions.ts';
import { cardFaults } from './record.ts';
import type { Verdict } from './records.ts';

/** What is stored of a card, apart from its questions. */
export interface CardFacts {
  readonly isn: string;
  readonly regNumber: string;
  /** null when the card has none that is a day. */
  readonly regDate: string | null;
  readonly cardfile: string;
}

/** A question as the last pass left it. */
export interface KnownQuestion extends CardFacts {
  readonly id: number;
  readonly no: number;
  readonly otkCode: string;
  readonly verdict: Verdict;
  /** Of its content, hexadecimal; null when it never had any. */
  readonly hash: string | null;
  readonly code: ErrorCode | null;
  readonly field: string | null;
  readonly detail: string | null;
}

/** A row to store: a new question, or one of which something has changed. */
export interface QuestionRow {
  readonly key: string;
  readonly no: number;
  readonly otkCode: string;
  readonly facts: CardFacts;
  readonly look: Look;
}

/** What a pass does about one card. */
export interface CardPlan {
  readonly key: string;
  readonly questions: number;
  readonly added: readonly QuestionRow[];
  readonly changed: readonly QuestionRow[];
  /** Numbers of questions to take off the showcase. */
  readonly removed: readonly number[];
}

/** Whether the card is left out of the showcase by the requisite, else by where it came from. */
export function isExcluded(
  card: Pick<ArchiveCard, 'posId' | 'showcaseFlag'>,
  includePlatformBorn: boolean,
): boolean {
  return !(card.showcaseFlag ?? (isPlatformBorn(card) ? includePlatformBorn : true));
}

/** Whether the card came from the platform: the platform counts it already. */
export function isPlatformBorn(card: Pick<ArchiveCard, 'posId'>): boolean {
  return textOf(card.posId) !== undefined;
}

/**
 * What has to change in our records of a card. `known`: its questions as stored, in any order. A rubric keeps its number
 * for ever, a new one gets the next above all that the card ever had. Nothing is dropped silently: a question that is
 * there no more, and a card that is withdrawn or excluded, is taken off; a card with no question gives one refused row.
 */
export function planCard(
  context: LookContext,
  given: ArchiveCard,
  known: readonly KnownQuestion[],
  original?: OriginalCategory,
): CardPlan {
  const key = keyOf(given.key);
  const card = key === given.key ? given : { ...given, key };
  const live = known.length === 0 ? known : known.filter(({ verdict }) => verdict !== 'remove');
  if (card.state === 'REMOVED' || isExcluded(card, context.includePlatformBorn)) {
    return { key: card.key, questions: 0, added: [], changed: [], removed: live.map(({ no }) => no) };
  }
  const faults = cardFaults(card);
  const questions = readable(card, live, faults);
  const facts = factsOf(card);
  const added: QuestionRow[] = [];
  const changed: QuestionRow[] = [];
  let last = known.reduce((most, { no }) => Math.max(most, no), 0);
  for (const question of questions) {
    const { otkCode } = question;
    const before = known.find((row) => row.otkCode === otkCode);
    if (before === undefined && otkCode !== '') last += 1;
    const no = before?.no ?? (otkCode === '' ? 0 : last);
    const place = { no, total: questions.length };
    const look =
      otkCode === '' ? noQuestion(faults) : lookAt(context, card, question, place, faults, original);
    const row: QuestionRow = { key: card.key, no, otkCode, facts, look };
    if (before === undefined) added.push(row);
    else if (!isSame(before, row)) changed.push(row);
  }
  const isWanted = ({ otkCode }: KnownQuestion) => questions.some((one) => one.otkCode === otkCode);
  const removed = live.filter((row) => !isWanted(row)).map(({ no }) => no);
  return { key: card.key, questions: questions.length, added, changed, removed };
}

/**
 * The card's questions; when its rubrics could not all be read, also those that it had, for they may be there still. A
 * card with none has the one empty question.
 */
function readable(
  card: ArchiveCard,
  live: readonly KnownQuestion[],
  faults: readonly FieldFault[] | undefined,
): Question[] {
  const questions = questionsOf(card);
  if (areRubricsUnread(faults)) {
    for (const { otkCode } of live) {
      const isThere = questions.some((question) => question.otkCode === otkCode);
      if (otkCode !== '' && !isThere) questions.push({ otkCode, name: '' });
    }
  }
  return questions.length === 0 ? [{ otkCode: '', name: '' }] : questions;
}

function noQuestion(faults: readonly FieldFault[] | undefined): Look {
  return areRubricsUnread(faults)
    ? { verdict: 'refuse', code: 'SED_CARD_UNREADABLE', field: 'rubrics', detail: detailOf(faults ?? []) }
    : NO_QUESTION;
}

function areRubricsUnread(faults: readonly FieldFault[] | undefined): boolean {
  return faults?.some(({ code, field }) => code === 'SED_CARD_UNREADABLE' && field === 'rubrics') ?? false;
}

function factsOf({ isn, regNumber, regDate, cardfile }: ArchiveCard): CardFacts {
  return {
    isn: keyOf(isn),
    regNumber: textOf(regNumber) ?? '',
    regDate: isDay(regDate) ? regDate : null,
    cardfile: keyOf(cardfile),
  };
}

/** As `contentHash`, in hexadecimal, by the faster one-shot call. */
function hashOf(content: string): string {
  return hash('sha256', content);
}

function isSame(before: KnownQuestion, { facts, look }: QuestionRow): boolean {
  return (
    before.verdict === look.verdict &&
    (look.verdict === 'send'
      ? before.hash === hashOf(look.content)
      : before.code === look.code && before.field === look.field && before.detail === look.detail) &&
    before.isn === facts.isn &&
    before.regNumber === facts.regNumber &&
    before.regDate === facts.regDate &&
    before.cardfile === facts.cardfile
  );
}
