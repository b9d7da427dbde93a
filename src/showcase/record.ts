import type { ArchiveCard } from '../sed/port.ts';
import { type FieldFault, invalid, isDay, isOktmo, missing, textOf } from './fields.ts';
import type { Question } from './questions.ts';
import type { ShowcaseRecord } from './records.ts';
import { type TermClock, termOf } from './terms.ts';

/** Category of the platform for one question. */
export interface QuestionCategory {
  readonly subjectId: string;
  readonly subsubjectId?: string;
}

/** Which question of its card it is. `no` is ours for ever, so after a question was dropped it may be above `total`. */
export interface QuestionPlace {
  readonly no: number;
  readonly total: number;
}

/**
 * The line of a question, keys in the order of `ShowcaseRecord`, nothing empty in it (contracts/platform-rest.md, section
 * 6). The card must have no field faults. Put together by hand: a million of them take half the time so.
 */
export function recordLine(
  clock: TermClock,
  card: ArchiveCard,
  question: Question,
  { no, total }: QuestionPlace,
  category: QuestionCategory,
): string {
  const { dueDate, overdue } = termOf(clock, card, category);
  return `{"recordId":${JSON.stringify(`${card.key}#${no}`)}${text(
    'regNumber',
    card.regNumber,
  )},"regDate":"${card.regDate}","kind":"${card.kind}","questionNo":${no},"questionsTotal":${total},"otkCode":"${
    question.otkCode
  }"${text('subjectId', category.subjectId)}${text('subsubjectId', category.subsubjectId)},"state":"${
    card.state
  }","dueDate":"${dueDate}"${text('answeredDate', card.answeredDate)}${overdue ? ',"overdue":true' : ''}${
    card.repeated ? ',"repeated":true' : ''
  }${text('oktmo', card.oktmo)}${text('address', card.address)}${number('latitude', card.latitude)}${number(
    'longitude',
    card.longitude,
  )}${text('channel', card.channel)}${text('applicantKind', card.applicantKind)}${text('result', card.result)}}`;
}

function text(field: keyof ShowcaseRecord, value: string | undefined): string {
  const fit = textOf(value);
  return fit === undefined ? '' : `,"${field}":${JSON.stringify(fit)}`;
}

function number(field: keyof ShowcaseRecord, value: number | undefined): string {
  return value === undefined ? '' : `,"${field}":${JSON.stringify(value)}`;
}

/**
 * What keeps all questions of a card out of the showcase: fields that the archive could not read, required ones that are
 * empty, and values that are none. Undefined when all is well.
 */
export function cardFaults(card: ArchiveCard): readonly FieldFault[] | undefined {
  const { key, regNumber, regDate, dueDate, answeredDate, latitude, longitude, issues } = card;
  const oktmo = textOf(card.oktmo);
  const faults: FieldFault[] = [];
  for (const { field, problem } of issues ?? []) faults.push({ code: 'SED_CARD_UNREADABLE', field, problem });
  if (textOf(key) === undefined) faults.push(missing('recordId'));
  if (textOf(regNumber) === undefined) faults.push(missing('regNumber'));
  if (textOf(regDate) === undefined) faults.push(missing('regDate'));
  else if (!isDay(regDate)) faults.push(invalid('regDate', NO_DAY));
  if (!isDayOrNone(dueDate)) faults.push(invalid('dueDate', NO_DAY));
  if (!isDayOrNone(answeredDate)) faults.push(invalid('answeredDate', NO_DAY));
  if (oktmo !== undefined && !isOktmo(oktmo)) faults.push(invalid('oktmo', NO_OKTMO));
  if (!isDegrees(latitude, 90)) faults.push(invalid('latitude', 'широта лежит от -90 до 90'));
  if (!isDegrees(longitude, 180)) faults.push(invalid('longitude', 'долгота лежит от -180 до 180'));
  if (faults.length === 0) return undefined;
  // What the archive could not read is empty here: one word of a field is enough.
  return faults.filter(({ field }, at) => faults.findIndex((fault) => fault.field === field) === at);
}

function isDayOrNone(day: string | undefined): boolean {
  return day === undefined || day === '' || isDay(day);
}

const NO_OKTMO = 'код ОКТМО состоит из 8 или 11 цифр';
const NO_DAY = 'такого дня нет';

function isDegrees(value: number | undefined, limit: number): boolean {
  return value === undefined || Math.abs(value) <= limit;
}
