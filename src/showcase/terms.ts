import type { ArchiveCard } from '../sed/port.ts';
import { computeDeadline, type Day, type Terms } from '../terms/index.ts';

/** By what the terms of one showcase are reckoned. */
export interface TermClock {
  readonly terms: Terms;
  /** Code of the region: chooses rules and holidays. */
  readonly region: string;
  /** The day of the pass in the cabinet's zone. */
  readonly today: Day;
  /** Whether a rule of the terms looks at the category: else it does not tell terms apart. */
  readonly byCategory: boolean;
  /** Terms that were worked out already. */
  readonly known: Map<string, Day>;
}

export interface CardTerm {
  readonly dueDate: Day;
  readonly overdue: boolean;
}

/** A term depends on few things, so a million cards have a few thousand of them. */
const MOST_KNOWN = 100_000;

export function createTermClock(terms: Terms, region: string, today: Day): TermClock {
  const byCategory = terms.rules.some(({ when }) => when.category !== undefined);
  return { terms, region, today, byCategory, known: new Map() };
}

/**
 * The term of a question and whether it is or was missed. The card's own term wins; else it is the site's rule from
 * registration on (mappings/terms.yaml). Missed: answered after it, or not answered and not handed on when it has passed.
 */
export function termOf(
  clock: TermClock,
  card: Pick<ArchiveCard, 'dueDate' | 'regDate' | 'kind' | 'state' | 'answeredDate'>,
  category: { readonly subjectId: string; readonly subsubjectId?: string },
): CardTerm {
  const dueDate = given(card.dueDate) ?? computed(clock, card, category);
  return { dueDate, overdue: isOverdue(clock.today, dueDate, card) };
}

function given(day: Day | undefined): Day | undefined {
  return day === '' ? undefined : day;
}

function isOverdue(
  today: Day,
  dueDate: Day,
  { state, answeredDate }: Pick<ArchiveCard, 'state' | 'answeredDate'>,
): boolean {
  const answered = given(answeredDate);
  if (answered !== undefined) return answered > dueDate;
  // Answered on a day that nobody wrote down, or with another organisation by now: nothing to reckon with.
  if (state === 'ANSWERED' || state === 'FORWARDED' || state === 'REMOVED') return false;
  return today > dueDate;
}

function computed(
  { terms, region, byCategory, known }: TermClock,
  { regDate, kind }: Pick<ArchiveCard, 'regDate' | 'kind'>,
  { subjectId, subsubjectId }: { readonly subjectId: string; readonly subsubjectId?: string },
): Day {
  const key = `${regDate} ${kind}${byCategory ? ` ${subjectId} ${subsubjectId ?? ''}` : ''}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const due = computeDeadline(terms, {
    registeredOn: regDate,
    kind,
    region,
    fastTrack: false,
    category: { id: subjectId },
    ...(subsubjectId === undefined ? {} : { subcategory: { id: subsubjectId } }),
  });
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, due);
  return due;
}
