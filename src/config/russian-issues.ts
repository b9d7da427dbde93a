import { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'строка',
  number: 'число',
  int: 'целое число',
  boolean: 'true или false',
  object: 'раздел с вложенными настройками',
  array: 'список',
  record: 'раздел с вложенными настройками',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'напишите адрес целиком, например https://pos.example.ru',
  date: 'напишите день как ГГГГ-ММ-ДД, например 2026-01-31',
  regex: 'значение записано не по образцу',
};

/**
 * Words for zod's issues, given to a parse as its `error` option: what is wrong and what to write.
 * Never shows the value itself: it could be a secret in the wrong place.
 */
export function russianIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input, descriptionOf(issue));
    case 'invalid_value':
      return `напишите одно из: ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? localeText(issue);
    case 'too_small':
      return sizeWords(
        issue.origin,
        issue.inclusive === false ? 'больше' : 'не меньше',
        issue.minimum,
        issue.input,
      );
    case 'too_big':
      return sizeWords(issue.origin, issue.inclusive === false ? 'меньше' : 'не больше', issue.maximum);
    case 'unrecognized_keys':
      return `нет таких настроек: ${issue.keys.join(', ')}`;
    default:
      return localeText(issue);
  }
}

function wrongType(expected: string, input: unknown, description: string | undefined): string {
  const wanted = TYPES[expected] ?? expected;
  if (input === undefined || input === null) {
    return `обязательная настройка не задана; нужно: ${wanted}${description === undefined ? '' : ` — ${description}`}`;
  }
  if (expected === 'string' && typeof input !== 'object') {
    return 'нужна строка: возьмите значение в кавычки';
  }
  return `нужно: ${wanted}, а написано: ${TYPES[typeName(input)] ?? typeName(input)}`;
}

function typeName(input: unknown): string {
  return Array.isArray(input) ? 'array' : typeof input;
}

function sizeWords(origin: string, bound: string, limit: number | bigint, input?: unknown): string {
  if (origin === 'string') {
    return input === '' ? 'значение пусто: напишите его' : `длина должна быть ${bound} ${limit} знаков`;
  }
  if (origin === 'array') return `записей в списке должно быть ${bound} ${limit}`;
  return `число должно быть ${bound} ${limit}`;
}

function descriptionOf(issue: RawIssue): string | undefined {
  return issue.inst instanceof z.ZodType ? issue.inst.description : undefined;
}

function localeText(issue: RawIssue): string | undefined {
  const text = z.locales.ru().localeError(issue);
  return typeof text === 'string' ? text : text?.message;
}
