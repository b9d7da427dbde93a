import type { PolledCabinet } from '../intake/intake.ts';
import { Fault } from '../model/errors.ts';
import type { ShowcaseReportPage } from '../platform/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { afterWholeRefusal } from './refused.ts';
import { settleReport } from './settle.ts';
import type { UploadDeps } from './upload-deps.ts';
import { pollDelay, type WholeRefusal } from './upload-plan.ts';
import { endStep, type UploadRow } from './upload-rows.ts';

/** Errors asked for at once; the driver cuts it to what the platform gives. */
const PAGE_SIZE = 200;

/**
 * An error about the whole file stands in `showcase_error` under one of these, which no record's id can be: ids end in
 * «#» and a number.
 */
const ABOUT_FILE = '(file)';
const ABOUT_HEADER = '(header)';

/**
 * Asks for the report of an upload. Not ready: later. Ready: its pages are read one after the other, each stored with its
 * place before the next one is asked for, so a death in between loses none; with the last page the upload is settled.
 * @throws Fault of the platform; SHOWCASE_UPLOAD_LOST; what settling throws
 */
export async function readReport(
  deps: UploadDeps,
  row: UploadRow,
  { access }: PolledCabinet,
  signal: AbortSignal,
): Promise<void> {
  const { uploadId } = row;
  if (uploadId === undefined) throw new Fault('DEFECT', { detail: 'upload without an id' });
  let after = row.reportAfter;
  for (;;) {
    const page = await deps.platform.readShowcaseReport(
      access,
      uploadId,
      { size: PAGE_SIZE, ...(after === undefined ? {} : { after }) },
      signal,
    );
    if (page.state === 'RECEIVED' || page.state === 'PARSING') {
      await endStep(deps.db, row, 'polling', pollDelay(row.ageMs, deps.pollFirstMs(row.showcase)));
      return;
    }
    if (page.last) {
      await atLastPage(deps, row, page);
      return;
    }
    const isOurs = await storePage(deps, row, page);
    if (!isOurs) return;
    after = page.next;
  }
}

/** False when another daemon has begun a step of this upload meanwhile. */
async function storePage(deps: UploadDeps, row: UploadRow, page: ShowcaseReportPage): Promise<boolean> {
  return await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE showcase_upload SET report_after = $3 WHERE id = $1 AND attempts = $2 AND state = 'polling' RETURNING id`,
      [row.id, row.attempts, page.next ?? null],
    );
    if (rows.length === 0) return false;
    await storeErrors(tx, row.id, page);
    return true;
  });
}

/** A record may have several errors: the first one is kept. */
export async function storeErrors(
  tx: Queryable,
  uploadId: string,
  { errors }: Pick<ShowcaseReportPage, 'errors'>,
): Promise<void> {
  if (errors.length === 0) return;
  await tx.query(
    `INSERT INTO showcase_error (upload_id, record_id, field, code, message)
     SELECT DISTINCT ON (t.record_id) $1::bigint, t.record_id, t.field, t.code, t.message
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS t (record_id, field, code, message, place)
     ORDER BY t.record_id, t.place
     ON CONFLICT (upload_id, record_id) DO NOTHING`,
    [
      uploadId,
      errors.map(({ recordId, header }) => recordId ?? (header === true ? ABOUT_HEADER : ABOUT_FILE)),
      errors.map(({ field }) => field ?? null),
      errors.map(({ code }) => code),
      errors.map(({ message }) => message),
    ],
  );
}

export interface StoredError {
  readonly recordId: string;
  readonly field?: string;
  readonly code: string;
  /** «code: message». */
  readonly detail: string;
}

async function atLastPage(deps: UploadDeps, row: UploadRow, page: ShowcaseReportPage): Promise<void> {
  // Stored like the others: whatever becomes of settling, the next try finds all of them.
  await inTransaction(deps.dataSource, (tx) => storeErrors(tx, row.id, page));
  const errors = await readErrors(deps.db, row.id);
  if (page.state === 'REFUSED') {
    await afterWholeRefusal(deps, row, refusalOf(errors));
    return;
  }
  await settleReport(deps, row, page, errors);
}

async function readErrors(db: Queryable, uploadId: string): Promise<StoredError[]> {
  const rows = await db.query<{ record_id: string; field: string | null; code: string; message: string }>(
    `SELECT record_id, field, code, message FROM showcase_error WHERE upload_id = $1 ORDER BY record_id`,
    [uploadId],
  );
  return rows.map(({ record_id, field, code, message }) => ({
    recordId: record_id,
    code,
    detail: message === '' ? code : `${code}: ${message}`,
    ...(field === null ? {} : { field }),
  }));
}

/** Why a file was refused whole: its header, else what is said of the file, else the records that are named. */
function refusalOf(errors: readonly StoredError[]): WholeRefusal {
  const header = errors.find(({ recordId }) => recordId === ABOUT_HEADER);
  const about = header ?? errors.find(({ recordId }) => recordId === ABOUT_FILE) ?? errors[0];
  const named = errors.filter(({ recordId }) => recordId !== ABOUT_HEADER && recordId !== ABOUT_FILE);
  return {
    code: header === undefined ? 'SHOWCASE_FILE_REFUSED' : 'SHOWCASE_HEADER_REFUSED',
    platformCode: about?.code ?? 'REFUSED',
    ...(about?.field === undefined ? {} : { field: about.field }),
    ...(about === undefined ? {} : { detail: about.detail }),
    ...(named.length === 0 ? {} : { named: new Map(named.map((error) => [error.recordId, error])) }),
  };
}
