import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { writeJournal } from '../alerts/journal.ts';
import { nextDelay } from '../endpoints/backoff.ts';
import { runForCabinet } from '../endpoints/breaker.ts';
import { blockCabinet, credentialsMark } from '../intake/cabinets.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import { Fault, toFault } from '../model/errors.ts';
import { inTransaction } from '../store/data-source.ts';
import { damaged } from './file-lines.ts';
import { showcasePath } from './files.ts';
import type { UploadState } from './records.ts';
import { afterWholeRefusal, giveUp } from './refused.ts';
import { readReport } from './report.ts';
import type { UploadDeps } from './upload-deps.ts';
import { nextUploadStep, platformCodeOf, pollDelay } from './upload-plan.ts';
import { beginStep, endStep, keepingLease, type UploadRow, uploadsInTurn } from './upload-rows.ts';

/** Organisations served at once. */
const AT_ONCE = 4;
/** A dry cabinet's file is looked at again after this. */
const RECHECK_MS = 5 * 60_000;

/**
 * Carries all files on by one step each: one file in flight per organisation, the others behind it in their order.
 * Returns how many steps were done; one that fails for a reason of our own house is told in the log and comes again.
 */
export async function carryUploads(deps: UploadDeps, signal: AbortSignal): Promise<number> {
  const todo = (await uploadsInTurn(deps.db)).filter((row) => {
    const step = nextUploadStep(row);
    return step.do !== 'nothing' && step.do !== 'wait';
  });
  let done = 0;
  async function serve(): Promise<void> {
    for (let row = todo.shift(); row !== undefined && !signal.aborted; row = todo.shift()) {
      try {
        if (await carryUpload(deps, row, signal)) done += 1;
      } catch (error) {
        const { code, kind, detail } = toFault(error);
        deps.log.error(
          {
            upload: row.id,
            showcase: row.showcase,
            code,
            detail,
            ...(kind === 'defect' ? { err: error } : {}),
          },
          'upload step failed',
        );
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, todo.length) }, serve));
  return done;
}

/** One step of one file; false when there was none to do, or another daemon does it. */
export async function carryUpload(deps: UploadDeps, row: UploadRow, signal: AbortSignal): Promise<boolean> {
  const cabinet = deps.cabinet(row.opaId);
  if (cabinet === undefined || !cabinet.config.enabled) return false;
  const step = nextUploadStep(row);
  switch (step.do) {
    case 'send':
      if (deps.dry?.covers(row.opaId) === true && row.state === 'ready')
        return await keepDry(deps, row, cabinet);
      return await sendUpload(deps, row, cabinet, signal);
    case 'ask':
      return await askReport(deps, row, cabinet, signal);
    default:
      return false;
  }
}

/** Puts the file aside, where a person can look at it; it waits for the cabinet to go live. */
async function keepDry(deps: UploadDeps, row: UploadRow, cabinet: PolledCabinet): Promise<boolean> {
  const path = showcasePath(deps.spoolDir, row.file);
  await deps.dry?.keep(cabinet, { name: row.file, path, sha256: row.sha256 });
  await deps.db.query(
    `UPDATE showcase_upload SET next_try_at = now() + make_interval(secs => $2) WHERE id = $1 AND state = 'ready'`,
    [row.id, RECHECK_MS / 1000],
  );
  return true;
}

async function sendUpload(
  deps: UploadDeps,
  row: UploadRow,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<boolean> {
  let begun: UploadRow | undefined;
  let uploadId: string;
  try {
    // Begun only when the breaker lets it go: a paused endpoint spends no attempt.
    uploadId = await runForCabinet(deps.breakers, row.opaId, async () => {
      begun = await beginStep(deps.db, row, 'sending');
      if (begun === undefined) throw new Fault('STOPPED');
      return await keepingLease(deps, begun, () => post(deps, row, cabinet, signal));
    });
  } catch (error) {
    if (begun === undefined) return await notBegun(error);
    return await afterFailure(deps, begun, row, cabinet, toFault(error), signal);
  }
  if (begun === undefined) return false;
  await taken(deps, begun, uploadId);
  return true;
}

async function post(
  deps: UploadDeps,
  { file, size, key }: UploadRow,
  { access }: PolledCabinet,
  signal: AbortSignal,
): Promise<string> {
  const path = showcasePath(deps.spoolDir, file);
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw damaged('файла нет');
    throw new Fault('SPOOL_UNAVAILABLE', { detail: `файл витрины не читается (${error.code})` });
  });
  if (info.size !== size) throw damaged(`${info.size} байт вместо ${size}`);
  const source = { size, open: () => createReadStream(path) };
  return (await deps.platform.uploadShowcase(access, key, source, signal)).uploadId;
}

async function taken(deps: UploadDeps, row: UploadRow, uploadId: string): Promise<void> {
  const waitMs = pollDelay(0, deps.pollFirstMs(row.showcase));
  await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE showcase_upload SET state = 'polling', upload_id = $3, sent_at = now(), report_after = NULL,
         next_try_at = now() + make_interval(secs => $4), error_code = NULL, error_field = NULL, error_detail = NULL
       WHERE id = $1 AND attempts = $2 AND state = 'sending' RETURNING id`,
      [row.id, row.attempts, uploadId, waitMs / 1000],
    );
    if (rows.length === 0) return;
    // A second POST under a key of which the platform knows nothing starts a report of its own.
    await tx.query(`DELETE FROM showcase_error WHERE upload_id = $1`, [row.id]);
    const data = { showcase: row.showcase, upload: row.id, uploadId, records: row.records };
    await writeJournal(tx, [{ opaId: row.opaId, event: 'showcase-uploaded', data }]);
  });
}

/** Another daemon has it, or the breaker holds it back: nothing is stored, the next look comes soon. */
async function notBegun(error: unknown): Promise<false> {
  const { code } = toFault(error);
  if (code === 'STOPPED' || code === 'ENDPOINT_PAUSED') return false;
  throw error;
}

/** Nothing was taken, or it is not known: the same file under the same key after a while. */
async function afterFailure(
  deps: UploadDeps,
  begun: UploadRow,
  before: UploadRow,
  cabinet: PolledCabinet,
  fault: Fault,
  signal: AbortSignal,
): Promise<boolean> {
  const { code, kind, detail, field } = fault;
  if (code === 'FILE_DAMAGED') {
    await giveUp(deps, begun, { code, platformCode: code, ...(detail === undefined ? {} : { detail }) });
    return true;
  }
  if (kind === 'rejected' || kind === 'defect') {
    await afterWholeRefusal(deps, begun, {
      code,
      platformCode: platformCodeOf(detail, code),
      ...(field === undefined ? {} : { field }),
      ...(detail === undefined ? {} : { detail }),
    });
    return true;
  }
  // Once in doubt it stays in flight until the platform has answered under its key.
  const inDoubt = before.state === 'sending' || kind === 'unknown' || signal.aborted;
  await waitAfter(deps, begun, cabinet, fault, inDoubt ? 'sending' : 'ready');
  return true;
}

async function waitAfter(
  deps: UploadDeps,
  row: UploadRow,
  { config, access }: PolledCabinet,
  fault: Fault,
  state: 'ready' | 'sending' | 'polling',
): Promise<void> {
  if (fault.kind === 'credentials') {
    await blockCabinet(deps.db, deps.incidents, config, fault, await credentialsMark(access));
  }
  const waitMs = waitOf(deps, row, fault, state);
  const error = { code: fault.code, ...(fault.detail === undefined ? {} : { detail: fault.detail }) };
  await endStep(deps.db, row, state, waitMs, fault.code === 'STOPPED' ? {} : error);
}

function waitOf(deps: UploadDeps, row: UploadRow, fault: Fault, state: UploadState): number {
  // What a stop has cut goes on at once after the start.
  if (fault.code === 'STOPPED') return 0;
  // Questions are steps too, so their number says nothing of failures.
  if (state === 'polling')
    return Math.max(pollDelay(row.ageMs, deps.pollFirstMs(row.showcase)), fault.retryAfterMs ?? 0);
  return nextDelay(row.attempts, deps.retry, deps.random, fault.retryAfterMs);
}

async function askReport(
  deps: UploadDeps,
  row: UploadRow,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<boolean> {
  let begun: UploadRow | undefined;
  try {
    await runForCabinet(deps.breakers, row.opaId, async () => {
      begun = await beginStep(deps.db, row, 'polling');
      if (begun === undefined) throw new Fault('STOPPED');
      const current = begun;
      await keepingLease(deps, current, () => readReport(deps, current, cabinet, signal));
    });
  } catch (error) {
    if (begun === undefined) return await notBegun(error);
    const fault = toFault(error);
    if (fault.code === 'SHOWCASE_UPLOAD_LOST' || fault.code === 'FILE_DAMAGED') {
      await giveUp(deps, begun, { code: fault.code, platformCode: fault.code });
      return true;
    }
    if (fault.kind === 'rejected' || fault.kind === 'defect') {
      // A report that cannot be asked for or read: the upload stands, so it is asked for again, ever more rarely.
      deps.log.error(
        { upload: row.id, code: fault.code, detail: fault.detail, err: error },
        'report not read',
      );
      await endStep(deps.db, begun, 'polling', deps.retry.cap, { code: fault.code });
      return true;
    }
    await waitAfter(deps, begun, cabinet, fault, 'polling');
  }
  return true;
}
