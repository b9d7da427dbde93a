import { UPLOAD_STATES, type UploadState } from '../../../showcase/records.ts';
import type { Queryable } from '../../../store/data-source.ts';

export interface UploadLine {
  readonly id: string;
  readonly showcase: string;
  readonly parentId: string | null;
  readonly state: UploadState;
  readonly records: number;
  readonly accepted: number | null;
  readonly rejected: number | null;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  readonly nextTryAt: Date;
  readonly errorCode: string | null;
  readonly errorField: string | null;
  readonly errorDetail: string | null;
}

export interface UploadFilter {
  readonly showcase?: string;
  readonly state?: UploadState;
  /** Id of the last one seen: older ones follow. */
  readonly before?: string;
}

export function readUploadFilter(query: URLSearchParams, known: readonly string[]): UploadFilter {
  const showcase = known.find((id) => id === query.get('showcase'));
  const state = UPLOAD_STATES.find((each) => each === query.get('state'));
  const before = query.get('before') ?? '';
  return {
    ...(showcase === undefined ? {} : { showcase }),
    ...(state === undefined ? {} : { state }),
    ...(/^\d{1,18}$/.test(before) ? { before } : {}),
  };
}

export function uploadsAddress(filter: UploadFilter): string {
  const query = new URLSearchParams(Object.entries(filter)).toString();
  return query === '' ? '/showcase/uploads' : `/showcase/uploads?${query}`;
}

/** Files of showcases, newest first. */
export async function listUploads(db: Queryable, filter: UploadFilter, limit: number): Promise<UploadLine[]> {
  const params: unknown[] = [];
  const put = (value: unknown) => `$${params.push(value)}`;
  const conditions = [
    'true',
    ...(filter.showcase === undefined ? [] : [`showcase = ${put(filter.showcase)}`]),
    ...(filter.state === undefined ? [] : [`state = ${put(filter.state)}`]),
    ...(filter.before === undefined ? [] : [`showcase_upload.id < ${put(filter.before)}::bigint`]),
  ];
  return await db.query<UploadLine>(
    `SELECT id::text AS id, showcase, parent_id::text AS "parentId", state, records, accepted, rejected, attempts,
       created_at AS "createdAt", settled_at AS "settledAt", next_try_at AS "nextTryAt", error_code AS "errorCode",
       error_field AS "errorField", error_detail AS "errorDetail"
     FROM showcase_upload WHERE ${conditions.join(' AND ')} ORDER BY showcase_upload.id DESC LIMIT ${put(limit)}`,
    params,
  );
}
