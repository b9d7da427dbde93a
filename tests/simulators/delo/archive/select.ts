import type { KeyFact } from './generate.ts';
import { REQUISITES } from './names.ts';
import { type ArchiveState, isnAt, keyFactOf, placeOf, places, requisiteOf } from './state.ts';

/** A criterion or address that this archive does not understand. */
export class BadRequest extends Error {}

export interface CardQuery {
  readonly criteria: Readonly<Record<string, string>>;
  readonly top: number;
  readonly skip: number;
}

export interface CardPage {
  readonly isns: readonly number[];
  readonly total: number;
}

type Test = (isn: number) => boolean;

const FIELDS: Readonly<Record<string, KeyFact>> = {
  DUE_CARD: 'cardfile',
  DUE_DOCGROUP: 'docGroup',
  FREE_NUM: 'regNumber',
};
const TITLES = new Map(Object.entries(REQUISITES).map(([title, api]) => [api, title]));

interface Counted {
  readonly version: number;
  readonly total: number;
  /** How many of them lie below this ISN. */
  below: { readonly isn: number; readonly count: number };
}

/** Totals already counted, so that a million cards read page by page are not counted a thousand times. */
export type Counts = Map<string, Counted>;

/** Chooses a page of cards, by ISN. */
export function selectCards(state: ArchiveState, counts: Counts, query: CardQuery): CardPage {
  const { ISN_DOC: isns, ...others } = query.criteria;
  const tests = Object.entries(others).map(([name, value]) => testOf(state, name, value));
  const [from, to] = isns === undefined ? [0, Number.POSITIVE_INFINITY] : isnBounds(isns);
  const fits = (isn: number) => !state.removed.has(isn) && tests.every((test) => test(isn));
  const found: number[] = [];
  let left = query.skip;
  const count = places(state);
  let place = placeOf(state, from);
  for (; place < count && found.length < query.top; place += 1) {
    const isn = isnAt(state, place);
    if (isn > to) break;
    if (!fits(isn)) continue;
    if (left > 0) left -= 1;
    else found.push(isn);
  }
  return { isns: found, total: totalOf(state, counts, others, from, to, fits, found) };
}

function totalOf(
  state: ArchiveState,
  counts: Counts,
  criteria: Readonly<Record<string, string>>,
  from: number,
  to: number,
  fits: (isn: number) => boolean,
  page: readonly number[],
): number {
  if (to !== Number.POSITIVE_INFINITY) return page.length;
  const key = JSON.stringify(criteria);
  let counted = counts.get(key);
  if (counted === undefined || counted.version !== state.version) {
    let total = 0;
    for (let place = 0; place < places(state); place += 1) if (fits(isnAt(state, place))) total += 1;
    counted = { version: state.version, total, below: { isn: 0, count: 0 } };
    counts.set(key, counted);
  }
  if (from <= 0) {
    const last = page.at(-1) ?? 0;
    counted.below = { isn: last + 1, count: page.length };
    return counted.total;
  }
  if (counted.below.isn !== from) {
    let count = 0;
    for (let place = 0; place < placeOf(state, from); place += 1) if (fits(isnAt(state, place))) count += 1;
    counted.below = { isn: from, count };
  }
  const rest = counted.total - counted.below.count;
  const last = page.at(-1);
  if (last !== undefined) counted.below = { isn: last + 1, count: counted.below.count + page.length };
  return rest;
}

function testOf(state: ArchiveState, name: string, value: string): Test {
  const field = FIELDS[name];
  if (field !== undefined) {
    const values = new Set(value.split('|'));
    return (isn) => values.has(keyFactOf(state, isn, field));
  }
  if (name === 'DOC_DATE') return dateTest(state, value);
  const api = /^AR_RC_VALUE\.(\w+)$/.exec(name)?.[1];
  const title = api === undefined ? undefined : TITLES.get(api);
  if (title === undefined || state.missingRequisites.has(title)) throw new BadRequest(`no criterion ${name}`);
  if (value === 'isnull') return (isn) => requisiteOf(state, isn, title) === '';
  if (value === 'isnotnull') return (isn) => requisiteOf(state, isn, title) !== '';
  const values = new Set(value.split('|'));
  return (isn) => values.has(requisiteOf(state, isn, title));
}

function dateTest(state: ArchiveState, value: string): Test {
  if (value === 'isnull') return (isn) => keyFactOf(state, isn, 'regDate') === '';
  const [from = '', to = ''] = value.split(':').map((side) => {
    const match = /^(?:(\d\d)\/(\d\d)\/(\d{4}))?$/.exec(side);
    if (match === null) throw new BadRequest(`no date range ${value}`);
    return match[1] === undefined ? '' : `${match[3]}-${match[2]}-${match[1]}`;
  });
  return (isn) => {
    const regDate = keyFactOf(state, isn, 'regDate');
    return regDate !== '' && (from === '' || regDate >= from) && (to === '' || regDate <= to);
  };
}

function isnBounds(value: string): [number, number] {
  const match = /^(\d*)(?:(:)(\d*))?$/.exec(value);
  if (match === null) throw new BadRequest(`no ISN range ${value}`);
  const [, from = '', colon, to = ''] = match;
  if (colon === undefined) return [Number(from), Number(from)];
  return [from === '' ? 0 : Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)];
}
