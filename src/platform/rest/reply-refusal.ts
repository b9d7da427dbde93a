import { Fault } from '../../model/errors.ts';
import { asList } from './answer.ts';
import type { AnswerMeaning, PlatformMapping } from './mapping.ts';
import type { RefusableAnswer } from './refusable.ts';
import { type Said, safeWords } from './safe-words.ts';
import { codeWord } from './text.ts';

const MAX_DETAILS = 10;
const RETURN_WORDS = 'Возвращено координатору';

/** Answers by which the platform says that it did not take a reply and will not take it as it is. */
export const REPLY_REFUSALS: readonly AnswerMeaning[] = [
  'not-found',
  'illegal-transition',
  'too-large',
  'type-refused',
  'invalid',
];

/** The Fault of a refused status or answer, in words without personal data (contracts/platform-rest.md, section 4). */
export function replyRefusal(mapping: PlatformMapping, answer: RefusableAnswer, said: Said): Fault {
  switch (answer.meaning) {
    case 'not-found':
      return new Fault('PLATFORM_APPEAL_UNKNOWN', { detail: withStatus(answer) });
    case 'illegal-transition':
      return new Fault('PLATFORM_ILLEGAL_TRANSITION', {
        detail: withStatus(answer, transitionWords(mapping, answer)),
      });
    default:
      return dataRefusal(answer, said);
  }
}

/** PLATFORM_REJECTED with all that the answer's `details` say, their first field as the field. */
export function dataRefusal(answer: RefusableAnswer, said: Said, more?: string): Fault {
  const details = asList(answer.json['details']).map(readDetail);
  const field = details.find((detail) => detail.field !== undefined)?.field;
  const words = details.slice(0, MAX_DETAILS).flatMap((detail) => {
    const parts = [detail.field, safeWords(detail.message, said)].filter((part) => part !== undefined);
    return parts.length === 0 ? [] : [parts.join(' — ')];
  });
  if (details.length > MAX_DETAILS) words.push(`и ещё ${details.length - MAX_DETAILS}`);
  if (more !== undefined) words.unshift(more);
  const detail = words.length === 0 ? codeWord(answer.json['error']) : words.join('; ');
  return new Fault('PLATFORM_REJECTED', {
    detail: withStatus(answer, detail),
    ...(field !== undefined && { field }),
  });
}

function withStatus({ status }: RefusableAnswer, detail?: string): string {
  return [`код ответа ${status}`, detail].filter(Boolean).join(': ');
}

function readDetail(value: unknown): { field?: string; message?: unknown } {
  if (typeof value !== 'object' || value === null) return {};
  const field = 'field' in value ? value.field : undefined;
  return {
    ...(typeof field === 'string' && /^[\w.[\]-]{1,100}$/.test(field) && { field }),
    ...('message' in value && { message: value.message }),
  };
}

function transitionWords(mapping: PlatformMapping, { json }: RefusableAnswer): string | undefined {
  const title = (status: unknown): string[] => {
    const word = codeWord(status);
    if (word === undefined) return [];
    const own = word === mapping.outgoing.statuses.return ? RETURN_WORDS : word;
    return [`«${Object.hasOwn(mapping.statuses, word) ? mapping.statuses[word] : own}»`];
  };
  const [current] = title(json['current']);
  const allowed = asList(json['allowed']).flatMap(title);
  const words = [
    ...(current === undefined ? [] : [`на платформе сейчас ${current}`]),
    ...(allowed.length > 0 ? [`допустимо: ${allowed.join(', ')}`] : []),
    ...(allowed.length === 0 && Array.isArray(json['allowed']) ? ['изменить статус больше нельзя'] : []),
  ];
  return words.length === 0 ? codeWord(json['error']) : words.join('; ');
}
