import { z } from 'zod';

/** What an answer's HTTP status tells; the closed set in which mappings/platform.yaml explains statuses. */
export const ANSWER_MEANINGS = [
  'ok',
  'partial',
  'wrong-credentials',
  'cabinet-not-ready',
  'session-refused',
  'forbidden',
  'busy',
  'unavailable',
  'not-found',
  'cursor-expired',
  'range-refused',
  'illegal-transition',
  'too-large',
  'type-refused',
  'invalid',
  'misdirected',
] as const;
export type AnswerMeaning = (typeof ANSWER_MEANINGS)[number];

const word = z.string({ error: 'нужна строка' }).min(1, 'не может быть пустым');
/** A header name, checked at start so that no request can fail on it later (RFC 9110, token). */
const headerName = word.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'недопустимое имя заголовка');
const titles = z.record(word, word, { error: 'нужен список «значение: название»' });
const count = z.int({ error: 'нужно целое число' }).min(1, 'нужно число от 1');
const answers = z.record(
  z.string().regex(/^([1-5]\d\d|[1-5]xx)$/, 'нужен код HTTP (404) или класс (4xx)'),
  z.enum(ANSWER_MEANINGS, { error: `нужно одно из: ${ANSWER_MEANINGS.join(', ')}` }),
  { error: 'нужен список «код: значение»' },
);

/**
 * `placeholders` are the `{names}` the path must hold, `parameters` the query or form names the call uses. `changes`: the
 * program holds this call for a write, and no mapping may make it one that is repeated without asking.
 */
function call<const P extends string = never>(
  placeholders: readonly string[],
  parameters: readonly P[] = [],
  changes = false,
) {
  const path = word
    .regex(/^\/[^\s?#]*$/, 'путь начинается с / и не содержит пробелов, ? и #')
    .refine(
      (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).join() === placeholders.join(),
      placeholders.length === 0
        ? 'в этом пути не должно быть подстановок'
        : `нужны подстановки ${placeholders.map((name) => `{${name}}`).join(', ')}`,
    );
  const names = Object.fromEntries(parameters.map((name) => [name, word])) as Record<P, typeof word>;
  return z.strictObject({
    method: z.enum(['GET', 'POST', 'PUT'], { error: 'нужно GET, POST или PUT' }),
    path,
    effect: z
      .enum(['read', 'write'], { error: 'нужно read или write' })
      .refine((effect) => !changes || effect === 'write', 'этот вызов меняет данные платформы: нужно write'),
    contentType: word.optional(),
    contentEncoding: word.optional(),
    parameters: parameters.length === 0 ? z.strictObject(names).prefault({} as never) : z.strictObject(names),
    answers,
  });
}

export const platformMappingSchema = z
  .strictObject({
    version: z.literal(1, { error: 'поддерживается только version: 1' }),
    headers: z.strictObject({
      authorization: headerName,
      authorizationScheme: headerName,
      cabinet: headerName,
      idempotencyKey: headerName,
      retryAfter: headerName,
    }),
    commonAnswers: answers,
    calls: z.strictObject({
      token: call([], ['grant', 'identifier', 'password', 'scope']),
      feed: call([], ['after', 'size', 'changedFrom', 'changedTo']),
      appeal: call(['posId']),
      file: call(['fileId']),
      uploadFile: call([], ['file'], true),
      sendStatus: call(['posId'], [], true),
      sendAnswer: call(['posId'], [], true),
      subjects: call([], ['page', 'size']),
      subsubjects: call(['subjectId', 'regionId']),
      uploadShowcase: call([], [], true),
      showcaseReport: call(['uploadId'], ['after', 'size']),
    }),
    token: z.strictObject({
      grant: word,
      type: word,
      reasonNeededFor: z.array(count),
      renewBeforeSeconds: count,
      defaultLifetimeSeconds: count,
    }),
    errors: z.strictObject({ wrongCredentials: word, cursorExpired: word }),
    cabinetChecks: titles,
    statuses: titles,
    cardStatuses: z.array(word).min(1, 'нужен хотя бы один статус'),
    finalStatuses: z.array(word).min(1, 'нужен хотя бы один статус'),
    kinds: titles,
    changes: titles,
    changeRoles: z.strictObject({
      new: word,
      rated: word,
      repeated: word,
      withdrawn: word,
      termMoved: word,
      amended: word,
    }),
    sources: titles,
    applicantKinds: z.strictObject({ person: word, legal: word }),
    itemDefaults: z.strictObject({ kind: word, change: word }),
    outgoing: z.strictObject({
      statuses: z.strictObject({
        takeToWork: word,
        setExecutor: word,
        postpone: word,
        forwardToParent: word,
        forwardToSubordinate: word,
        return: word,
      }),
      answerTypes: titles,
    }),
    showcase: z.strictObject({
      format: word,
      kinds: z.strictObject({ message: word, appeal: word }),
      states: titles,
      results: titles,
      uploadStates: z.strictObject({ received: word, parsing: word, done: word, refused: word }),
      headerFields: z.array(word),
    }),
    limits: z.strictObject({
      pageSize: count,
      answerBytes: count,
      retryAfterMaxSeconds: count,
      descriptionLength: count,
      appealFiles: count,
      ratingMin: count,
      ratingMax: count,
      uploadFileBytes: count,
      answerFiles: count,
      returningRatings: z.array(count),
      showcaseRecords: count,
      uploadTypes: titles,
    }),
  })
  .superRefine((mapping, context) => {
    const known = (path: string[], value: string, table: Record<string, string>, name: string) => {
      if (!Object.hasOwn(table, value)) {
        context.addIssue({ code: 'custom', path, message: `«${value}» нет в разделе ${name}` });
      }
    };
    const { statuses, changes, kinds } = mapping;
    mapping.cardStatuses.forEach((s, i) => {
      known(['cardStatuses', `${i}`], s, statuses, 'statuses');
      if (mapping.finalStatuses.includes(s)) {
        context.addIssue({
          code: 'custom',
          path: ['cardStatuses', `${i}`],
          message: `«${s}» назван и конечным (finalStatuses)`,
        });
      }
    });
    mapping.finalStatuses.forEach((s, i) => {
      known(['finalStatuses', `${i}`], s, statuses, 'statuses');
    });
    for (const [role, value] of Object.entries(mapping.changeRoles)) {
      known(['changeRoles', role], value, changes, 'changes');
    }
    known(['itemDefaults', 'kind'], mapping.itemDefaults.kind, kinds, 'kinds');
    known(['itemDefaults', 'change'], mapping.itemDefaults.change, changes, 'changes');
  });

export type PlatformMapping = z.infer<typeof platformMappingSchema>;
export type PlatformCalls = PlatformMapping['calls'];
export type CallName = keyof PlatformCalls;
