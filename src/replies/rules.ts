import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { Fault } from '../model/errors.ts';
import { compileTemplate, type Template, type VariableType } from '../text/template.ts';

const EVENT_VARIABLES: ReadonlyMap<string, VariableType> = new Map([
  ['cardNumber', 'text'],
  ['cardDate', 'date'],
  ['executor', 'text'],
  ['post', 'text'],
  ['department', 'text'],
  ['organization', 'text'],
  ['text', 'text'],
  ['deadline', 'date'],
  ['note', 'text'],
  ['reportText', 'text'],
]);
const ANSWER_VARIABLES: ReadonlyMap<string, VariableType> = new Map([
  ['number', 'text'],
  ['date', 'date'],
  ['annotation', 'text'],
  ['note', 'text'],
  ['group', 'text'],
  ['files', 'number'],
]);

/** What «Статус ПОС» may tell of a delivery that is done. */
const STATUS_MARK_VARIABLES: ReadonlyMap<string, VariableType> = new Map([
  ['date', 'date'],
  ['number', 'text'],
  ['numberDate', 'date'],
  ['executor', 'text'],
  ['deadline', 'date'],
  ['organization', 'text'],
]);
/** What «Ошибка ПОС» may tell of a delivery that needs attention. */
const ERROR_MARK_VARIABLES: ReadonlyMap<string, VariableType> = new Map([
  ['date', 'date'],
  ['title', 'text'],
  ['detail', 'text'],
  ['code', 'text'],
]);

function template(variables: ReadonlyMap<string, VariableType>) {
  return z.string().transform((source, context): Template => {
    const compiled = compileTemplate(source, variables);
    if (compiled.ok) return compiled.template;
    context.addIssue({ code: 'custom', message: compiled.issue });
    return z.NEVER;
  });
}

const ruleSchema = z.strictObject({
  name: z.string().min(1),
  on: z.enum(['registration', 'consideration', 'report', 'forwarding', 'redirection', 'deadline']),
  when: z
    .strictObject({
      responsible: z.boolean().optional(),
      project: z.boolean().optional(),
      private: z.boolean().optional(),
      subResolution: z.boolean().optional(),
      text: z.string().optional(),
      organization: z.string().optional(),
      group: z.string().optional(),
    })
    .prefault({}),
  send: z.enum(['takeToWork', 'setExecutor', 'postpone', 'forward', 'nothing']),
  comment: template(EVENT_VARIABLES).optional(),
});

const rulesSchema = z.strictObject({
  version: z.literal(1),
  rules: z.array(ruleSchema),
  postponeReasonField: z.string().min(1),
  forward: z.array(
    z.strictObject({
      uid: z.string().optional(),
      name: z.string().min(1),
      to: z.enum(['parent', 'subordinate']),
      opaId: z.string().optional(),
    }),
  ),
  answers: z.strictObject({
    linkTypes: z.array(z.string().min(1)).min(1),
    openAccess: z.array(z.string().min(1)),
    signatures: z.boolean(),
    types: z.array(
      z.strictObject({
        when: z
          .strictObject({
            group: z.string().optional(),
            rubric: z.string().optional(),
            text: z.string().optional(),
            field: z.strictObject({ name: z.string(), value: z.string() }).optional(),
          })
          .prefault({}),
        type: z.string().min(1),
      }),
    ),
    comment: template(ANSWER_VARIABLES),
  }),
  cardMarks: z
    .strictObject({
      takeToWork: template(STATUS_MARK_VARIABLES).prefault('Принято в работу {{date|date}}'),
      setExecutor: template(STATUS_MARK_VARIABLES).prefault('Назначен исполнитель {{date|date}}'),
      postpone: template(STATUS_MARK_VARIABLES).prefault('Срок продлён до {{deadline|date}}'),
      forwardToParent: template(STATUS_MARK_VARIABLES).prefault(
        'Перенаправлено {{date|date}}: {{organization}}',
      ),
      forwardToSubordinate: template(STATUS_MARK_VARIABLES).prefault(
        'Перенаправлено {{date|date}}: {{organization}}',
      ),
      return: template(STATUS_MARK_VARIABLES).prefault('Возвращено координатору {{date|date}}'),
      answer: template(STATUS_MARK_VARIABLES).prefault('Ответ отправлен на платформу {{date|date}}'),
      error: template(ERROR_MARK_VARIABLES).prefault('{{title}} ({{code}}). {{detail}}'),
    })
    .prefault({}),
});

/** Which events of the СЭД become which statuses and answers: mappings/statuses.yaml, checked. */
export type ReplyRules = z.infer<typeof rulesSchema>;
export type EventRule = ReplyRules['rules'][number];

/** Reads and checks the rules. @throws Fault CONFIG_INVALID naming every path at fault. */
export async function loadReplyRules(path: string): Promise<ReplyRules> {
  const source = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('CONFIG_INVALID', { detail: `${path}: файл не читается`, cause });
  });
  return parseReplyRules(source, path);
}

/** The same for text already read; `name` stands before each message. @throws Fault CONFIG_INVALID */
export function parseReplyRules(source: string, name: string): ReplyRules {
  let document: unknown;
  try {
    document = parse(source);
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { detail: `${name}: это не YAML`, cause });
  }
  const result = rulesSchema.safeParse(document);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    (issue) => `${issue.path.join('.') || '(весь файл)'}: ${issue.message}`,
  );
  throw new Fault('CONFIG_INVALID', { detail: `${name}: ${issues.join('; ')}` });
}
