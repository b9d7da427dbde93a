import { CallFailure, type CallOutcome } from './failure.ts';
import type { HttpAnswer } from './http.ts';
import { parseJson } from './json.ts';
import { type AnswerMeaning, type CallName, meaningOf, type PlatformMapping } from './mapping.ts';
import { parseRetryAfter } from './retry-after.ts';
import { codeWord } from './text.ts';

/** A JSON answer whose status the caller knows how to read. */
export interface JsonAnswer {
  readonly meaning: AnswerMeaning;
  readonly json: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a text answer. Meanings in `accept` come back with their JSON object; all others are failures.
 * @throws CallFailure
 */
export function readAnswer(
  mapping: PlatformMapping,
  call: CallName,
  answer: HttpAnswer<string>,
  accept: readonly AnswerMeaning[],
): JsonAnswer {
  const meaning = meaningOf(mapping, call, answer.status);
  const { effect } = mapping.calls[call];
  if (!accept.includes(meaning)) throw new CallFailure(effect, answeredOutcome(mapping, call, answer));
  const json = asObject(answer.body);
  if (json === undefined) {
    const html = String(answer.headers['content-type'] ?? '').includes('html');
    const detail = html ? 'вместо JSON пришла страница HTML' : 'ответ не является объектом JSON';
    throw new CallFailure(effect, { happened: 'unreadable', detail });
  }
  return { meaning, json };
}

/**
 * Reads an answer that is a list of objects: an array, or its one element bare; undefined when the platform knows no
 * such thing.
 * @throws CallFailure
 */
export function readListAnswer(
  mapping: PlatformMapping,
  call: CallName,
  answer: HttpAnswer<string>,
): readonly unknown[] | undefined {
  const meaning = meaningOf(mapping, call, answer.status);
  if (meaning === 'not-found') return undefined;
  const { effect } = mapping.calls[call];
  if (meaning !== 'ok') throw new CallFailure(effect, answeredOutcome(mapping, call, answer));
  const list = asObjects(answer.body);
  if (list === undefined) {
    throw new CallFailure(effect, { happened: 'unreadable', detail: 'ответ не является списком JSON' });
  }
  return list;
}

function asObjects(text: string): readonly unknown[] | undefined {
  try {
    const value = parseJson(text);
    return value === null || typeof value === 'object' ? asList(value) : undefined;
  } catch {
    return undefined;
  }
}

/** What a refusing answer tells: its meaning, `Retry-After`, and such words of its body as carry no personal data. */
export function answeredOutcome(
  mapping: PlatformMapping,
  call: CallName,
  answer: HttpAnswer<unknown>,
): CallOutcome {
  const meaning = meaningOf(mapping, call, answer.status);
  const fields = (typeof answer.body === 'string' ? asObject(answer.body) : undefined) ?? {};
  const retryAfterMs = parseRetryAfter(
    answer.headers[mapping.headers.retryAfter.toLowerCase()],
    mapping.limits.retryAfterMaxSeconds * 1000,
    answer.headers['date'],
    Date.now(),
  );
  const field = firstField(fields['details']);
  const detail = meaning === 'cabinet-not-ready' ? missingChecks(mapping, fields) : codeWord(fields['error']);
  return {
    happened: 'answered',
    status: answer.status,
    meaning,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(detail !== undefined && { detail }),
    ...(field !== undefined && { field }),
  };
}

/** The text as a JSON object, else undefined. */
export function asObject(text: string): Fields | undefined {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Check-boxes the cabinet lacks, in the words of the cabinet's own page. */
function missingChecks(mapping: PlatformMapping, fields: Fields): string | undefined {
  const words = asList(fields['missing']).flatMap((item) => {
    const word = codeWord(item);
    return word === undefined ? [] : [`«${mapping.cabinetChecks[word] ?? word}»`];
  });
  return words.length === 0 ? undefined : `не отмечено ${words.join(', ')}`;
}

function firstField(details: unknown): string | undefined {
  const first = asList(details)[0];
  if (typeof first !== 'object' || first === null || !('field' in first)) return undefined;
  return typeof first.field === 'string' && /^[\w.[\]-]{1,100}$/.test(first.field) ? first.field : undefined;
}

/** A list as the platform may send it: missing, null, or one element bare. */
export function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
