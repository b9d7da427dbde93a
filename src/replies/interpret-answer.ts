import { DateTime } from 'luxon';
import type { AnswerPayload } from '../model/delivery.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { renderTemplate } from '../text/template.ts';
import { type AnswerFacts, answerFacts } from './facts.ts';
import {
  type AnswerFile,
  contains,
  type Decision,
  type EventContext,
  type StoredEvent,
  splitName,
} from './interpret.ts';
import type { ReplyRules } from './rules.ts';

/** What the platform takes with an answer. */
export interface AnswerLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** Extensions in lower case. */
  readonly types: ReadonlySet<string>;
}

/** The clerk's answer document: text, number, date, signer, files; what does not go through waits with its reason. */
export function interpretAnswer(event: StoredEvent, rules: ReplyRules, context: EventContext): Decision {
  const read = answerFacts.safeParse(event.data);
  if (!read.success) return { make: 'nothing', rule: 'документ ответа не прочитан' };
  const facts = read.data;
  const isAnswer = facts.linkTypes.some((link) =>
    rules.answers.linkTypes.some((name) => name.toLowerCase() === link.name?.trim().toLowerCase()),
  );
  if (!isAnswer) return { make: 'nothing', rule: 'связь документа не означает ответ' };
  const typeRule = rules.answers.types.find((candidate) => fits(candidate.when, facts));
  const { files, missing } = filesOf(event, facts, rules.answers.signatures);
  const payload: AnswerPayload = {
    kind: 'answer',
    answerType: typeRule?.type ?? '',
    comment: commentOf(facts, rules, files.length),
    number: facts.number ?? '',
    date: facts.date ?? dayOf(event.at, context.timeZone),
    ...signerOf(facts),
  };
  const rule = typeRule === undefined ? 'вид ответа не найден' : `вид ответа ${typeRule.type}`;
  const problem = findProblem(facts, rules, context.limits, payload, files, missing);
  if (problem === undefined) return { make: 'delivery', rule, payload, files };
  return { make: 'attention', rule, payload, files, ...problem };
}

/** The day of a moment in the cabinet's zone, `YYYY-MM-DD`. */
function dayOf(at: number, timeZone: string): string {
  return DateTime.fromMillis(at, { zone: timeZone }).toFormat('yyyy-MM-dd');
}

function findProblem(
  facts: AnswerFacts,
  rules: ReplyRules,
  limits: AnswerLimits,
  payload: AnswerPayload,
  files: readonly AnswerFile[],
  missing: readonly string[],
): { code: ErrorCode; detail: string } | undefined {
  const access = facts.access?.name?.trim().toLowerCase();
  if (
    access !== undefined &&
    access !== '' &&
    !rules.answers.openAccess.some((open) => open.toLowerCase() === access)
  ) {
    return { code: 'ANSWER_ACCESS_RESTRICTED', detail: `гриф доступа «${facts.access?.name ?? ''}»` };
  }
  if (missing.length > 0) return { code: 'ANSWER_FILE_REFUSED', detail: `нет файла: ${missing.join(', ')}` };
  // «Пустой ответ» is one with neither a text of its own nor a file; the template's words are no answer.
  const ownText = `${facts.annotation ?? ''}${facts.note ?? ''}`.trim();
  if (ownText === '' && files.length === 0)
    return { code: 'ANSWER_EMPTY', detail: 'пустой ответ: ни текста, ни файла' };
  if (payload.answerType === '') {
    return { code: 'ANSWER_TYPE_NOT_MAPPED', detail: `группа документа «${facts.group?.name ?? ''}»` };
  }
  const refusal = refusalOf(files, limits);
  return refusal === undefined ? undefined : { code: 'ANSWER_FILE_REFUSED', detail: refusal };
}

/** What the platform would not take of these files, named with its limit, in Russian; undefined when it takes them all. */
export function refusalOf(files: readonly AnswerFile[], limits: AnswerLimits): string | undefined {
  if (files.length > limits.maxFiles) return `файлов ${files.length}, разрешено ${limits.maxFiles}`;
  for (const file of files) {
    if (file.size > limits.maxFileBytes) {
      return `${file.name}: ${file.size} байт, разрешено ${limits.maxFileBytes}`;
    }
    const extension = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? '';
    if (!limits.types.has(extension)) return `${file.name}: тип «${extension}» не разрешён`;
  }
  return undefined;
}

function fits(when: ReplyRules['answers']['types'][number]['when'], facts: AnswerFacts): boolean {
  if (when.group !== undefined && !contains(facts.group?.name ?? '', when.group)) return false;
  const { rubric, field } = when;
  if (rubric !== undefined && !facts.rubrics.some((entry) => contains(entry.name ?? '', rubric)))
    return false;
  if (when.text !== undefined && !contains(`${facts.annotation ?? ''}\n${facts.note ?? ''}`, when.text))
    return false;
  return (
    field === undefined ||
    facts.fields.some(
      (entry) =>
        entry.name === field.name && entry.value.trim().toLowerCase() === field.value.trim().toLowerCase(),
    )
  );
}

function commentOf(facts: AnswerFacts, rules: ReplyRules, files: number): string {
  const values: Record<string, string> = {
    number: facts.number ?? '',
    date: facts.date ?? '',
    annotation: facts.annotation ?? '',
    note: facts.note ?? '',
    group: facts.group?.name ?? '',
    files: String(files),
  };
  return renderTemplate(rules.answers.comment, (name) => values[name] ?? '').text.trim();
}

function signerOf(facts: AnswerFacts): { signer?: NonNullable<AnswerPayload['signer']> } {
  const signer = splitName(facts.signer?.fio ?? '', facts.signer?.post ?? '');
  return signer === undefined ? {} : { signer };
}

/** Files of the document as the clerk named them; signature files only if the site says so. */
function filesOf(
  event: StoredEvent,
  facts: AnswerFacts,
  signatures: boolean,
): { files: AnswerFile[]; missing: string[] } {
  const files: AnswerFile[] = [];
  const missing: string[] = [];
  function take(resource: string | undefined, name: string): void {
    const stored = event.files.find((file) => file.name === resource);
    if (stored === undefined) missing.push(name);
    else files.push({ name, sha256: stored.sha256, size: stored.size });
  }
  for (const file of facts.files) {
    const name = nameOf(file.description, file.resource);
    take(file.resource, name);
    if (signatures) for (const resource of file.signatures) take(resource, resource);
  }
  return { files, missing };
}

const EXTENSION = /\.[^.\s]{1,8}$/;

/** As the clerk described it; a description has often no extension, and then the file's own tells the type. */
function nameOf(description: string | undefined, resource: string | undefined): string {
  const name = description ?? resource ?? '';
  return EXTENSION.test(name) ? name : `${name}${EXTENSION.exec(resource ?? '')?.[0] ?? ''}`;
}
