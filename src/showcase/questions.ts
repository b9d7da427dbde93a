import { levelOf, normalCode } from '../rubrics/codes.ts';
import type { ArchiveCard } from '../sed/port.ts';

/** One question of a card: a rubric of level 4 or 5. */
export interface Question {
  /** As the classifier writes it: 4 groups, 5 at level 5. */
  readonly otkCode: string;
  /** Name of the rubric as the card has it. */
  readonly name: string;
}

/** Codes that are remembered, so that a stream of nonsense does not fill the memory. */
const MOST_CODES = 20_000;
const known = new Map<string, string | null>();

/**
 * The questions of a card, in its own order: each rubric of level 4 or 5, a code given twice once. Rubrics of higher
 * levels, and what is no code of the thematic classifier, are no questions (design.md, section 1).
 */
export function questionsOf(card: Pick<ArchiveCard, 'rubrics'>): Question[] {
  const questions: Question[] = [];
  for (const { code, name } of card.rubrics) {
    const otkCode = questionCode(code);
    if (otkCode === null || questions.some((question) => question.otkCode === otkCode)) continue;
    questions.push({ otkCode, name });
  }
  return questions;
}

function questionCode(text: string): string | null {
  const found = known.get(text);
  if (found !== undefined) return found;
  const code = normalCode(text);
  const made = code === undefined || levelOf(code) < 4 ? null : code;
  if (known.size < MOST_CODES) known.set(text, made);
  return made;
}
