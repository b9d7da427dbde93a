import { Fault } from '../../model/errors.ts';
import type { ArchiveQuery } from '../port.ts';
import { apiNameOf, type Dictionaries } from './dictionaries.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { addressOf, type Selection } from './odata.ts';

/** A part of a query that fits into one address. Parts of one query have no card in common. */
export interface Choice {
  readonly cardfiles: ReadonlySet<string>;
  readonly criteria: Readonly<Record<string, string>>;
}

/** The widest numbers an address of a page may hold. */
const WIDEST = { top: 5000, skip: 99_999_999 };
const WIDEST_ISN = 9_999_999_999;

/**
 * Cuts a query into parts whose addresses stay within the limit, however many cardfiles and groups there are.
 * @throws Fault CONFIG_INVALID when not even one cardfile fits; SED_REQUISITE_MISSING
 */
export function choicesOf(
  mapping: DeloMapping,
  dictionaries: Dictionaries,
  query: ArchiveQuery,
  fits: (address: string) => boolean,
): Choice[] {
  const cardfiles = [...new Set(query.cardfiles)];
  const groups = docGroupsOf(dictionaries, query.docGroups);
  if (cardfiles.length === 0 || groups.length === 0) return [];
  const common = commonCriteria(mapping, dictionaries, query);
  const { fields } = mapping.card;
  const { or, empty } = mapping.odata.criteria;

  function split(base: Choice['criteria'], files: readonly string[], due: readonly string[]): Choice[] {
    const criteria = { ...base, [fields.cardfile]: files.join(or), [fields.docGroup]: due.join(or) };
    const widest = {
      ...WIDEST,
      criteria: { ...criteria, [fields.isn]: rangeOf(mapping, String(WIDEST_ISN), '') },
    };
    if (fits(addressOf(mapping, cardSelection(mapping, widest))))
      return [{ cardfiles: new Set(files), criteria }];
    if (files.length >= due.length && files.length > 1) {
      return halves(files).flatMap((half) => split(base, half, due));
    }
    if (due.length > 1) return halves(due).flatMap((half) => split(base, files, half));
    throw new Fault('CONFIG_INVALID', { detail: 'delo.yaml: odata.maxUrl: слишком мал для одной картотеки' });
  }
  const dated = split(common, cardfiles, groups);
  if (query.undated === undefined || common[fields.regDate] === undefined) return dated;
  return [...dated, ...split({ ...common, [fields.regDate]: empty }, cardfiles, groups)];
}

/** A page of cards: the relations and the order that all of them have. */
export function cardSelection(
  { card }: DeloMapping,
  page: Pick<Selection, 'criteria' | 'top' | 'skip'>,
): Selection {
  return { entity: card.entity, expand: card.expand, orderBy: card.fields.isn, ...page };
}

/** A range criterion; an empty side is open. */
export function rangeOf({ odata }: DeloMapping, from: string, to: string): string {
  return odata.criteria.range.replace('{from}', () => from).replace('{to}', () => to);
}

/** A day as criteria write it. */
export function criterionDay({ odata }: DeloMapping, day: string): string {
  const [year = '', month = '', date = ''] = day.split('-');
  switch (odata.criteria.date) {
    case 'yyyy-MM-dd':
      return day;
    case 'dd/MM/yyyy':
      return `${date}/${month}/${year}`;
    case 'dd.MM.yyyy':
      return `${date}.${month}.${year}`;
  }
}

/** Criterion name of a requisite's value. @throws Fault SED_REQUISITE_MISSING */
export function requisiteCriterion(mapping: DeloMapping, dictionaries: Dictionaries, title: string): string {
  return mapping.requisites.criterion.replace('{api}', () => apiNameOf(dictionaries, title));
}

/** Groups asked for with those below them, for DUE is a path; all groups of citizens' letters when none is asked for. */
function docGroupsOf(dictionaries: Dictionaries, asked: readonly string[] | undefined): string[] {
  if (asked === undefined) return [...dictionaries.citizenGroups];
  const below = dictionaries.docGroups.filter((due) => asked.some((top) => due.startsWith(top)));
  return [...new Set([...asked, ...below])];
}

function commonCriteria(
  mapping: DeloMapping,
  dictionaries: Dictionaries,
  query: ArchiveQuery,
): Record<string, string> {
  const { requisites, card, odata } = mapping;
  const common: Record<string, string> = {};
  if (query.from !== undefined || query.to !== undefined) {
    const side = (day: string | undefined) => (day === undefined ? '' : criterionDay(mapping, day));
    common[card.fields.regDate] = rangeOf(mapping, side(query.from), side(query.to));
  }
  const { showcaseFlag } = query;
  // Pages by $skip would slip when a caller fills the requisite of what it has read: then the caller's filter decides.
  const mayChoose = odata.paging === 'keyset';
  if (showcaseFlag !== undefined && mayChoose) {
    const value =
      showcaseFlag === 'unset'
        ? odata.criteria.empty
        : (showcaseFlag ? requisites.flagYes : requisites.flagNo)[0];
    common[requisiteCriterion(mapping, dictionaries, requisites.showcaseFlag)] = value ?? '';
  }
  if (query.posStatus !== undefined && mayChoose) {
    common[requisiteCriterion(mapping, dictionaries, requisites.posStatus)] = odata.criteria.empty;
  }
  return common;
}

function halves<T>(list: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}
