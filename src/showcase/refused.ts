import { writeJournal } from '../alerts/journal.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { learnLimit } from './limit.ts';
import { freeRecords, moveRecords, refuseRecords } from './record-fates.ts';
import { removeFile } from './settle.ts';
import { cutFile, type Piece, recordIds } from './split.ts';
import { tellTrouble } from './tell.ts';
import type { UploadDeps } from './upload-deps.ts';
import { judgeRefusal, type PieceOutcome, platformCodeOf, type WholeRefusal } from './upload-plan.ts';
import type { UploadRow } from './upload-rows.ts';

/**
 * The platform took nothing of a begun file: it is cut to find the bad records, or its one record is refused, or the
 * cause lies in no record and all of them wait (`judgeRefusal`).
 * @throws Fault FILE_DAMAGED or SPOOL_UNAVAILABLE when the file cannot be read or its pieces cannot be written
 */
export async function afterWholeRefusal(
  deps: UploadDeps,
  row: UploadRow,
  refusal: WholeRefusal,
): Promise<void> {
  const pieces = row.rootId === row.id ? [] : await piecesOf(deps.db, row);
  switch (judgeRefusal(refusal, row.records, row.rootId !== row.id, pieces)) {
    case 'incident':
      return await giveUp(deps, row, refusal);
    case 'refuse-record':
      return await refuseAll(deps, row, refusal);
    case 'cut-out':
      return await cutUp(deps, row, refusal, await cutFile(deps.spoolDir, row, 'without', refusal.named));
    case 'halve':
      return await cutUp(deps, row, refusal, await cutFile(deps.spoolDir, row, 'halves'));
  }
}

/** How the other pieces of the same original ended; those refused for their size alone tell nothing of a cause. */
async function piecesOf(db: Queryable, row: UploadRow): Promise<PieceOutcome[]> {
  const rows = await db.query<{
    state: string;
    code: string | null;
    field: string | null;
    detail: string | null;
  }>(
    `SELECT state, error_code AS code, error_field AS field, error_detail AS detail FROM showcase_upload
     WHERE root_id = $1 AND id <> $2 AND state IN ('settled', 'split', 'failed')
       AND error_code IS DISTINCT FROM 'SHOWCASE_TOO_MANY_RECORDS'`,
    [row.rootId, row.id],
  );
  return rows.map(({ state, code, field, detail }) => ({
    outcome: state === 'settled' ? 'taken' : 'refused',
    platformCode: platformCodeOf(detail ?? undefined, code ?? ''),
    ...(field === null ? {} : { field }),
  }));
}

/** Answers by which the platform says for sure that it took nothing of a file. */
const SURE_REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'SHOWCASE_FILE_REFUSED',
  'SHOWCASE_HEADER_REFUSED',
  'SHOWCASE_TOO_MANY_RECORDS',
  'PLATFORM_REJECTED',
]);

/**
 * Ends an upload of which nothing is known to be taken: its records are ready for another file, which is made by the next
 * run, or when another file's report is settled; never by this end itself, for that would go on for ever. A cause that
 * every file would meet takes the waiting files of the showcase along.
 */
export async function giveUp(deps: UploadDeps, row: UploadRow, refusal: WholeRefusal): Promise<void> {
  const { code, field, detail, platformCode } = refusal;
  const isOfAllFiles = code !== 'SHOWCASE_UPLOAD_LOST' && code !== 'FILE_DAMAGED';
  const ended = await inTransaction(deps.dataSource, async (tx) => {
    if (!(await end(tx, row, 'failed', refusal))) return [];
    const others = isOfAllFiles
      ? await tx.query<{ id: string; file: string }>(
          `UPDATE showcase_upload SET state = 'failed', settled_at = now(), error_code = $2, error_field = $3, error_detail = $4
           WHERE showcase = $1 AND state = 'ready' RETURNING id::text AS id, file`,
          [row.showcase, code, field ?? null, detail ?? null],
        )
      : [];
    const all = [row, ...others.map((other) => ({ ...row, ...other }))];
    const records = await freeRecords(
      tx,
      all.map(({ id }) => id),
      !SURE_REFUSALS.has(code),
    );
    await tellTrouble(deps, tx, row.showcase, {
      code,
      records,
      platformCode,
      ...(field === undefined ? {} : { field }),
    });
    return all;
  });
  for (const upload of ended) await removeFile(deps, upload);
}

/** The refusal names the only record that the file has. */
async function refuseAll(deps: UploadDeps, row: UploadRow, refusal: WholeRefusal): Promise<void> {
  const ids = await recordIds(deps.spoolDir, row);
  const isEnded = await inTransaction(deps.dataSource, async (tx) => {
    if (!(await end(tx, row, 'failed', refusal))) return false;
    await refuseRecords(
      tx,
      row,
      ids.map((recordId) => asRefused(recordId, refusal)),
    );
    return true;
  });
  if (isEnded) await removeFile(deps, row);
}

async function cutUp(
  deps: UploadDeps,
  row: UploadRow,
  refusal: WholeRefusal,
  pieces: readonly Piece[],
): Promise<void> {
  const isEnded = await inTransaction(deps.dataSource, async (tx) => {
    if (!(await end(tx, row, 'split', refusal))) return false;
    if (refusal.code === 'SHOWCASE_TOO_MANY_RECORDS') await learnLimit(tx, row.showcase, row.records);
    await refuseRecords(tx, row, [...(refusal.named?.values() ?? [])]);
    for (const piece of pieces) {
      const [made] = await tx.query<{ id: string }>(
        `INSERT INTO showcase_upload (showcase, opa_id, parent_id, root_id, key, state, file, size, sha256, records)
         VALUES ($1, $2, $3, $4, $5, 'ready', $6, $7, $8, $9) RETURNING id::text AS id`,
        [
          row.showcase,
          row.opaId,
          row.id,
          row.rootId,
          piece.key,
          piece.file,
          piece.size,
          piece.sha256,
          piece.recordIds.length,
        ],
      );
      await moveRecords(tx, row, made?.id ?? '', piece.recordIds);
    }
    return true;
  });
  if (isEnded) await removeFile(deps, row);
}

function asRefused(recordId: string, { field, detail, platformCode }: WholeRefusal) {
  return { recordId, detail: detail ?? platformCode, ...(field === undefined ? {} : { field }) };
}

/** False when another daemon has begun a step of this upload meanwhile. */
async function end(
  tx: Queryable,
  row: UploadRow,
  state: 'split' | 'failed',
  { code, field, detail, platformCode }: WholeRefusal,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE showcase_upload SET state = $3, settled_at = now(), report_after = NULL, error_code = $4, error_field = $5,
       error_detail = $6 WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'polling') RETURNING id`,
    [row.id, row.attempts, state, code, field ?? null, detail ?? platformCode],
  );
  if (rows.length === 0) return false;
  const data = {
    showcase: row.showcase,
    upload: row.id,
    records: row.records,
    platformCode,
    field: field ?? '',
  };
  await writeJournal(tx, [{ opaId: row.opaId, event: `showcase-${state}`, code, data }]);
  return true;
}
