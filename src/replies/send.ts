import { createReadStream } from 'node:fs';
import { writeJournal } from '../alerts/journal.ts';
import { runForCabinet } from '../endpoints/breaker.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import type { AppealOnPlatform, PostOutcome } from '../model/delivery.ts';
import { Fault, toFault } from '../model/errors.ts';
import { inTransaction } from '../store/data-source.ts';
import type { RepliesDeps } from './deps.ts';
import { repeatLater, type StepOutcome, settleDone, toAttention } from './outcome.ts';
import type { Delivery, RepliesState } from './state.ts';
import { countEqual, fileIds, hasKey, isThere } from './there.ts';

/**
 * One attempt at a delivery. «Sending» is stored before the call and the outcome after it, so whoever comes after our
 * death knows that the platform must be asked. Before each attempt the equal entries already in the history are counted:
 * on a platform that knows no keys ours is there when there are more. No entry of ours is in doubt then, so none of an
 * earlier attempt is counted.
 */
export async function sendDelivery(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<StepOutcome> {
  let appeal: AppealOnPlatform;
  try {
    appeal = await readAppeal(deps, state, cabinet, signal);
  } catch (error) {
    return await repeatLater(deps, state, delivery, toFault(error), cabinet);
  }
  if (hasKey(appeal, delivery)) return await settleDone(deps, state, delivery, null);
  const baseline = countEqual(deps, appeal, delivery);
  let current: Delivery | undefined;
  let outcome: PostOutcome;
  try {
    // Begun only when the breaker lets it go: a paused endpoint spends no attempt.
    outcome = await runForCabinet(deps.breakers, state.opaId, async () => {
      current = await begin(deps, delivery, baseline);
      // For the breaker it is as if nothing had been called.
      if (current === undefined) throw new Fault('STOPPED');
      return await post(deps, state, current, cabinet, signal);
    });
  } catch (error) {
    const fault = toFault(error);
    if (current !== undefined) return await afterFailure(deps, state, current, fault, cabinet, signal);
    if (fault.code === 'STOPPED') return 'lost';
    if (fault.code === 'ENDPOINT_PAUSED') return await repeatLater(deps, state, delivery, fault, cabinet);
    throw error;
  }
  if (current === undefined) return 'lost';
  // Outside of the try: what fails from here on is our own store, and the entry stands on the platform.
  return await settleDone(deps, state, current, outcome.id ?? null);
}

/** Undefined when another worker has begun it. */
async function begin(deps: RepliesDeps, delivery: Delivery, baseline: number): Promise<Delivery | undefined> {
  const [row] = await deps.db.query<{ at: number }>(
    `UPDATE delivery SET state = 'sending', attempts = attempts + 1, owner = $3, begun_at = now(), ended_at = NULL, baseline = $4
     WHERE id = $1 AND state = 'queued' AND attempts = $2 RETURNING (extract(epoch FROM begun_at) * 1000)::float8 AS at`,
    [delivery.id, delivery.attempts, deps.owner, baseline],
  );
  if (row === undefined) return undefined;
  const { attempts } = delivery;
  return {
    ...delivery,
    state: 'sending',
    baseline,
    attempts: attempts + 1,
    owner: deps.owner,
    begunAt: row.at,
  };
}

function post(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  { access }: PolledCabinet,
  signal: AbortSignal,
) {
  const { payload, key } = delivery;
  if (payload.kind === 'status') return deps.platform.postStatus(access, state.posId, key, payload, signal);
  return deps.platform.postAnswer(access, state.posId, key, payload, fileIds(delivery), signal);
}

/** Uploads one file of an answer; its platform id is stored before anything else, so it is uploaded once. */
export async function uploadFile(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  position: number,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const file = delivery.files.find((candidate) => candidate.position === position);
  if (file === undefined) throw new Fault('DEFECT', { detail: 'no such file of the delivery' });
  let id: string;
  try {
    const path = deps.spool.pathOf(file.sha256);
    const source = {
      name: file.name,
      mimeType: 'application/octet-stream',
      size: file.size,
      open: () => createReadStream(path),
    };
    id = await runForCabinet(deps.breakers, state.opaId, () =>
      deps.platform.uploadFile(cabinet.access, source, signal),
    );
  } catch (error) {
    const fault = toFault(error);
    if (fault.kind !== 'rejected' && fault.kind !== 'defect')
      return await repeatLater(deps, state, delivery, fault, cabinet);
    // Named here, where the clerk's file is known: the platform's words say only the limit.
    return await toAttention(
      deps,
      state,
      delivery,
      new Fault('ANSWER_FILE_REFUSED', { detail: `${file.name}: ${fault.detail ?? fault.code}` }),
      false,
    );
  }
  // The first id stays: an answer may be on its way with it.
  const stored = await deps.db.query(
    `UPDATE delivery_file SET platform_file_id = $3
     WHERE delivery_id = $1 AND position = $2 AND platform_file_id IS NULL RETURNING position`,
    [delivery.id, position, id],
  );
  if (stored.length === 0) return 'lost';
  return { files: delivery.files.map((other) => (other === file ? { ...file, platformFileId: id } : other)) };
}

/**
 * From now on the outcome of a begun entry is unknown: nobody works on it any more, or its call was cut. The clock of
 * the database says when it ended, whatever the call took.
 */
export async function doubtDelivery(
  deps: Pick<RepliesDeps, 'db'>,
  delivery: Delivery,
  fault?: Fault,
): Promise<StepOutcome> {
  const waitMs = fault?.retryAfterMs ?? 0;
  const [row] = await deps.db.query<{ at: number }>(
    `UPDATE delivery SET state = 'unknown', ended_at = now(), next_try_at = now() + make_interval(secs => $3),
       error_code = coalesce($4, error_code)
     WHERE id = $1 AND state = 'sending' AND attempts = $2 RETURNING (extract(epoch FROM ended_at) * 1000)::float8 AS at`,
    [delivery.id, delivery.attempts, waitMs / 1000, fault?.code ?? null],
  );
  if (row === undefined) return 'lost';
  return { ...delivery, state: 'unknown', endedAt: row.at, nextTryAt: row.at + waitMs };
}

/**
 * Asks the platform whether it has the entry (contracts/platform-rest.md, section 4). There: done. Not there: sent again
 * under the same key; where the platform keeps no keys, only when `settleAfter` has passed since the attempt ended.
 */
export async function settleUnknown(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<StepOutcome> {
  let appeal: AppealOnPlatform;
  try {
    appeal = await readAppeal(deps, state, cabinet, signal);
  } catch (error) {
    return await repeatLater(deps, state, delivery, toFault(error), cabinet);
  }
  if (isThere(deps, state, appeal, delivery)) return await settleDone(deps, state, delivery, null);
  const keepsKeys = appeal.history.some((entry) => entry.clientKey !== undefined);
  const since = state.now - (delivery.endedAt ?? state.now);
  if (!keepsKeys && since < deps.settleAfterMs) {
    const waitMs = Math.min(deps.settleAfterMs - since, deps.settleAfterMs);
    await deps.db.query(
      `UPDATE delivery SET next_try_at = now() + make_interval(secs => $3)
       WHERE id = $1 AND state = 'unknown' AND attempts = $2`,
      [delivery.id, delivery.attempts, waitMs / 1000],
    );
    return { nextTryAt: state.now + waitMs };
  }
  // An endpoint that drops whatever is sent to it is not stormed: the pause counts from the attempt's end.
  const absent = new Fault('PLATFORM_OUTCOME_UNKNOWN', { detail: 'на платформе записи нет' });
  return await repeatLater(deps, state, delivery, absent, cabinet, since);
}

/** Lets deliveries fall that have no place any more, with the reason in the journal. */
export async function cancelDeliveries(
  deps: RepliesDeps,
  state: RepliesState,
  deliveries: readonly Delivery[],
  why: string,
): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query<{ seq: number }>(
      `UPDATE delivery SET state = 'cancelled', settled_at = now() WHERE id = ANY($1::bigint[]) AND state IN ('queued', 'attention') RETURNING seq`,
      [deliveries.map((delivery) => delivery.id)],
    );
    await writeJournal(
      tx,
      rows.map(({ seq }) => ({
        opaId: state.opaId,
        appealId: state.appealId,
        event: 'delivery-cancelled',
        data: { seq, why },
      })),
    );
  });
}

async function readAppeal(
  deps: RepliesDeps,
  state: RepliesState,
  { access }: PolledCabinet,
  signal: AbortSignal,
): Promise<AppealOnPlatform> {
  return await runForCabinet(deps.breakers, state.opaId, () =>
    deps.platform.readAppeal(access, state.posId, signal),
  );
}

async function afterFailure(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  fault: Fault,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<StepOutcome> {
  // Cut by our own stop: the call may have gone out, so the next process asks.
  if (fault.kind === 'unknown' || signal.aborted) return await doubtDelivery(deps, delivery, fault);
  if (fault.code === 'PLATFORM_ILLEGAL_TRANSITION') {
    // The appeal is elsewhere by now: by our own entry, perhaps.
    let appeal: AppealOnPlatform;
    try {
      appeal = await readAppeal(deps, state, cabinet, signal);
    } catch {
      return await doubtDelivery(deps, delivery);
    }
    if (isThere(deps, state, appeal, delivery)) return await settleDone(deps, state, delivery, null);
  }
  return await repeatLater(deps, state, delivery, fault, cabinet);
}
