import { asObject, type JsonAnswer, readAnswer } from './answer.ts';
import type { HttpAnswer } from './http.ts';
import { type AnswerMeaning, type CallName, meaningOf, type PlatformMapping } from './mapping.ts';

/** An answer by which the platform took the call, or refused it and says why. */
export interface RefusableAnswer extends JsonAnswer {
  readonly status: number;
}

/**
 * Reads an answer that may be a refusal in words. A refusal is clear by its status alone, so its body may be anything, a
 * proxy's page too; an answer that the call was taken must be a JSON object.
 * @throws CallFailure for every meaning but `ok` and those of `refusals`
 */
export function readRefusable(
  mapping: PlatformMapping,
  call: CallName,
  answer: HttpAnswer<string>,
  refusals: readonly AnswerMeaning[],
): RefusableAnswer {
  const { status } = answer;
  const meaning = meaningOf(mapping, call, status);
  if (refusals.includes(meaning)) return { status, meaning, json: asObject(answer.body) ?? {} };
  return { status, ...readAnswer(mapping, call, answer, ['ok']) };
}
