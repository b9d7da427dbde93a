import type { Appeal } from '../../model/appeal.ts';
import type { Lookup, VariableType } from '../../text/template.ts';
import type { CardRequest } from '../port.ts';
import { dayIn } from './sev-time.ts';

/** Russian names of the platform's codes; an unknown code is shown as it came (open sets). */
export interface Dictionaries {
  readonly sources: Readonly<Record<string, string>>;
  readonly statuses: Readonly<Record<string, string>>;
  readonly kinds: Readonly<Record<string, string>>;
}

export interface VariableContext {
  readonly request: CardRequest;
  readonly dictionaries: Dictionaries;
  /** Name of the file with the whole text when the annotation had to be cut, else ''. */
  readonly fullTextFile: string;
}

interface Variable {
  readonly type: VariableType;
  /** For the documentation of card.yaml, in Russian. */
  readonly about: string;
  readonly value: (context: VariableContext) => string | undefined;
}

/** The closed, documented set of what a template of mappings/card.yaml may name. */
export const CARD_VARIABLES = {
  posId: text('номер обращения на платформе', (a) => a.posId),
  kind: text('вид по-русски', (a, c) => named(c.dictionaries.kinds, a.kind)),
  kindCode: text('вид, код платформы', (a) => a.kind),
  status: text('статус по-русски', (a, c) => named(c.dictionaries.statuses, a.status, a.statusText)),
  statusCode: text('статус, код платформы', (a) => a.status),
  source: text('источник по-русски', (a, c) => named(c.dictionaries.sources, a.source ?? '')),
  sourceCode: text('источник, код платформы', (a) => a.source),
  fastTrack: flag('фаст-трек', (a) => a.fastTrack),
  category: text('категория', (a) => a.category.name),
  subcategory: text('подкатегория', (a) => a.subcategory.name),
  categoryPath: text('категория и подкатегория через « / »', (a) =>
    [a.category.name, a.subcategory.name].filter(Boolean).join(' / '),
  ),
  text: text('полный текст обращения', (a) => a.description),
  createdDate: date('день создания', (a, c) => day(a.createdAt, c)),
  receivedDate: date('день поступления', (_, c) => receivedDay(c.request)),
  answerDate: date('срок ответа', (_, c) => deadlineDay(c.request)),
  coordinationDate: date('срок координации', (a, c) => day(a.coordinationAt, c)),
  sentDate: date('день отправки в СЭД', (_, c) => day(c.request.headerTime, c)),
  'applicant.fullName': text('ФИО заявителя', (a) => fullName(a)),
  'applicant.surname': text('фамилия', (a) => a.applicant.surname),
  'applicant.name': text('имя', (a) => a.applicant.name),
  'applicant.patronymic': text('отчество', (a) => a.applicant.patronymic),
  'applicant.email': text('почта', (a) => a.applicant.email),
  'applicant.phone': text('телефон', (a) => a.applicant.phone),
  'applicant.organization': text('организация-заявитель', (a) => a.applicant.organization?.name),
  'applicant.inn': text('её ИНН', (a) => a.applicant.organization?.inn),
  'applicant.ogrn': text('её ОГРН', (a) => a.applicant.organization?.ogrn),
  'location.address': text('адрес проблемы', (a) => a.location.address),
  'location.oktmo': text('ОКТМО', (a) => a.location.oktmo),
  'location.latitude': number('широта', (a) => a.location.latitude),
  'location.longitude': number('долгота', (a) => a.location.longitude),
  'cabinet.opaId': text('номер кабинета', (_, c) => c.request.cabinet.opaId),
  'cabinet.name': text('название кабинета', (_, c) => c.request.cabinet.name),
  'cabinet.organization': text('организация кабинета', (_, c) => c.request.cabinet.organizationName),
  'cabinet.region': text('регион кабинета', (_, c) => c.request.cabinet.region),
  showcaseFlag: flag('выгружать ли её в витрину', (_, c) => c.request.cabinet.showsPlatformBorn),
  repeatOf: text('номер прежнего обращения', (a) => a.repeatOf),
  'earlier.number': text('номер прежней карточки', (_, c) => c.request.earlier?.number),
  'earlier.date': date('дата прежней карточки', (_, c) => c.request.earlier?.date),
  rating: number('оценка ответа', (a) => a.rating),
  ratingComment: text('комментарий к оценке', (a) => a.ratingComment),
  withdrawnReason: text('причина отзыва', (a) => a.withdrawnReason),
  customFields: text('дополнительные поля платформы: «имя: значение; …»', (a) =>
    a.customFields.map((field) => `${field.name}: ${field.value}`).join('; '),
  ),
  fileNames: text('имена приложенных файлов', (_, c) => c.request.files.map((f) => f.name).join('; ')),
  filesCount: number('число приложенных файлов', (_, c) => c.request.files.length),
  missingFiles: text('не полученные файлы с причинами', (_, c) =>
    c.request.missingFiles.map((f) => `«${f.name}» — ${f.reason}`).join('; '),
  ),
  fullTextFile: text('имя файла с полным текстом, если содержание сокращено', (_, c) => c.fullTextFile),
} as const satisfies Record<string, Variable>;

export const CARD_VARIABLE_TYPES: ReadonlyMap<string, VariableType> = new Map(
  Object.entries(CARD_VARIABLES).map(([name, variable]) => [name, variable.type]),
);

/** Values of one card's variables, each computed when it is asked for. */
export function lookupOf(context: VariableContext): Lookup {
  const variables: Readonly<Record<string, Variable>> = CARD_VARIABLES;
  return (name) => variables[name]?.value(context)?.trim() ?? '';
}

/** Day of receipt in the cabinet's zone; never absent, for RegistrationInfo/Date is required. */
export function receivedDay(request: CardRequest): string {
  const { appeal, cabinet, headerTime } = request;
  for (const moment of [appeal.receivedAt, appeal.createdAt, headerTime]) {
    const found = moment === undefined ? undefined : dayIn(moment, cabinet.timeZone);
    if (found !== undefined) return found;
  }
  return '0001-01-01';
}

/** The platform's term wins over the computed one (contracts/sev.md, `Control/Deadline`). */
export function deadlineDay(request: CardRequest): string | undefined {
  const { answerAt } = request.appeal;
  const given = answerAt === undefined ? undefined : dayIn(answerAt, request.cabinet.timeZone);
  return given ?? request.computedDeadline;
}

/** «Фамилия Имя Отчество», '' for an anonymous applicant. */
export function fullName({ applicant }: Appeal): string {
  return [applicant.surname, applicant.name, applicant.patronymic]
    .map((part) => part?.trim() ?? '')
    .filter((part) => part !== '')
    .join(' ');
}

type Getter<T> = (appeal: Appeal, context: VariableContext) => T | undefined;

function text(about: string, get: Getter<string>): Variable {
  return { type: 'text', about, value: (context) => get(context.request.appeal, context) };
}

function date(about: string, get: Getter<string>): Variable {
  return { type: 'date', about, value: (context) => get(context.request.appeal, context) };
}

function number(about: string, get: Getter<number>): Variable {
  return { type: 'number', about, value: (context) => get(context.request.appeal, context)?.toString() };
}

function flag(about: string, get: Getter<boolean>): Variable {
  return { type: 'flag', about, value: (context) => String(get(context.request.appeal, context) === true) };
}

function day(moment: Date | undefined, context: VariableContext): string | undefined {
  return moment === undefined ? undefined : dayIn(moment, context.request.cabinet.timeZone);
}

function named(names: Readonly<Record<string, string>>, code: string, shown?: string): string {
  return (Object.hasOwn(names, code) ? names[code] : undefined) ?? shown ?? code;
}
