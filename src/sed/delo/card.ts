import type { ArchiveCard, CardIssue } from '../port.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { children, isRow, type Row } from './odata.ts';
import { type Condition, conditionOf, type Path, pathReader, valueAt } from './path.ts';
import { dayOf, degreesOf, isnOf, textOf } from './values.ts';

export interface ReadCard {
  readonly isn: number;
  readonly card: ArchiveCard;
}

/** Turns a record of the archive into a card; undefined when it does not even tell its ISN. Never throws. */
export type CardReader = (row: Row) => ReadCard | undefined;

const JUNK = 'значение неизвестного вида';

/**
 * The reader of one archive's cards: paths and rules of mappings/delo.yaml, compiled once for its dictionaries.
 * `withText`: what a card is about is read too.
 */
export function createCardReader(
  { card: names, requisites }: DeloMapping,
  dictionaries: Dictionaries,
  timeZone: string,
  withText = false,
): CardReader {
  const pathOf = pathReader(requisites.valuesAt, dictionaries.requisites);
  const { fields } = names;
  const paths = Object.fromEntries(
    Object.entries(fields).map(([field, path]) => [field, path === undefined ? undefined : pathOf(path)]),
  ) as Readonly<Partial<Record<keyof typeof fields, Path>>>;
  const own = {
    posId: pathOf(`AR:${requisites.posId}`),
    showcaseFlag: pathOf(`AR:${requisites.showcaseFlag}`),
    posStatus: pathOf(`AR:${requisites.posStatus}`),
    key: requisites.key === undefined ? undefined : pathOf(`AR:${requisites.key}`),
  };
  const days = remembering((value) => dayOf(value, timeZone));
  const yes = lower(requisites.flagYes);
  const no = lower(requisites.flagNo);
  const ruled = <T>(
    rules: readonly { readonly when: Parameters<typeof conditionOf>[0]; readonly value: T }[],
  ) => chooser(rules.map(({ when, value }) => ({ fits: conditionOf(when, pathOf), value })));
  const stateOf = ruled(names.states);
  const kindOf = ruled(names.kinds);
  const resultOf = ruled(names.results);
  const channelOf = ruled(names.channels);
  const applicantOf = ruled(names.applicantKinds);
  const repeats = names.repeated.map((when) => conditionOf(when, pathOf));

  return (row) => {
    const isn = isnOf(row[fields.isn]);
    if (isn === undefined) return undefined;
    const issues: CardIssue[] = [];
    const text = (field: string, path: Path) => {
      const value = textOf(valueAt(row, path));
      if (value === undefined) issues.push({ field, problem: JUNK });
      return value ?? '';
    };
    const day = (field: string, path: Path) => {
      const value = text(field, path);
      if (value === '') return undefined;
      const found = days(value);
      if (found === undefined) issues.push({ field, problem: 'это не дата' });
      return found;
    };
    const degrees = (field: string, path: Path, limit: number) => {
      const value = text(field, path);
      if (value === '') return undefined;
      const found = degreesOf(value, limit);
      if (found === undefined) issues.push({ field, problem: 'это не координата' });
      return found;
    };
    const flag = (field: string, path: Path) => {
      const value = text(field, path).toLowerCase();
      if (value === '') return undefined;
      if (yes.has(value) || no.has(value)) return yes.has(value);
      issues.push({ field, problem: 'это не флаг: значения нет в flagYes и flagNo' });
      return undefined;
    };
    const optional = {
      result: resultOf(row),
      dueDate: day('dueDate', paths.dueDate),
      answeredDate: day('answeredDate', paths.answeredDate),
      oktmo: text('oktmo', paths.oktmo),
      address: text('address', paths.address),
      latitude: degrees('latitude', paths.latitude, 90),
      longitude: degrees('longitude', paths.longitude, 180),
      channel: channelOf(row),
      applicantKind: applicantOf(row),
      organization: text('organization', paths.organization),
      // It helps a rule along; whatever else it may be does not keep the card back.
      text: withText ? textOf(valueAt(row, paths.text)) : undefined,
      posId: text('posId', own.posId),
      showcaseFlag: flag('showcaseFlag', own.showcaseFlag),
      posStatus: text('posStatus', own.posStatus),
    };
    const card: ArchiveCard = {
      key: text('key', own.key) || String(isn),
      isn: String(isn),
      regNumber: text('regNumber', paths.regNumber),
      regDate: day('regDate', paths.regDate) ?? '',
      cardfile: text('cardfile', paths.cardfile),
      docGroup: text('docGroup', paths.docGroup),
      rubrics: rubricsOf(row, names.rubrics, dictionaries, issues),
      // The last rule of both lists takes every card: the mapping is checked for that.
      kind: kindOf(row) ?? 'APPEAL_59FZ',
      state: stateOf(row) ?? 'IN_WORK',
      repeated: repeats.some((fits) => fits(row)),
      ...withoutEmpty(optional),
    };
    return { isn, card: issues.length === 0 ? card : { ...card, issues } };
  };
}

function rubricsOf(
  row: Row,
  names: DeloMapping['card']['rubrics'],
  { rubrics }: Dictionaries,
  issues: CardIssue[],
): { code: string; name: string }[] {
  const { list, due, order } = names;
  const entries = children(row[list]);
  if (
    entries.length === 0 &&
    row[list] !== undefined &&
    row[list] !== null &&
    typeof row[list] !== 'object'
  ) {
    issues.push({ field: 'rubrics', problem: JUNK });
  }
  const found: { readonly order: number; readonly rubric: { code: string; name: string } }[] = [];
  for (const entry of entries) {
    const rubric = isRow(entry) ? rubrics.get(textOf(entry[due]) ?? '') : undefined;
    if (rubric === undefined) {
      issues.push({ field: 'rubrics', problem: 'рубрики нет в справочнике рубрик' });
      continue;
    }
    const place = isRow(entry) && order !== undefined ? Number(textOf(entry[order]) ?? '') : 0;
    found.push({ order: Number.isFinite(place) ? place : 0, rubric: { ...rubric } });
  }
  return found.sort((a, b) => a.order - b.order).map(({ rubric }) => rubric);
}

const MOST_REMEMBERED = 10_000;

/** A million cards have some hundreds of different dates. */
function remembering(read: (text: string) => string | undefined): (text: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    const value = read(text);
    if (known.size < MOST_REMEMBERED) known.set(text, value);
    return value;
  };
}

function chooser<T>(rules: readonly { readonly fits: Condition; readonly value: T }[]) {
  return (row: Row): T | undefined => rules.find((rule) => rule.fits(row))?.value;
}

function lower(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.map((value) => value.toLowerCase()));
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutEmpty<T extends Readonly<Record<string, unknown>>>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as Present<T>;
}
