import { type Queryable, StatementError } from '../store/data-source.ts';
import type { UploadState } from './records.ts';
import type { UploadDeps } from './upload-deps.ts';

/** One file on its way, as stored; times are spans of the database's clock. */
export interface UploadRow {
  readonly id: string;
  readonly showcase: string;
  readonly opaId: string;
  /** The original file that this is a piece of; its own id when it is none. */
  readonly rootId: string;
  readonly key: string;
  readonly state: UploadState;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly records: number;
  readonly uploadId?: string;
  readonly reportAfter?: string;
  /** The fence: a step counts only while nobody has begun another one. */
  readonly attempts: number;
  readonly errorCode?: string;
  readonly waitMs: number;
  /** Since the platform took it; since it was made when it has not. */
  readonly ageMs: number;
}

interface StoredUpload {
  readonly id: string;
  readonly showcase: string;
  readonly opa_id: string;
  readonly root_id: string;
  readonly key: string;
  readonly state: UploadState;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly records: number;
  readonly upload_id: string | null;
  readonly report_after: string | null;
  readonly attempts: number;
  readonly error_code: string | null;
  readonly wait_ms: number;
  readonly age_ms: number;
}

const COLUMNS = `u.id::text AS id, u.showcase, u.opa_id, coalesce(u.root_id, u.id)::text AS root_id, u.key, u.state, u.file,
  u.size::float8 AS size, u.sha256, u.records, u.upload_id, u.report_after, u.attempts, u.error_code,
  (extract(epoch FROM u.next_try_at - now()) * 1000)::float8 AS wait_ms,
  (extract(epoch FROM now() - coalesce(u.sent_at, u.created_at)) * 1000)::float8 AS age_ms`;

/**
 * The file whose turn it is, of each organisation: the one in flight, else the oldest; pieces of one file stand in its
 * place, broad ones first. Organisations whose cabinet is paused or blocked have none.
 */
export async function uploadsInTurn(db: Queryable): Promise<UploadRow[]> {
  const rows = await db.query<StoredUpload>(
    `SELECT DISTINCT ON (u.opa_id) ${COLUMNS} FROM showcase_upload u JOIN cabinet c ON c.opa_id = u.opa_id
     WHERE u.state IN ('ready', 'sending', 'polling') AND c.state = 'active'
     ORDER BY u.opa_id, (u.state = 'ready'), coalesce(u.root_id, u.id), u.id`,
  );
  return rows.map(fromStored);
}

/** One upload as it is now. */
export async function readUpload(db: Queryable, id: string): Promise<UploadRow | undefined> {
  const [row] = await db.query<StoredUpload>(`SELECT ${COLUMNS} FROM showcase_upload u WHERE u.id = $1`, [
    id,
  ]);
  return row === undefined ? undefined : fromStored(row);
}

function fromStored(row: StoredUpload): UploadRow {
  const { id, showcase, key, state, file, size, sha256, records, attempts } = row;
  return {
    ...{ id, showcase, key, state, file, size, sha256, records, attempts },
    opaId: row.opa_id,
    rootId: row.root_id,
    waitMs: row.wait_ms,
    ageMs: row.age_ms,
    ...(row.upload_id === null ? {} : { uploadId: row.upload_id }),
    ...(row.report_after === null ? {} : { reportAfter: row.report_after }),
    ...(row.error_code === null ? {} : { errorCode: row.error_code }),
  };
}

/** Whoever dies in a step leaves it to others after this; who lives renews it in time. */
const LEASE_SECONDS = 60;
const RENEW_MS = 15_000;

/**
 * Begins a step by compare-and-set; undefined when another daemon was faster or the organisation has a file in flight.
 * `to`: the state in which the step stands while it runs.
 */
export async function beginStep(
  db: Queryable,
  row: UploadRow,
  to: 'sending' | 'polling',
): Promise<UploadRow | undefined> {
  try {
    const rows = await db.query(
      `UPDATE showcase_upload SET state = $4, attempts = attempts + 1, next_try_at = now() + make_interval(secs => $5)
       WHERE id = $1 AND state = $2 AND attempts = $3 AND next_try_at <= now() RETURNING id`,
      [row.id, row.state, row.attempts, to, LEASE_SECONDS],
    );
    return rows.length === 0 ? undefined : { ...row, state: to, attempts: row.attempts + 1 };
  } catch (error) {
    if (error instanceof StatementError && error.constraint === 'showcase_in_flight') return undefined;
    throw error;
  }
}

/** Runs a begun step and keeps its lease while it runs. */
export async function keepingLease<T>(
  { db, log }: Pick<UploadDeps, 'db' | 'log'>,
  row: UploadRow,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => {
    db.query(
      `UPDATE showcase_upload SET next_try_at = now() + make_interval(secs => $3) WHERE id = $1 AND attempts = $2`,
      [row.id, row.attempts, LEASE_SECONDS],
    ).catch((error: unknown) => log.warn({ upload: row.id, err: error }, 'upload lease not renewed'));
  }, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Ends a begun step: the file stands in `state` and its turn comes again after `waitMs`. */
export async function endStep(
  db: Queryable,
  row: UploadRow,
  state: 'ready' | 'sending' | 'polling',
  waitMs: number,
  error: { readonly code?: string; readonly detail?: string } = {},
): Promise<void> {
  await db.query(
    `UPDATE showcase_upload SET state = $3, next_try_at = now() + make_interval(secs => $4), error_code = $5, error_detail = $6
     WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'polling')`,
    [row.id, row.attempts, state, waitMs / 1000, error.code ?? null, error.detail ?? null],
  );
}
