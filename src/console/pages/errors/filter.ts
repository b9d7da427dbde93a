import {
  INCIDENT_ORDERS,
  INCIDENT_STATES,
  type IncidentFilter,
  type IncidentOrder,
  type IncidentState,
} from '../../../alerts/incident/rows.ts';
import { type ScopeWorld, scopesOf } from '../../../alerts/incident/scope.ts';
import { ERROR_CODES } from '../../../model/error-codes.ts';
import { ERROR_KINDS, type ErrorKind } from '../../../model/errors.ts';

/** The filter as the address has it. */
export interface ErrorFilter {
  readonly state: IncidentState;
  readonly order: IncidentOrder;
  readonly cabinet: string;
  readonly kind: ErrorKind | '';
  readonly text: string;
}

const LONGEST = 100;

/** Reads the filter of an address; what is none is left out. */
export function readFilter(query: URLSearchParams): ErrorFilter {
  const state = INCIDENT_STATES.find((one) => one === query.get('state')) ?? 'open';
  const order = INCIDENT_ORDERS.find((one) => one === query.get('order')) ?? 'new';
  const kind = ERROR_KINDS.find((one) => one === query.get('kind')) ?? '';
  return {
    state,
    order,
    kind,
    cabinet: (query.get('cabinet') ?? '').trim().slice(0, LONGEST),
    text: (query.get('text') ?? '').trim().slice(0, LONGEST),
  };
}

/** Whether anything but the order is chosen. */
export function isFiltered({ state, cabinet, kind, text }: ErrorFilter): boolean {
  return state !== 'open' || cabinet !== '' || kind !== '' || text !== '';
}

/** The address of the list with this filter, from a mark on. */
export function addressOf(filter: ErrorFilter, after?: string): string {
  const query = new URLSearchParams();
  if (filter.state !== 'open') query.set('state', filter.state);
  if (filter.order !== 'new') query.set('order', filter.order);
  for (const name of ['cabinet', 'kind', 'text'] as const) {
    if (filter[name] !== '') query.set(name, filter[name]);
  }
  if (after !== undefined) query.set('after', after);
  const text = query.toString();
  return text === '' ? '/errors' : `/errors?${text}`;
}

/** The filter as the store takes it. */
export function storeFilter(filter: ErrorFilter, world: ScopeWorld): Omit<IncidentFilter, 'limit' | 'after'> {
  const { state, order, cabinet, kind, text } = filter;
  const codes = Object.entries(ERROR_CODES);
  const words = text.toLowerCase();
  return {
    state,
    order,
    text,
    ...(kind === '' ? {} : { codes: codes.filter(([, entry]) => entry.kind === kind).map(([code]) => code) }),
    ...(cabinet === '' ? {} : { scopes: scopesOf(cabinet, world) }),
    textCodes:
      text === ''
        ? []
        : codes.filter(([, { title }]) => title.toLowerCase().includes(words)).map(([code]) => code),
  };
}
