import type { ErrorCode } from '../model/error-codes.ts';
import type { MappingResult, RubricMapper } from '../rubrics/mapper.ts';
import type { ArchiveCard } from '../sed/port.ts';
import { type FieldFault, textOf } from './fields.ts';
import type { Question } from './questions.ts';
import { type QuestionCategory, type QuestionPlace, recordLine } from './record.ts';
import type { Verdict } from './records.ts';
import type { TermClock } from './terms.ts';

/** The appeal from which a card was born, as far as its category goes. */
export interface OriginalCategory extends QuestionCategory {
  /** The rubric that we wrote into the card; a clerk who kept it left the category as the citizen chose it. */
  readonly rubric: { readonly name: string; readonly code?: string };
}

/** By what a card is looked at; the same for all cards of a pass. */
export interface LookContext {
  readonly clock: TermClock;
  readonly mapper: RubricMapper;
  readonly includePlatformBorn: boolean;
}

/** What is to be said of a question now: a line to send, or why there is none. */
export type Look =
  | { readonly verdict: Extract<Verdict, 'send'>; readonly content: string }
  | {
      readonly verdict: Extract<Verdict, 'refuse' | 'unmapped'>;
      readonly code: ErrorCode;
      readonly field: string;
      readonly detail: string | null;
    };

/** A card without any question still gives one line of the log. */
export const NO_QUESTION: Look = {
  verdict: 'refuse',
  code: 'SHOWCASE_NO_QUESTION',
  field: 'otkCode',
  detail: null,
};

/**
 * Looks at one question: its category (the original one of the appeal when the clerk kept our rubric, else by the rules),
 * then the card's fields. A question with both faults is `unmapped`: its detail names the fields too.
 */
export function lookAt(
  context: LookContext,
  card: ArchiveCard,
  question: Question,
  place: QuestionPlace,
  faults: readonly FieldFault[] | undefined,
  original?: OriginalCategory,
): Look {
  const mapped =
    original !== undefined && keeps(question, original) ? original : map(context, card, question);
  if ('unmapped' in mapped) {
    return {
      verdict: 'unmapped',
      code: mapped.unmapped === 'no-rule' ? 'RUBRIC_NOT_MAPPED' : 'RUBRIC_CATEGORY_UNKNOWN',
      field: 'otkCode',
      detail: faults === undefined ? null : detailOf(faults),
    };
  }
  const [first] = faults ?? [];
  if (faults !== undefined && first !== undefined) {
    return { verdict: 'refuse', code: first.code, field: first.field, detail: detailOf(faults) };
  }
  return { verdict: 'send', content: recordLine(context.clock, card, question, place, mapped) };
}

/** Every field with what is wrong with it; never its value. */
export function detailOf(faults: readonly FieldFault[]): string {
  return faults.map(({ field, problem }) => `${field}: ${problem}`).join('; ');
}

function map({ mapper }: LookContext, card: ArchiveCard, { otkCode, name }: Question): MappingResult {
  const organization = textOf(card.organization);
  const mapped = mapper.map({
    otkCode,
    cardfile: card.cardfile,
    text: card.text === undefined ? name : `${name} ${card.text}`,
    ...(organization === undefined ? undefined : { organization }),
  });
  // A required parameter: an id of blanks is none.
  return 'unmapped' in mapped || mapped.subjectId.trim() !== '' ? mapped : { unmapped: 'category-unknown' };
}

function keeps({ otkCode, name }: Question, { rubric }: OriginalCategory): boolean {
  return rubric.code === undefined ? plain(rubric.name) === plain(name) : rubric.code === otkCode;
}

/** As clerks and classifiers write one name: with «е» and «ё», with one space and two. */
function plain(name: string): string {
  return name.trim().toLowerCase().replaceAll('ё', 'е').replaceAll(/\s+/g, ' ');
}
