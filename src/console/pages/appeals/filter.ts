import { DateTime } from 'luxon';
import { APPEAL_STAGES, type AppealStage } from '../../../intake/eligibility.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../../model/delivery.ts';
import { TERM_RISKS, type TermRisk } from '../../terms.ts';

/** A place in the list: the last row seen, its receipt to the microsecond. */
export interface Place {
  readonly at: string;
  readonly id: string;
}

/** What the address asks for; whatever in it is not a filter is nothing. */
export interface AppealFilter {
  /** Beginning of the number of the platform. */
  readonly posId?: string;
  /** Beginning of the card's number, in any case. */
  readonly card?: string;
  /** Name of the cabinet in the settings. */
  readonly cabinet?: string;
  readonly stage?: AppealStage;
  readonly delivery?: DeliveryState;
  readonly term?: TermRisk;
  /** Days of receipt in the viewer's zone, both included, `YYYY-MM-DD`. */
  readonly from?: string;
  readonly to?: string;
}

const LONGEST = 64;
/** A moment as PostgreSQL writes it, and a row. */
const PLACE = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d)?)_(\d{1,18})$/;

export function readFilter(query: URLSearchParams): AppealFilter {
  const text = (name: string) => (query.get(name) ?? '').replaceAll('\0', '').trim().slice(0, LONGEST);
  const day = (name: string) =>
    /^\d{4}-\d{2}-\d{2}$/.test(text(name)) && DateTime.fromISO(text(name)).isValid ? text(name) : '';
  const filter = {
    posId: text('posId'),
    card: text('card'),
    cabinet: text('cabinet'),
    stage: APPEAL_STAGES.find((stage) => stage === text('stage')) ?? '',
    delivery: DELIVERY_STATES.find((state) => state === text('delivery')) ?? '',
    term: TERM_RISKS.find((term) => term === text('term')) ?? '',
    from: day('from'),
    to: day('to'),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== '')) as AppealFilter;
}

/** The place after which a page begins; undefined for the first page, and for what is no place. */
export function readPlace(query: URLSearchParams): Place | undefined {
  const [, at = '', id = ''] = PLACE.exec(query.get('after') ?? '') ?? [];
  return id === '' || Number.isNaN(Date.parse(at.slice(0, 19))) ? undefined : { at, id };
}

/** The address of a list; `after` is where it begins. */
export function addressOf(filter: AppealFilter, after?: Place): string {
  const query = new URLSearchParams(Object.entries(filter));
  if (after !== undefined) query.set('after', `${after.at}_${after.id}`);
  const text = query.toString();
  return text === '' ? '/appeals' : `/appeals?${text}`;
}

/** Moments between which the days lie: from included, to not. */
export function dayBounds(filter: AppealFilter, zone: string): { from?: Date; to?: Date } {
  const start = (text: string) => DateTime.fromISO(text, { zone }).startOf('day');
  return {
    ...(filter.from === undefined ? {} : { from: start(filter.from).toJSDate() }),
    ...(filter.to === undefined ? {} : { to: start(filter.to).plus({ days: 1 }).toJSDate() }),
  };
}
