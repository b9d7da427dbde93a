import { z } from 'zod';
import { isKnownCode } from '../model/code-entry.ts';
import { ERROR_CODES } from '../model/error-codes.ts';
import { dayInZone } from '../terms/index.ts';
import { renderTemplate } from '../text/template.ts';
import type { ReplyRules } from './rules.ts';

/** The newest delivery of a card that is done, and the newest one that needs attention. Times are epoch ms. */
export interface MarkFacts {
  readonly done: { readonly payload: unknown; readonly at: number } | null;
  readonly attention: {
    readonly code: string | null;
    readonly detail: string | null;
    readonly at: number;
  } | null;
}

/** What the card has to show; a status that is absent stays as it is, an empty error empties the requisite. */
export interface MarkTexts {
  readonly posStatus?: string;
  readonly posError: string;
}

/** What the texts are made of; an older version may have stored the payload. */
const payloadFacts = z.object({
  kind: z.string(),
  role: z.string().optional(),
  card: z.object({ number: z.string(), date: z.string().optional() }).optional(),
  executor: z
    .object({ surname: z.string(), name: z.string().optional(), patronymic: z.string().optional() })
    .optional(),
  postponedTo: z.string().optional(),
  forwardTo: z.object({ name: z.string() }).optional(),
  number: z.string().optional(),
  date: z.string().optional(),
});

/** Texts of «Статус ПОС» and «Ошибка ПОС» by `cardMarks` of mappings/statuses.yaml. Pure; days are those of the zone. */
export function markTexts(
  rules: ReplyRules['cardMarks'],
  { done, attention }: MarkFacts,
  timeZone: string,
): MarkTexts {
  const posStatus = done === null ? undefined : statusText(rules, done, timeZone);
  return {
    ...(posStatus !== undefined && { posStatus }),
    posError: attention === null ? '' : errorText(rules, attention, timeZone),
  };
}

function statusText(
  rules: ReplyRules['cardMarks'],
  done: NonNullable<MarkFacts['done']>,
  timeZone: string,
): string | undefined {
  const read = payloadFacts.safeParse(done.payload);
  if (!read.success) return undefined;
  const { kind, role, card, executor, postponedTo, forwardTo, number, date } = read.data;
  const name = kind === 'answer' ? 'answer' : role;
  const template = Object.entries(rules).find(([key]) => key === name && key !== 'error')?.[1];
  if (template === undefined) return undefined;
  const values: Readonly<Record<string, string | undefined>> = {
    date: dayInZone(new Date(done.at), timeZone),
    number: number ?? card?.number,
    numberDate: date ?? card?.date,
    executor: [executor?.surname, executor?.name, executor?.patronymic].filter(Boolean).join(' '),
    deadline: postponedTo === undefined ? '' : dayOf(postponedTo, timeZone),
    organization: forwardTo?.name,
  };
  return tidy(renderTemplate(template, (variable) => values[variable] ?? '').text);
}

function errorText(
  { error }: ReplyRules['cardMarks'],
  { code, detail, at }: NonNullable<MarkFacts['attention']>,
  timeZone: string,
): string {
  const known = code !== null && isKnownCode(code) ? ERROR_CODES[code] : undefined;
  const values: Readonly<Record<string, string>> = {
    date: dayInZone(new Date(at), timeZone),
    title: known?.title ?? 'Отправка на платформу требует внимания',
    detail: detail ?? '',
    code: code ?? '',
  };
  // Never empty: the clerk has to see that something is wrong.
  return tidy(renderTemplate(error, (variable) => values[variable] ?? '').text) || (values['title'] ?? '');
}

function dayOf(time: string, timeZone: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : dayInZone(date, timeZone);
}

/** What a template leaves where a variable was empty. */
function tidy(text: string): string {
  return text
    .replaceAll('()', '')
    .replace(/\s+/g, ' ')
    .replace(/\s+([.,:;])/g, '$1')
    .replace(/[\s:;,]+$/, '')
    .trim();
}
