import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import type { CabinetIdentity } from '../port.ts';
import { asObject, readAnswer } from './answer.ts';
import { CallFailure } from './failure.ts';
import type { HttpAnswer } from './http.ts';
import { meaningOf, type PlatformMapping } from './mapping.ts';
import { cleanText } from './text.ts';
import { withoutMissing } from './without-missing.ts';

/** One session, as kept in memory. */
export interface Token {
  readonly value: string;
  /** Reading of the caller's clock at which it is to be renewed, ms. */
  readonly renewAt: number;
  readonly identity: CabinetIdentity;
}

const text = z
  .union([z.string(), z.int().transform(String)])
  .nullish()
  .transform((value) =>
    value === null || value === undefined || value === '' ? undefined : cleanText(value),
  );

/** No token lives longer than ten years; what claims to is nonsense. */
const seconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .pipe(z.number().positive().max(315_360_000));

const tokenAnswer = z.object({
  // Anything else could not stand in a header.
  access_token: z.string().regex(/^[\x21-\x7e]{1,16384}$/),
  token_type: z.string().nullish(),
  expires_in: seconds.nullish(),
  opaId: text,
  organization: z.object({ name: text, inn: text, ogrn: text, oktmo: text }).nullish().catch(undefined),
});

/**
 * Reads the answer to a log-in (contracts/platform-rest.md, section 1).
 * @param askedAt the clock's reading before the call was made, ms: a token's life is counted from then
 * @throws CallFailure when the platform refused or answered nonsense
 * @throws Fault PLATFORM_CABINET_MISMATCH when it let us into another cabinet
 */
export function readTokenAnswer(
  mapping: PlatformMapping,
  opaId: string,
  answer: HttpAnswer<string>,
  askedAt: number,
): Token {
  refuseOtherReasons(mapping, answer);
  const { json } = readAnswer(mapping, 'token', answer, ['ok']);
  const result = tokenAnswer.safeParse(json);
  if (!result.success) throw badToken(result.error.issues.map((issue) => issue.path.join('.')).join(', '));
  const { access_token, token_type, expires_in, opaId: answeredOpaId, organization } = result.data;
  if (token_type && token_type.toLowerCase() !== mapping.token.type.toLowerCase())
    throw badToken('token_type');
  const life = expires_in ?? mapping.token.defaultLifetimeSeconds;
  if (answeredOpaId !== undefined && answeredOpaId !== opaId) throw new Fault('PLATFORM_CABINET_MISMATCH');
  // A life shorter than twice the margin would make every call log in.
  const margin = Math.min(mapping.token.renewBeforeSeconds, life / 2);
  return {
    value: access_token,
    renewAt: askedAt + (life - margin) * 1000,
    identity: {
      ...(answeredOpaId !== undefined && { opaId: answeredOpaId }),
      ...(organization && { organization: withoutMissing(organization) }),
    },
  };
}

function refuseOtherReasons(mapping: PlatformMapping, answer: HttpAnswer<string>): void {
  if (meaningOf(mapping, 'token', answer.status) !== 'wrong-credentials') return;
  if (!mapping.token.reasonNeededFor.includes(answer.status)) return;
  if (asObject(answer.body)?.['error'] === mapping.errors.wrongCredentials) return;
  const detail = `вход отклонён с кодом ${answer.status} не из-за идентификатора или пароля; проверьте platform.tokenScope`;
  throw new CallFailure('read', { happened: 'unreadable', detail });
}

function badToken(fields: string): CallFailure {
  return new CallFailure('read', {
    happened: 'unreadable',
    detail: `в ответе на вход непригодно или отсутствует: ${fields}`,
  });
}
