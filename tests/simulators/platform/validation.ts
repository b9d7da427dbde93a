import type { Cabinet, Settings } from './state.ts';
import { ANSWER_TYPES, REJECT_REASONS } from './words.ts';

export interface Detail {
  field: string;
  message: string;
}

export type Fields = Record<string, unknown>;

const STATUSES = [
  'TAKE_TO_WORK',
  'SET_EXECUTOR',
  'POSTPONE',
  'FORWARD_TO_PARENT',
  'FORWARD_TO_SUBORDINATE',
  'RETURN',
];
const TEXT_LIMIT = 4000;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text of a field; undefined when it is absent, null or something else. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function checkText(
  fields: Fields,
  name: string,
  required: boolean,
  details: Detail[],
  limit = TEXT_LIMIT,
): void {
  const value = fields[name];
  if (!present(value)) {
    if (required) details.push({ field: name, message: 'обязательное поле' });
  } else if (typeof value !== 'string') details.push({ field: name, message: 'ожидается строка' });
  else if (required && value.trim() === '') details.push({ field: name, message: 'пустая строка' });
  else if (value.length > limit) details.push({ field: name, message: `не более ${limit} знаков` });
}

function checkPattern(fields: Fields, name: string, pattern: RegExp, words: string, details: Detail[]): void {
  const value = fields[name];
  if (typeof value !== 'string' || !pattern.test(value) || Number.isNaN(Date.parse(value))) {
    details.push({ field: name, message: words });
  }
}

function checkPerson(fields: Fields, name: string, details: Detail[]): void {
  const value = fields[name];
  if (!isFields(value)) {
    details.push({ field: name, message: 'обязательное поле' });
    return;
  }
  for (const part of ['surname', 'name']) {
    if (!textOf(value, part)?.trim())
      details.push({ field: `${name}.${part}`, message: 'обязательное поле' });
  }
}

/** Faults of a status, each with its field; none: it may be tried. */
export function checkStatus(body: Fields): Detail[] {
  const details: Detail[] = [];
  const status = textOf(body, 'status') ?? '';
  if (!STATUSES.includes(status)) details.push({ field: 'status', message: 'неизвестный статус' });
  checkPattern(body, 'at', DATE_TIME, 'ожидается время RFC 3339 со смещением', details);
  checkText(body, 'comment', false, details);
  if (present(body['card'])) {
    if (!isFields(body['card'])) details.push({ field: 'card', message: 'ожидается объект' });
    else if (!textOf(body['card'], 'number'))
      details.push({ field: 'card.number', message: 'обязательное поле' });
  }
  if (status === 'SET_EXECUTOR' || present(body['executor'])) checkPerson(body, 'executor', details);
  if (status === 'POSTPONE') {
    checkPattern(body, 'postponedTo', DATE_TIME, 'ожидается время RFC 3339 со смещением', details);
  }
  if (status.startsWith('FORWARD_')) {
    const target = body['forwardTo'];
    if (!isFields(target) || !textOf(target, 'name')?.trim()) {
      details.push({ field: 'forwardTo.name', message: 'обязательное поле' });
    }
  }
  if (status === 'RETURN') checkText(body, 'reason', true, details);
  return details;
}

/** The file ids of an answer; a bare string counts as a list of one. */
export function fileIdsOf(body: Fields): unknown[] {
  const value = body['fileIds'];
  if (!present(value)) return [];
  return Array.isArray(value) ? value : [value];
}

/** Faults of an answer, each with its field. */
export function checkAnswer(body: Fields, cabinet: Cabinet, settings: Settings): Detail[] {
  const details: Detail[] = [];
  const type = textOf(body, 'answerType') ?? '';
  if (!ANSWER_TYPES.includes(type)) details.push({ field: 'answerType', message: 'неизвестный вид ответа' });
  checkText(body, 'comment', true, details);
  checkText(body, 'number', true, details, 100);
  checkPattern(body, 'date', DATE, 'ожидается дата ГГГГ-ММ-ДД', details);
  checkPerson(body, 'signer', details);
  const fileIds = fileIdsOf(body);
  if (fileIds.length > settings.maxAnswerFiles) {
    details.push({ field: 'fileIds', message: `не более ${settings.maxAnswerFiles} файлов` });
  }
  fileIds.forEach((id, i) => {
    const file = typeof id === 'string' ? cabinet.files.get(id) : undefined;
    if (file?.uploaded !== true) details.push({ field: `fileIds[${i}]`, message: 'файл не найден' });
  });
  const reason = textOf(body, 'rejectReasonId');
  if (type === 'REFUSED' && (reason === undefined || REJECT_REASONS[reason] === undefined)) {
    details.push({ field: 'rejectReasonId', message: 'неизвестная причина отказа' });
  }
  return details;
}
