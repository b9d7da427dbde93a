import type { Queryable } from '../../../store/data-source.ts';
import { type TermRisk, termCondition } from '../../terms.ts';
import type { AppealFilter } from './filter.ts';

/** Adds a value to the statement's parameters and gives its placeholder. */
export type Put = (value: unknown) => string;

/** One filter: its condition on `appeal a`, and, where an index finds its rows at once, how. */
interface Source {
  condition(put: Put): string;
  find?(put: Put, limit: number): string;
}

export interface SearchContext {
  readonly filter: AppealFilter;
  readonly finalStatuses: readonly string[];
}

export interface Candidates {
  /** Ids among which all that is sought lies; absent when every filter finds too many. */
  readonly ids?: readonly string[];
  /** Conditions that each row must still be held against. */
  readonly rest: readonly ((put: Put) => string)[];
}

/** Looks for the first filter that finds at most `limit` appeals by its index. */
export async function findCandidates(
  db: Queryable,
  context: SearchContext,
  limit: number,
): Promise<Candidates> {
  const sources = sourcesOf(context);
  for (const [index, source] of sources.entries()) {
    if (source.find === undefined) continue;
    const params: unknown[] = [];
    const put: Put = (value) => `$${params.push(value)}`;
    const rows = await db.query<{ id: string }>(source.find(put, limit + 1), params);
    if (rows.length > limit) continue;
    const others = sources.filter((_one, at) => at !== index);
    return { ids: rows.map(({ id }) => id), rest: others.map(({ condition }) => condition) };
  }
  return { rest: sources.map(({ condition }) => condition) };
}

function sourcesOf({ filter, finalStatuses }: SearchContext): Source[] {
  const { posId, card, delivery, term } = filter;
  return [
    ...(posId === undefined ? [] : [byNumber(posId)]),
    ...(card === undefined ? [] : [byCard(card)]),
    ...(delivery === undefined ? [] : [byDelivery(delivery)]),
    ...(term === undefined ? [] : [byTerm(term, finalStatuses)]),
  ];
}

function byNumber(posId: string): Source {
  const condition = (put: Put) => `a.pos_id LIKE ${put(beginning(posId))}`;
  return {
    condition,
    find: (put, limit) => `SELECT a.id::text AS id FROM appeal a WHERE ${condition(put)} LIMIT ${limit}`,
  };
}

function byCard(number: string): Source {
  const like = (put: Put) => `lower(k.number) LIKE lower(${put(beginning(number))})`;
  return {
    condition: (put) => `EXISTS (SELECT 1 FROM card k WHERE k.appeal_id = a.id AND ${like(put)})`,
    find: (put, limit) =>
      `SELECT DISTINCT appeal_id::text AS id FROM (SELECT k.appeal_id FROM card k WHERE ${like(put)} LIMIT ${limit}) k`,
  };
}

/** Without a resolution: two look-ups a row, so it is never sought among all. */
function byTerm(term: TermRisk, finalStatuses: readonly string[]): Source {
  const condition = (put: Put) => termCondition(term, put(finalStatuses));
  if (term === 'unresolved') return { condition };
  return {
    condition,
    find: (put, limit) => `SELECT a.id::text AS id FROM appeal a WHERE ${condition(put)} LIMIT ${limit}`,
  };
}

/** All but what is delivered is rare and has an index; what is cancelled has none. */
function byDelivery(state: string): Source {
  const condition = () =>
    `EXISTS (SELECT 1 FROM delivery d WHERE d.appeal_id = a.id AND d.state = '${state}')`;
  if (state === 'done' || state === 'cancelled') return { condition };
  return {
    condition,
    find: (_put, limit) =>
      `SELECT DISTINCT appeal_id::text AS id FROM (SELECT d.appeal_id FROM delivery d WHERE d.state = '${state}' LIMIT ${limit}) d`,
  };
}

/** A LIKE pattern of texts that begin so. */
function beginning(text: string): string {
  return `${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}
