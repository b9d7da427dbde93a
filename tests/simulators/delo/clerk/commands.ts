import type { Person, Resolution } from '../types.ts';

/** What a clerk tells ДЕЛО to do with a card. Days are `YYYY-MM-DD`. */

export interface ResolveCommand {
  /** Name, or the person whole. */
  readonly executor: string | Person;
  readonly text: string;
  readonly term?: string;
  readonly author?: string | Person;
  readonly coExecutors?: readonly (string | Person)[];
  readonly project?: boolean;
  readonly private?: boolean;
  /** Task of which this one is a part. */
  readonly parent?: string;
}

export interface RedirectCommand {
  readonly organization: string;
  readonly organizationUid?: string;
  /** Way of delivery, e.g. «Почта»; default «СЭВ». */
  readonly type?: string;
}

export const ANSWER_ORDERS = ['document-first', 'report-first', 'document-only', 'report-only'] as const;
export type AnswerOrder = (typeof ANSWER_ORDERS)[number];

export interface AnswerCommand {
  readonly text?: string;
  readonly note?: string;
  readonly files?: readonly { readonly name: string; readonly content: Uint8Array | string }[];
  readonly signer?: string | Person;
  readonly number?: string;
  readonly date?: string;
  readonly group?: string;
  /** Default «общий». */
  readonly access?: string;
  /** Default «Ответ». */
  readonly linkType?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Other cards that the same letter answers. */
  readonly alsoTo?: readonly string[];
  /** Which goes out first: the document or the report that announces it; or only one of them for now. */
  readonly order?: AnswerOrder;
}

/** A command that cannot be carried out; its text is for the clerk. */
export class ClerkError extends Error {
  override readonly name = 'ClerkError';
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** A name alone is a person without a post. */
export function personOf(person: string | Person): Person {
  return typeof person === 'string' ? { fio: person } : person;
}

/** Throws ClerkError when the text is not a day of the calendar. */
export function requireDay(text: string): string {
  const at = new Date(`${text}T00:00:00Z`);
  const valid = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime());
  if (!valid || at.toISOString().slice(0, 10) !== text) throw new ClerkError('Дата пишется так: 2026-01-31');
  return text;
}

/** Throws ClerkError when the text is empty. */
export function requireText(text: string | undefined, what: string): string {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') throw new ClerkError(`Заполните поле «${what}»`);
  return trimmed;
}

/** A resolution as the command describes it. */
export function resolutionOf(
  command: ResolveCommand,
  identity: { readonly taskId: string; readonly uid: string; readonly at: string },
): Resolution {
  const executors = [command.executor, ...(command.coExecutors ?? [])].map((person, index) => {
    const whole = personOf(person);
    requireText(whole.fio, 'Исполнитель');
    return { ...whole, responsible: index === 0 };
  });
  return {
    ...identity,
    text: requireText(command.text, 'Текст резолюции'),
    author: personOf(command.author ?? { fio: 'Орлова О.О.', post: 'Заместитель главы администрации' }),
    executors,
    project: command.project === true,
    private: command.private === true,
    ...(command.term !== undefined && { term: requireDay(command.term) }),
    ...(command.parent !== undefined && { parent: command.parent }),
  };
}
