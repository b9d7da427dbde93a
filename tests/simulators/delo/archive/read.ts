import { dictionary, docRecord, type Item } from './records.ts';
import { json, odataError, type Reply } from './reply.ts';
import { BadRequest, type Counts, selectCards } from './select.ts';
import type { ArchiveState } from './state.ts';

const MOST_EXPANDED = 10;

/** `GET CoreHost/OData/{ENTITY}?…`. */
export function serveRead(
  state: ArchiveState,
  counts: Counts,
  entity: string,
  query: URLSearchParams,
): Reply {
  try {
    const expand = new Set((query.get('$expand') ?? '').split(',').filter((name) => name !== ''));
    if (expand.size > MOST_EXPANDED) throw new BadRequest('too many relations');
    const asked = whole(query.get('$top'), 1000);
    const top = Math.min(asked, state.options.mostRecords ?? asked);
    const skip = whole(query.get('$skip'), 0);
    const criteria = criteriaOf(query.get('criteries'));
    if (entity === 'DOC_RC') {
      requireOrder(query, 'ISN_DOC');
      if (criteria['DUE_CARD'] !== undefined) {
        state.counters.cardfilesAsked.push(criteria['DUE_CARD'].split('|').length);
      }
      const { isns, total } = selectCards(state, counts, { criteria, top, skip });
      return answer(
        state,
        query,
        isns.map((isn) => docRecord(state, isn, expand)),
        total,
        entity,
      );
    }
    const all = dictionary(state, entity);
    if (all === undefined) return odataError('System.ArgumentException', `no entity ${entity}`, 404);
    const fitting = all.filter((row) =>
      Object.entries(criteria).every(([name, value]) => {
        if (!(name in row)) throw new BadRequest(`no criterion ${name}`);
        return value.split('|').includes(String(row[name] ?? ''));
      }),
    );
    const order = query.get('$orderby');
    if (order !== null) fitting.sort((a, b) => (String(a[order] ?? '') < String(b[order] ?? '') ? -1 : 1));
    return answer(state, query, fitting.slice(skip, skip + top), fitting.length, entity);
  } catch (error) {
    if (error instanceof BadRequest) return odataError('System.ArgumentException', error.message, 400);
    throw error;
  }
}

function answer(
  state: ArchiveState,
  query: URLSearchParams,
  rows: readonly Item[],
  total: number,
  entity: string,
): Reply {
  const totals = state.options.noTotals === true ? {} : { $TotalRecords: total };
  if (query.get('$format') === 'compact') {
    return json({ ...totals, value: rows.map(withoutNulls) });
  }
  const light = rows.map((row) => ({
    ...row,
    // 64-bit whole numbers are text in OData 3.
    ...(typeof row['ISN_DOC'] === 'number' && { ISN_DOC: String(row['ISN_DOC']) }),
  }));
  return json(
    { 'odata.metadata': `CoreHost/OData/$metadata#${entity}`, ...totals, value: light },
    200,
    'application/json;odata=light;charset=utf-8',
  );
}

function withoutNulls(row: Item): Item {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function requireOrder(query: URLSearchParams, key: string): void {
  const order = query.get('$orderby');
  if (order !== null && order !== key) throw new BadRequest(`no order ${order}`);
}

function criteriaOf(text: string | null): Record<string, string> {
  if (text === null) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BadRequest('criteria are no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw new BadRequest('criteria are no object');
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}

function whole(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  if (!/^\d+$/.test(text)) throw new BadRequest(`no number ${text}`);
  return Number(text);
}
