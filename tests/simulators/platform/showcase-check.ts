import { SUBJECTS } from './classifier.ts';
import type { ReportError, ShowcaseRule, WireRecord } from './showcase-types.ts';
import { isFields } from './validation.ts';

const DATE = /^\d{4}-\d\d-\d\d$/;
const OTK = /^\d{4}(\.\d{4}){3,4}$/;
const STATES = ['NEW', 'IN_WORK', 'ANSWERED', 'POSTPONED', 'FORWARDED', 'REMOVED'];

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value.trim() !== '' && value.length <= 500;
const day: Check = (value) =>
  typeof value === 'string' && DATE.test(value) && !Number.isNaN(Date.parse(value));
const positive: Check = (value) => Number.isInteger(value) && Number(value) >= 1;
const isTrue: Check = (value) => value === true;
const among =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const within =
  (limit: number): Check =>
  (value) =>
    typeof value === 'number' && Math.abs(value) <= limit;

const REQUIRED: Readonly<Record<string, Check>> = {
  recordId: (value) => typeof value === 'string' && /^.{1,200}#\d{1,6}$/.test(value),
  regNumber: text,
  regDate: day,
  kind: among(['APPEAL_59FZ', 'MESSAGE']),
  questionNo: positive,
  questionsTotal: positive,
  otkCode: (value) => typeof value === 'string' && OTK.test(value),
  subjectId: text,
  state: among(STATES),
};

const OPTIONAL: Readonly<Record<string, Check>> = {
  subsubjectId: text,
  dueDate: day,
  answeredDate: day,
  overdue: isTrue,
  repeated: isTrue,
  oktmo: (value) => typeof value === 'string' && /^\d{8}(\d{3})?$/.test(value),
  address: text,
  latitude: within(90),
  longitude: within(180),
  channel: text,
  applicantKind: text,
  result: among(['SUPPORTED', 'EXPLAINED', 'NOT_SUPPORTED']),
};

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function known(categories: readonly string[] | undefined, record: WireRecord): boolean {
  const { subjectId, subsubjectId } = record;
  if (categories !== undefined) {
    return categories.includes(subsubjectId === undefined ? `${subjectId}` : `${subjectId}/${subsubjectId}`);
  }
  const subject = SUBJECTS.find((one) => one.id === subjectId);
  if (subject === undefined) return false;
  return subsubjectId === undefined || subject.children.some((child) => child.id === subsubjectId);
}

/** The first fault of a record; undefined: it is accepted. */
export function faultOfRecord(
  record: WireRecord,
  categories: readonly string[] | undefined,
): ReportError | undefined {
  for (const [field, value] of Object.entries(record)) {
    if (isEmpty(value)) return { field, code: 'EMPTY_PARAMETER', message: 'пустой параметр не передаётся' };
    const check = REQUIRED[field] ?? OPTIONAL[field];
    if (check === undefined) return { field, code: 'UNKNOWN_FIELD', message: 'такого параметра нет' };
    if (!check(value)) return { field, code: 'BAD_VALUE', message: 'недопустимое значение' };
  }
  const missing = Object.keys(REQUIRED).find((field) => record[field] === undefined);
  if (missing !== undefined) return { field: missing, code: 'REQUIRED', message: 'обязательный параметр' };
  if (!known(categories, record)) {
    const field = record['subsubjectId'] === undefined ? 'subjectId' : 'subsubjectId';
    return { field, code: 'UNKNOWN_CATEGORY', message: 'нет такой категории' };
  }
  return undefined;
}

/** Faults of the first line, each with its field. */
export function faultsOfHeader(
  header: unknown,
  records: number,
  ogrn: string,
): { field: string; message: string }[] {
  if (!isFields(header)) return [{ field: 'format', message: 'первая строка не является заголовком' }];
  const { format, region, organization, from, to } = header;
  const faults: { field: string; message: string }[] = [];
  const refuse = (field: string, message: string) => faults.push({ field, message });
  if (format !== 'showcase/1') refuse('format', 'неизвестный вид файла');
  if (typeof region !== 'string' || !/^\d{1,3}$/.test(region)) refuse('region', 'неизвестный регион');
  if (!isFields(organization)) refuse('organization', 'обязательный параметр');
  else if (organization['ogrn'] !== undefined && organization['ogrn'] !== ogrn) {
    refuse('organization.ogrn', 'это другая организация');
  }
  if (header['records'] !== records) refuse('records', `в файле записей: ${records}`);
  if (!day(from)) refuse('from', 'ожидается дата ГГГГ-ММ-ДД');
  if (!day(to)) refuse('to', 'ожидается дата ГГГГ-ММ-ДД');
  return faults;
}

/** Whether a whim of the platform meets a record. */
export function meets(rule: ShowcaseRule, record: WireRecord): boolean {
  const value = record[rule.field];
  return rule.equals === undefined ? value !== undefined : value === rule.equals;
}
