import { nextDelay } from '../endpoints/backoff.ts';
import { runForCabinet } from '../endpoints/breaker.ts';
import { blockCabinet, credentialsMark } from '../intake/cabinets.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import { Fault, toFault } from '../model/errors.ts';
import { inTransaction } from '../store/data-source.ts';
import type { RegistrationDeps } from './deps.ts';
import { type FileOutcome, storeOutcomes } from './file-outcomes.ts';
import { type AppealState, type AttachmentState, loadAppeals } from './state.ts';
import { together } from './together.ts';

/** Larger files get a job of their own, so that they never hold a batch of appeals. */
const INLINE_BYTES = 1024 * 1024;

/**
 * Fetches the due files of an appeal, small ones at once, large ones by a job each. Every outcome is stored
 * before it counts. Returns the attachments as they stand now.
 */
export async function fetchFiles(
  deps: RegistrationDeps,
  state: AppealState,
  due: readonly AttachmentState[],
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<AttachmentState[]> {
  const large = due.filter((file) => file.size === null || file.size > INLINE_BYTES);
  const small = due.filter((file) => !large.includes(file));
  const outcomes = await Promise.all(small.map((file) => fetchOne(deps, state, file, cabinet, signal)));
  const handedOver = large.map((attachment) => refuseUnseen(deps, attachment) ?? handOver(deps, attachment));
  const all = [...outcomes, ...handedOver];
  if (handedOver.every((outcome) => outcome.state === 'refused')) {
    await together(deps.dataSource).storeOutcomes(all.map((outcome) => ({ appeal: state, outcome })));
  } else {
    await inTransaction(deps.dataSource, async (tx) => {
      await storeOutcomes(
        tx,
        all.map((outcome) => ({ appeal: state, outcome })),
      );
      const waiting = handedOver.filter((outcome) => outcome.state === 'wanted');
      const refs = waiting.map((o) => ({
        attachmentId: o.attachment.id,
        appealId: state.id,
        opaId: state.opaId,
      }));
      await deps.queue.ringFiles(tx, refs);
    });
  }
  return state.attachments.map((file) => {
    const outcome = all.find((candidate) => candidate.attachment.id === file.id);
    return outcome === undefined ? file : applyOutcome(file, outcome, state.now);
  });
}

/** The job of one large file: fetches it, stores the outcome and rings for its appeal in one transaction. */
export async function fetchLargeFile(
  deps: RegistrationDeps,
  ref: { readonly appealId: string; readonly attachmentId: string },
  signal: AbortSignal,
): Promise<void> {
  const [state] = await loadAppeals(deps.db, [ref.appealId]);
  const attachment = state?.attachments.find((file) => file.id === ref.attachmentId);
  if (state === undefined || attachment?.state !== 'wanted' || !state.cabinetActive) return;
  const cabinet = deps.cabinet(state.opaId);
  if (cabinet === undefined) return;
  const outcome = await fetchOne(deps, state, attachment, cabinet, signal);
  await inTransaction(deps.dataSource, async (tx) => {
    await storeOutcomes(tx, [{ appeal: state, outcome }]);
    await deps.queue.ringAppeals(tx, [{ appealId: state.id, opaId: state.opaId }]);
  });
}

async function fetchOne(
  deps: RegistrationDeps,
  state: AppealState,
  attachment: AttachmentState,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<FileOutcome> {
  const refused = refuseUnseen(deps, attachment);
  if (refused !== undefined) return refused;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.files.timeoutMs)]);
  try {
    const blob = await deps.spool.put({
      key: `attachment-${attachment.id}`,
      maxBytes: deps.files.maxBytes,
      ...(attachment.size === null ? {} : { expectedSize: attachment.size }),
      ...(attachment.expectedSha256 === null ? {} : { expectedSha256: attachment.expectedSha256 }),
      openAt: (offset) =>
        runForCabinet(deps.breakers, cabinet.config.opaId, () =>
          deps.platform.openFile(cabinet.access, attachment.fileId, offset, limit),
        ),
    });
    return {
      attachment,
      state: 'stored',
      ...blob,
      delayMs: 0,
      attempts: attachment.attempts + 1,
      retryUsedMs: 0,
    };
  } catch (error) {
    const fault = cutShort(error);
    if (fault.kind === 'credentials') {
      await blockCabinet(
        deps.db,
        deps.incidents,
        cabinet.config,
        fault,
        await credentialsMark(cabinet.access),
      );
    }
    deps.log.warn({ cabinet: cabinet.config.id, posId: state.posId, code: fault.code }, 'file not fetched');
    // Stopped by us: no attempt is spent, the next process goes on.
    return signal.aborted ? postponed(attachment, 0) : afterFailure(deps, attachment, fault);
  }
}

/** A stream that breaks off throws what its socket throws: for us a transfer to be gone on with. */
function cutShort(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const name = error instanceof Error ? error.name : '';
  if (typeof code === 'string' || name === 'AbortError' || name === 'TimeoutError') {
    return new Fault('PLATFORM_UNREACHABLE', {
      detail: typeof code === 'string' ? code : name,
      cause: error,
    });
  }
  return toFault(error);
}

/** Too large or of a forbidden type by the platform's own word: not even asked for. */
function refuseUnseen(deps: RegistrationDeps, attachment: AttachmentState): FileOutcome | undefined {
  const base = {
    attachment,
    state: 'refused',
    delayMs: 0,
    attempts: attachment.attempts,
    retryUsedMs: 0,
  } as const;
  if (attachment.size !== null && attachment.size > deps.files.maxBytes) {
    return { ...base, code: 'FILE_TOO_LARGE', detail: `${attachment.size} > ${deps.files.maxBytes}` };
  }
  const type = fileType(attachment);
  if (!deps.files.allowedExtensions.has(type)) {
    // The extension is a citizen's text: only a plain short one is worth showing.
    return {
      ...base,
      code: 'FILE_TYPE_FORBIDDEN',
      ...(/^[a-z0-9]{1,4}$/.test(type) ? { detail: type } : {}),
    };
  }
  return undefined;
}

/** The extension in lower case; of a name without one, the subtype of its media type (`image/jpeg` → jpeg). */
export function fileType(file: { readonly name: string; readonly mimeType: string | null }): string {
  const extension = /\.([^./\\]+)$/.exec(file.name)?.[1];
  return (extension ?? file.mimeType?.split('/')[1]?.split(';')[0] ?? '').trim().toLowerCase();
}

function handOver(deps: RegistrationDeps, attachment: AttachmentState): FileOutcome {
  // The file's own job answers for it now; this is when to ask again should even that be lost.
  return postponed(attachment, deps.files.timeoutMs);
}

function postponed(attachment: AttachmentState, delayMs: number): FileOutcome {
  const { attempts, retryUsedMs } = attachment;
  return { attachment, state: 'wanted', delayMs, attempts, retryUsedMs };
}

function afterFailure(deps: RegistrationDeps, attachment: AttachmentState, fault: Fault): FileOutcome {
  const details = { code: fault.code, ...(fault.detail === undefined ? {} : { detail: fault.detail }) };
  const untouched = {
    attachment,
    attempts: attachment.attempts,
    retryUsedMs: attachment.retryUsedMs,
    ...details,
  };
  // A paused cabinet or a broken endpoint burns no attempt.
  if (fault.kind === 'credentials') return { ...untouched, state: 'wanted', delayMs: deps.retry.cap };
  if (fault.code === 'ENDPOINT_PAUSED') {
    // The breaker's clock counts in fractions; the database takes whole milliseconds.
    return { ...untouched, state: 'wanted', delayMs: Math.ceil(fault.retryAfterMs ?? deps.retry.base) };
  }
  const attempts = attachment.attempts + 1;
  if (fault.kind === 'rejected' || fault.kind === 'defect') {
    return { ...untouched, attempts, state: 'refused', delayMs: 0 };
  }
  const delayMs = nextDelay(attempts, deps.retry, deps.random, fault.retryAfterMs);
  const retryUsedMs = attachment.retryUsedMs + delayMs;
  const state = retryUsedMs > deps.retry.windowMs ? 'refused' : 'wanted';
  return { attachment, state, ...details, delayMs, attempts, retryUsedMs };
}

function applyOutcome(file: AttachmentState, outcome: FileOutcome, now: number): AttachmentState {
  return {
    ...file,
    state: outcome.state,
    sha256: outcome.sha256 ?? null,
    storedSize: outcome.size ?? null,
    attempts: outcome.attempts,
    retryUsedMs: outcome.retryUsedMs,
    nextTryAt: now + outcome.delayMs,
    errorCode: outcome.code ?? null,
  };
}
