import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import { cutAtWord } from '../../text/cut.ts';
import type { HttpAnswer } from './http.ts';
import type { DeloMapping } from './mapping-schema.ts';

/** What ДЕЛО says when it does not do what it was asked (contracts/sev.md, section 2). */
const errorAnswer = z.object({
  'odata.error': z.looseObject({
    innererror: z.looseObject({ type: z.string().catch(''), message: z.string().catch('') }).optional(),
  }),
});

const MAX_MESSAGE = 300;
const QUOTED = /"[^"]*"|'[^']*'|«[^»]*»|“[^”]*”/gu;

/** Of ДЕЛО's own words what may stand in a log: it quotes what it refuses, and that may be a person's name. */
export function refusalWords(message: string): string {
  const text = message
    .toWellFormed()
    .replaceAll(QUOTED, '«…»')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return cutAtWord(text, MAX_MESSAGE) || 'без объяснения';
}

/** An error that the answer's JSON holds: a business refusal, or anything else that went wrong; undefined when none. */
export function odataFault(mapping: DeloMapping, json: unknown, status: number): Fault | undefined {
  const parsed = errorAnswer.safeParse(json);
  if (!parsed.success) return undefined;
  const inner = parsed.data['odata.error'].innererror;
  if (inner?.type === mapping.odata.refusalType) {
    return new Fault('SED_ARCHIVE_REFUSED', { detail: refusalWords(inner.message) });
  }
  const detail = `код ответа ${status}${inner?.type ? `, ${refusalWords(inner.type)}` : ''}`;
  return new Fault(status >= 500 ? 'SED_ARCHIVE_UNREACHABLE' : 'SED_ARCHIVE_BAD_ANSWER', { detail });
}

/** The fault of an answer whose status is not a success and whose body told no error of ДЕЛО's own. */
export function statusFault({ status, retryAfterMs }: Pick<HttpAnswer, 'status' | 'retryAfterMs'>): Fault {
  const passing = status >= 500 || status === 429 || status === 408;
  return new Fault(passing ? 'SED_ARCHIVE_UNREACHABLE' : 'SED_ARCHIVE_BAD_ANSWER', {
    detail: `код ответа ${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** JSON of an answer's text; undefined for what is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}
