import { DateTime } from 'luxon';
import type { DeliveryPayload, PersonName, StatusPayload, StatusRole } from '../model/delivery.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { SedEventKind } from '../sed/port.ts';
import { renderTemplate } from '../text/template.ts';
import { considerationFacts, deadlineFacts, movementFacts } from './facts.ts';
import { type AnswerLimits, interpretAnswer } from './interpret-answer.ts';
import type { EventRule, ReplyRules } from './rules.ts';

/** A stored event as the flow sees it. */
export interface StoredEvent {
  readonly id: string;
  readonly kind: SedEventKind;
  readonly subject: string;
  /** When it happened, as the СЭД says; else when it was stored. Epoch ms. */
  readonly at: number;
  /** When the СЭД wrote the message that told it first; epoch ms. */
  readonly toldAt?: number;
  readonly data: Readonly<Record<string, unknown>>;
  /** Files of the message it came in. */
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly size: number }[];
}

export interface EventContext {
  readonly card: { readonly number: string | null; readonly date: string | null };
  /** The platform's current term of the appeal, epoch ms. */
  readonly answerAt: number | null;
  /** Terms that earlier Reports of this card told, oldest first: the first with a Registration is the base. */
  readonly earlierDeadlines: readonly { readonly day: string; readonly at: number }[];
  readonly timeZone: string;
  readonly limits: AnswerLimits;
}

export interface AnswerFile {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

export type Decision =
  | {
      readonly make: 'delivery';
      readonly rule: string;
      readonly payload: DeliveryPayload;
      readonly files: readonly AnswerFile[];
    }
  /** Stands in front of the administrator until a person settles it. */
  | {
      readonly make: 'attention';
      readonly rule: string;
      readonly payload: DeliveryPayload;
      readonly files: readonly AnswerFile[];
      readonly code: ErrorCode;
      readonly detail: string;
    }
  | { readonly make: 'nothing'; readonly rule: string };

/**
 * What one event of the СЭД means for the platform, by the site's rules (mappings/statuses.yaml). Pure: the dry run,
 * `mapping explain` and the flow itself get the same answer. An unreadable event gives nothing, with the reason.
 */
export function interpretEvent(event: StoredEvent, rules: ReplyRules, context: EventContext): Decision {
  if (event.kind === 'answer') return interpretAnswer(event, rules, context);
  const facts = factsOf(event);
  const rule = rules.rules.find((candidate) => candidate.on === event.kind && fits(candidate, facts));
  if (rule === undefined) return { make: 'nothing', rule: `нет правила для ${event.kind}` };
  const base = { kind: 'status', at: new Date(event.at).toISOString() } as const;
  const comment = commentOf(rule, facts, context);
  const said = comment === '' ? {} : { comment };
  switch (rule.send) {
    case 'nothing':
      return { make: 'nothing', rule: rule.name };
    case 'takeToWork':
      return status(rule, { ...base, role: 'takeToWork', ...cardOf(context), ...said });
    case 'setExecutor': {
      const executor = splitName(facts.executor, facts.post);
      return status(rule, {
        ...base,
        role: 'setExecutor',
        ...(executor === undefined ? {} : { executor }),
        ...said,
      });
    }
    case 'postpone':
      return postpone(event, rule, rules, context, { ...base, ...said });
    case 'forward':
      return forward(event, rule, rules, { ...base, ...said });
  }
}

interface Facts {
  readonly responsible: boolean;
  readonly project: boolean;
  readonly private: boolean;
  readonly subResolution: boolean;
  readonly executor: string;
  readonly post: string;
  readonly department: string;
  readonly organization: string;
  readonly text: string;
  readonly group: string;
  readonly deadline: string;
  readonly note: string;
  readonly reportText: string;
}

const NO_FACTS: Facts = {
  responsible: false,
  project: false,
  private: false,
  subResolution: false,
  executor: '',
  post: '',
  department: '',
  organization: '',
  text: '',
  group: '',
  deadline: '',
  note: '',
  reportText: '',
};

function factsOf(event: StoredEvent): Facts {
  if (event.kind === 'consideration' || event.kind === 'report') {
    const read = considerationFacts.safeParse(event.data);
    if (!read.success) return NO_FACTS;
    const { executor, ...task } = read.data;
    return {
      ...NO_FACTS,
      responsible: executor?.responsible ?? false,
      project: task.isProject,
      private: task.privacy,
      subResolution: task.parentTaskId !== undefined,
      executor: executor?.person?.fio ?? '',
      post: executor?.person?.post ?? '',
      department: executor?.department ?? '',
      organization: executor?.organization?.name ?? '',
      text: task.text ?? '',
      deadline: task.deadline ?? '',
      note: task.note ?? '',
      reportText: task.reportText ?? '',
    };
  }
  if (event.kind === 'redirection' || event.kind === 'forwarding') {
    const read = movementFacts.safeParse(event.data);
    if (!read.success) return NO_FACTS;
    const { organization, department, person } = read.data;
    return {
      ...NO_FACTS,
      organization: organization?.name ?? '',
      department: department ?? '',
      executor: person?.fio ?? '',
      post: person?.post ?? '',
    };
  }
  if (event.kind === 'deadline') {
    const read = deadlineFacts.safeParse(event.data);
    return read.success
      ? { ...NO_FACTS, deadline: read.data.deadline, note: read.data.note ?? '' }
      : NO_FACTS;
  }
  const group = (event.data['group'] as { name?: unknown } | undefined)?.name;
  return { ...NO_FACTS, group: typeof group === 'string' ? group : '' };
}

function fits({ when }: EventRule, facts: Facts): boolean {
  const flags = ['responsible', 'project', 'private', 'subResolution'] as const;
  if (!flags.every((flag) => when[flag] === undefined || when[flag] === facts[flag])) return false;
  const words = ['text', 'organization', 'group'] as const;
  return words.every((word) => when[word] === undefined || contains(facts[word], when[word]));
}

export function contains(text: string, part: string): boolean {
  return text.toLocaleLowerCase('ru').includes(part.toLocaleLowerCase('ru'));
}

function commentOf(rule: EventRule, facts: Facts, { card }: EventContext): string {
  if (rule.comment === undefined) return '';
  const values: Record<string, unknown> = {
    ...facts,
    cardNumber: card.number ?? '',
    cardDate: card.date ?? '',
  };
  return renderTemplate(rule.comment, (name) => String(values[name] ?? '')).text.trim();
}

function status(rule: EventRule, payload: StatusPayload): Decision {
  return { make: 'delivery', rule: rule.name, payload, files: [] };
}

function cardOf({ card }: EventContext): { card?: { number: string; date?: string } } {
  if (card.number === null) return {};
  return { card: { number: card.number, ...(card.date === null ? {} : { date: card.date }) } };
}

type Base = { readonly kind: 'status'; readonly at: string; readonly comment?: string };

/**
 * A term moved: only when it rose against the first Report with a Registration and is later than the platform's own,
 * and only from the newest Report (contracts/sev.md).
 */
function postpone(
  event: StoredEvent,
  rule: EventRule,
  rules: ReplyRules,
  context: EventContext,
  base: Base,
): Decision {
  const read = deadlineFacts.safeParse(event.data);
  if (!read.success) return { make: 'nothing', rule: `${rule.name}: срок не прочитан` };
  const { deadline, fields } = read.data;
  const [first] = context.earlierDeadlines;
  if (first === undefined) return { make: 'nothing', rule: `${rule.name}: первый срок карточки` };
  if (context.earlierDeadlines.some((other) => other.at > event.at)) {
    return { make: 'nothing', rule: `${rule.name}: отчёт старее уже прочитанного` };
  }
  const term = DateTime.fromISO(deadline, { zone: context.timeZone }).endOf('day').startOf('second');
  if (deadline <= first.day) return { make: 'nothing', rule: `${rule.name}: срок не вырос` };
  if (context.answerAt !== null && term.toMillis() <= context.answerAt) {
    return { make: 'nothing', rule: `${rule.name}: не позже срока платформы` };
  }
  const reason = fields.find((field) => field.name === rules.postponeReasonField)?.value.trim() ?? '';
  const payload: StatusPayload = {
    ...base,
    role: 'postpone',
    postponedTo: term.toISO({ suppressMilliseconds: true }) ?? deadline,
    ...(reason === '' ? {} : { reason }),
  };
  if (reason !== '') return status(rule, payload);
  const detail = `в карточке пуст реквизит «${rules.postponeReasonField}»`;
  return { make: 'attention', rule: rule.name, payload, files: [], code: 'POSTPONE_REASON_MISSING', detail };
}

/** Sent to another body: by the site's table of organisations, never by a guess. */
function forward(event: StoredEvent, rule: EventRule, rules: ReplyRules, base: Base): Decision {
  const read = movementFacts.safeParse(event.data);
  const organization = read.success ? read.data.organization : undefined;
  const target =
    rules.forward.find((entry) => entry.uid !== undefined && entry.uid === organization?.uid) ??
    // Two that are named alike and have each a UID of its own are two organisations.
    rules.forward.find(
      (entry) =>
        (entry.uid === undefined || organization?.uid === undefined) &&
        entry.name.trim().toLowerCase() === organization?.name?.trim().toLowerCase(),
    );
  const name = target?.name ?? organization?.name ?? '';
  const role: StatusRole = target?.to === 'parent' ? 'forwardToParent' : 'forwardToSubordinate';
  const forwardTo = { name, ...(target?.opaId === undefined ? {} : { opaId: target.opaId }) };
  const payload: StatusPayload = { ...base, role, forwardTo };
  if (target !== undefined) return status(rule, payload);
  const detail = name === '' ? 'организация не названа' : `организации «${name}» нет в таблице forward`;
  return { make: 'attention', rule: rule.name, payload, files: [], code: 'FORWARD_TARGET_UNKNOWN', detail };
}

/** «Иванов Иван Иванович» or «Иванов И.И.» in the parts that the platform asks for. */
export function splitName(fio: string, post: string): PersonName | undefined {
  const [surname, ...rest] = fio
    .trim()
    .split(/\s+/)
    .filter((part) => part !== '');
  if (surname === undefined) return undefined;
  const [name, patronymic] = rest.length === 1 ? (rest[0] ?? '').split(/(?<=\.)(?=[^.])/) : rest;
  return {
    surname,
    ...(name === undefined || name === '' ? {} : { name }),
    ...(patronymic === undefined
      ? {}
      : { patronymic: rest.length > 2 ? rest.slice(1).join(' ') : patronymic }),
    ...(post === '' ? {} : { position: post }),
  };
}
