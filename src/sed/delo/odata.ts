import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import type { DeloMapping } from './mapping-schema.ts';

/** One record as the archive gives it. */
export type Row = Readonly<Record<string, unknown>>;

export interface RowPage {
  /** Records that are objects; whatever else stood in the list is counted in `junk`. */
  readonly rows: readonly Row[];
  readonly junk: number;
  /** All records that the criteria choose, when the archive tells. */
  readonly total?: number;
}

export interface Selection {
  readonly entity: string;
  readonly criteria?: Readonly<Record<string, string>>;
  readonly expand?: readonly string[];
  readonly orderBy?: string;
  readonly top?: number;
  readonly skip?: number;
}

/** The address of a selection under OData, encoded (contracts/sev.md, section 2). */
export function addressOf({ odata }: DeloMapping, selection: Selection): string {
  const { entity, criteria, expand, orderBy, top, skip } = selection;
  const parts = [
    criteria !== undefined &&
      Object.keys(criteria).length > 0 &&
      `${odata.criteria.parameter}=${encodeURIComponent(JSON.stringify(criteria))}`,
    expand !== undefined && expand.length > 0 && `$expand=${expand.join(',')}`,
    orderBy !== undefined && `$orderby=${orderBy}`,
    top !== undefined && `$top=${top}`,
    skip !== undefined && skip > 0 && `$skip=${skip}`,
    odata.format !== undefined && `$format=${odata.format}`,
  ].filter((part) => typeof part === 'string');
  return parts.length === 0 ? entity : `${entity}?${parts.join('&')}`;
}

const count = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);
const wrapped = z.looseObject({ value: z.unknown().optional(), d: z.unknown().optional() });

/**
 * Records of a list answer: a bare list (compact), `value` (light, minimalmetadata), or `d` with or without `results`;
 * a list of one may come as the bare record.
 * @throws Fault SED_ARCHIVE_BAD_ANSWER for anything else
 */
export function readPage({ odata }: DeloMapping, json: unknown): RowPage {
  const list = listOf(json);
  if (list === undefined)
    throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: 'в ответе нет списка записей' });
  const rows = list.filter(isRow);
  const told = isRow(json) ? (json[odata.totalRecords] ?? json['odata.count']) : undefined;
  const total = count.safeParse(told);
  return { rows, junk: list.length - rows.length, ...(total.success && { total: total.data }) };
}

function listOf(json: unknown): readonly unknown[] | undefined {
  if (Array.isArray(json)) return json;
  const parsed = wrapped.safeParse(json);
  if (!parsed.success) return undefined;
  const { value, d } = parsed.data;
  if (value === undefined) return d === undefined ? undefined : children(d);
  return value === null ? [] : children(value);
}

/** A child list: an array, an object around one, or the only child itself; nothing for what is no list. */
export function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRow(value)) return [];
  for (const key of ['results', 'value']) {
    const inner = value[key];
    if (Array.isArray(inner)) return inner;
  }
  return Object.keys(value).length === 0 ? [] : [value];
}

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
