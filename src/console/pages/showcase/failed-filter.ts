import type { RecordState } from '../../../showcase/records.ts';
import { OPEN_STATES } from './deps.ts';

/** States that may be asked for; what is sent already waits for nobody. */
export const ASKED_STATES = ['refused', 'unmapped', 'ready'] as const satisfies readonly RecordState[];
export type AskedState = (typeof ASKED_STATES)[number];

/** What the address asks of the log. */
export interface FailedFilter {
  readonly showcase?: string;
  readonly state?: AskedState;
  /** Our code, or the platform's own. */
  readonly code?: string;
  /** Beginning of a code of the classifier. */
  readonly rubric?: string;
  /** Exactly as the archive names it. */
  readonly cardfile?: string;
  /** Part of the card's number, in any case; for those who may read them also of the platform's words. */
  readonly text?: string;
}

/** Where a page begins: behind this record of this showcase and state. */
export interface FailedPlace {
  readonly showcase: string;
  readonly state: AskedState;
  readonly id: string;
}

export function readFailedFilter(query: URLSearchParams, known: readonly string[]): FailedFilter {
  const text = (name: string) => (query.get(name) ?? '').replaceAll('\0', '').trim().slice(0, 100);
  const filter = {
    showcase: known.find((id) => id === text('showcase')) ?? '',
    state: ASKED_STATES.find((state) => state === text('state')) ?? '',
    code: text('code'),
    rubric: text('rubric'),
    cardfile: text('cardfile'),
    text: text('text'),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== '')) as FailedFilter;
}

export function readFailedPlace(query: URLSearchParams): FailedPlace | undefined {
  const [, showcase = '', state = '', id = ''] =
    /^([a-z0-9-]+)_([a-z]+)_(\d{1,18})$/.exec(query.get('after') ?? '') ?? [];
  const known = ASKED_STATES.find((each) => each === state);
  return known === undefined ? undefined : { showcase, state: known, id };
}

export function failedAddress(filter: FailedFilter, after?: FailedPlace, path = '/showcase/failed'): string {
  const query = new URLSearchParams(Object.entries(filter));
  if (after !== undefined) query.set('after', `${after.showcase}_${after.state}_${after.id}`);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Showcases and states in the order in which the log is walked, from a place on. */
export function legsOf(
  filter: FailedFilter,
  known: readonly string[],
  after?: FailedPlace,
): readonly FailedPlace[] {
  const showcases = filter.showcase === undefined ? known : [filter.showcase];
  const states: readonly AskedState[] = filter.state === undefined ? OPEN_STATES : [filter.state];
  const legs = showcases.flatMap((showcase) => states.map((state) => ({ showcase, state, id: '0' })));
  if (after === undefined) return legs;
  const at = legs.findIndex(({ showcase, state }) => showcase === after.showcase && state === after.state);
  return at < 0 ? legs : [after, ...legs.slice(at + 1)];
}
