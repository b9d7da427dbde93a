import { rm } from 'node:fs/promises';
import { writeJournal } from '../alerts/journal.ts';
import type { ShowcaseReportPage } from '../platform/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { askFiles } from './asked-runs.ts';
import { recordsOf } from './file-lines.ts';
import { contentHash, showcasePath } from './files.ts';
import {
  acceptRecords,
  freeRecords,
  type RefusedRecord,
  refuseRecords,
  type TakenRecord,
} from './record-fates.ts';
import type { StoredError } from './report.ts';
import { tellTrouble, tellWorksAgain } from './tell.ts';
import type { UploadDeps } from './upload-deps.ts';
import { pollDelay } from './upload-plan.ts';
import type { UploadRow } from './upload-rows.ts';

/** Records settled by one statement. */
const BATCH = 2000;

/**
 * The report is read to its end: in one transaction the records that it names are refused, all others of the file are
 * accepted with exactly the content that lies in it, and the upload is settled; then the file goes. What has changed
 * meanwhile is asked for in a file of its own. A report whose sums do not fit the file is read once more; if it still does
 * not fit, nothing of it counts as accepted.
 * @throws Fault FILE_DAMAGED or SPOOL_UNAVAILABLE when the file cannot be read: nothing is settled then
 */
export async function settleReport(
  deps: UploadDeps,
  row: UploadRow,
  page: ShowcaseReportPage,
  errors: readonly StoredError[],
): Promise<void> {
  const named = new Map(errors.map((error) => [error.recordId, error]));
  const isSettled = await inTransaction(deps.dataSource, async (tx) => {
    if (!(await isStillOurs(tx, row))) return false;
    const counted = await countNamed(deps, row, named);
    const fits = counted === page.rejected && page.accepted + page.rejected === row.records;
    if (!fits) return await afterMismatch(deps, tx, row, page, named);
    await settleRecords(deps, tx, row, named);
    await finish(tx, row, 'settled', page);
    await tellWorksAgain(deps, tx, row.showcase);
    await askFiles(tx, row.showcase);
    return true;
  });
  if (isSettled) await removeFile(deps, row);
}

/** Takes the upload's row, so that nobody begins a step of it before we have stored ours. */
async function isStillOurs(tx: Queryable, row: UploadRow): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM showcase_upload WHERE id = $1 AND attempts = $2 AND state = 'polling' FOR UPDATE`,
    [row.id, row.attempts],
  );
  return rows.length > 0;
}

async function countNamed(
  deps: UploadDeps,
  row: UploadRow,
  named: ReadonlyMap<string, StoredError>,
): Promise<number> {
  if (named.size === 0) return 0;
  let count = 0;
  for await (const { recordId } of recordsOf(showcasePath(deps.spoolDir, row.file), row.sha256)) {
    if (named.has(recordId)) count += 1;
  }
  return count;
}

async function settleRecords(
  deps: UploadDeps,
  tx: Queryable,
  row: UploadRow,
  named: ReadonlyMap<string, StoredError>,
): Promise<void> {
  let taken: TakenRecord[] = [];
  let refused: RefusedRecord[] = [];
  for await (const { recordId, line } of recordsOf(showcasePath(deps.spoolDir, row.file), row.sha256)) {
    const error = named.get(recordId);
    if (error === undefined) taken.push({ recordId, hash: contentHash(line) });
    else refused.push(error);
    if (taken.length + refused.length < BATCH) continue;
    await acceptRecords(tx, row, taken);
    await refuseRecords(tx, row, refused);
    taken = [];
    refused = [];
  }
  await acceptRecords(tx, row, taken);
  await refuseRecords(tx, row, refused);
}

/** Once: the report may still have been growing. Twice: who was named is refused, the rest goes once more. */
async function afterMismatch(
  deps: UploadDeps,
  tx: Queryable,
  row: UploadRow,
  page: ShowcaseReportPage,
  named: ReadonlyMap<string, StoredError>,
): Promise<boolean> {
  const code = 'SHOWCASE_REPORT_MISMATCH';
  if (row.errorCode !== code) {
    await tx.query(`DELETE FROM showcase_error WHERE upload_id = $1`, [row.id]);
    await tx.query(
      `UPDATE showcase_upload SET report_after = NULL, error_code = $2, next_try_at = now() + make_interval(secs => $3)
       WHERE id = $1`,
      [row.id, code, pollDelay(row.ageMs, deps.pollFirstMs(row.showcase)) / 1000],
    );
    return false;
  }
  await refuseRecords(tx, row, [...named.values()]);
  const waiting = await freeRecords(tx, [row.id], true);
  await finish(tx, row, 'failed', page, code);
  await tellTrouble(deps, tx, row.showcase, { code, records: waiting });
  return true;
}

async function finish(
  tx: Queryable,
  row: UploadRow,
  state: 'settled' | 'failed',
  { accepted, rejected }: ShowcaseReportPage,
  code: string | null = null,
): Promise<void> {
  await tx.query(
    `UPDATE showcase_upload SET state = $2, accepted = $3, rejected = $4, settled_at = now(), report_after = NULL,
       error_code = $5, error_field = NULL, error_detail = NULL WHERE id = $1`,
    [row.id, state, accepted, rejected, code],
  );
  const data = { showcase: row.showcase, upload: row.id, accepted, rejected };
  await writeJournal(tx, [{ opaId: row.opaId, event: `showcase-${state}`, data }]);
}

/** The file of an upload whose end is stored; one left behind by a death here is swept later. */
export async function removeFile(deps: Pick<UploadDeps, 'spoolDir' | 'log'>, row: UploadRow): Promise<void> {
  await rm(showcasePath(deps.spoolDir, row.file), { force: true }).catch((error: unknown) =>
    deps.log.warn({ upload: row.id, err: error }, 'showcase file not removed'),
  );
}
