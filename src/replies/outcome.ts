import { causeOf } from '../alerts/fingerprint.ts';
import { writeJournal } from '../alerts/journal.ts';
import { nextDelay } from '../endpoints/backoff.ts';
import { blockCabinet, credentialsMark } from '../intake/cabinets.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import type { Fault } from '../model/errors.ts';
import { inTransaction } from '../store/data-source.ts';
import type { RepliesDeps } from './deps.ts';
import type { Delivery, RepliesState } from './state.ts';

/** What a step left of the delivery; `lost` when another worker took it over. */
export type StepOutcome = Partial<Delivery> | 'lost';

/** The platform has the entry, whoever's attempt brought it there. */
export async function settleDone(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  platformId: string | null,
): Promise<StepOutcome> {
  await inTransaction(deps.dataSource, async (tx) => {
    await tx.query(
      `UPDATE delivery SET state = 'done', settled_at = now(), ended_at = now(), platform_id = coalesce($2, platform_id),
         error_code = NULL, error_field = NULL, error_detail = NULL WHERE id = $1`,
      [delivery.id, platformId],
    );
    if (delivery.payload.kind === 'answer') {
      await tx.query(
        `INSERT INTO sed_reply (delivery_id, kind, subject) VALUES ($1, 'registration', '') ON CONFLICT DO NOTHING`,
        [delivery.id],
      );
    }
    const data = { seq: delivery.seq, kind: delivery.payload.kind, attempts: delivery.attempts };
    await writeJournal(tx, [{ opaId: state.opaId, appealId: state.appealId, event: 'delivery-done', data }]);
  });
  return { ...delivery, state: 'done' };
}

/** Says nothing of the endpoint and spends nothing of the window. */
const HELD: ReadonlySet<string> = new Set(['ENDPOINT_PAUSED', 'STOPPED', 'DRY_RUN']);

/**
 * Nothing was taken, or nothing was learnt: the same again after a while, until the window is used up; a paused endpoint
 * uses nothing. `absentMs`: the platform has shown that it does not have the entry, whose attempt ended so long ago.
 */
export async function repeatLater(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  fault: Fault,
  cabinet: PolledCabinet,
  absentMs?: number,
): Promise<StepOutcome> {
  // An entry of ours may stand on the platform only while this is not known.
  const inDoubt = (delivery.state === 'unknown' && absentMs === undefined) || isUntold(delivery, fault);
  if (fault.kind === 'rejected' || fault.kind === 'defect')
    return await toAttention(deps, state, delivery, fault, inDoubt);
  if (fault.kind === 'credentials') {
    await blockCabinet(deps.db, deps.incidents, cabinet.config, fault, await credentialsMark(cabinet.access));
  }
  const held = fault.kind === 'credentials' || HELD.has(fault.code);
  const failures = delivery.failures + (held ? 0 : 1);
  const delayMs = nextDelay(Math.max(1, failures), deps.retry, deps.random, fault.retryAfterMs);
  const retryUsedMs = delivery.retryUsedMs + (held ? 0 : delayMs);
  if (retryUsedMs > deps.retry.windowMs) return await toAttention(deps, state, delivery, fault, inDoubt);
  const back = inDoubt ? 'unknown' : 'queued';
  const baseline = inDoubt || mayCome(deps, delivery, absentMs) ? delivery.baseline : null;
  const waitMs = Math.max(0, delayMs - (absentMs ?? 0));
  const [row] = await deps.db.query<{ at: number }>(
    `UPDATE delivery SET state = $4, retry_used_ms = $5, next_try_at = now() + make_interval(secs => $6), ended_at = coalesce(ended_at, now()),
       error_code = $7, error_detail = $8, baseline = $9, failures = $10
     WHERE id = $1 AND state = $2 AND attempts = $3 RETURNING (extract(epoch FROM next_try_at) * 1000)::float8 AS at`,
    [
      delivery.id,
      delivery.state,
      delivery.attempts,
      back,
      Math.round(retryUsedMs),
      waitMs / 1000,
      fault.code,
      fault.detail ?? null,
      baseline,
      failures,
    ],
  );
  if (row === undefined) return 'lost';
  if (!held)
    deps.log.warn({ posId: state.posId, code: fault.code, seq: delivery.seq }, 'delivery will be repeated');
  return { ...delivery, state: back, retryUsedMs, nextTryAt: row.at, baseline, failures };
}

/** An earlier attempt that is not there yet may come still: a request can commit after its connection died. */
function mayCome({ settleAfterMs }: RepliesDeps, delivery: Delivery, absentMs: number | undefined): boolean {
  return delivery.state === 'queued' || (absentMs !== undefined && absentMs < settleAfterMs);
}

/** A defect of ours in the midst of a call tells nothing of whether it went out. */
function isUntold(delivery: Delivery, fault: Fault): boolean {
  return delivery.state === 'sending' && fault.kind === 'defect';
}

/** `inDoubt`: the platform may have the entry; a later «resend» asks it first. */
export async function toAttention(
  deps: RepliesDeps,
  state: RepliesState,
  delivery: Delivery,
  fault: Fault,
  inDoubt: boolean,
): Promise<StepOutcome> {
  const cause = causeOf(
    fault,
    delivery.files.map(({ name }) => name),
  );
  const isOurs = await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE delivery SET state = 'attention', ended_at = now(), error_code = $4, error_field = $5, error_detail = $6, baseline = $7,
         cause = $8
       WHERE id = $1 AND state = $2 AND attempts = $3 RETURNING id`,
      [
        delivery.id,
        delivery.state,
        delivery.attempts,
        fault.code,
        fault.field ?? null,
        fault.detail ?? null,
        inDoubt ? delivery.baseline : null,
        cause,
      ],
    );
    if (rows.length === 0) return false;
    if (delivery.payload.kind === 'answer') {
      // Each time anew: the clerk sees in the СЭД itself what is wrong with the answer.
      await tx.query(
        `INSERT INTO sed_reply (delivery_id, kind, subject, failure_code, failure_text)
         SELECT $1, 'failure', count(*)::text, $2, $3 FROM sed_reply WHERE delivery_id = $1 AND kind = 'failure'`,
        [delivery.id, fault.code, fault.detail ?? null],
      );
    }
    await writeJournal(tx, [
      {
        opaId: state.opaId,
        appealId: state.appealId,
        event: 'delivery-attention',
        code: fault.code,
        data: { seq: delivery.seq },
      },
    ]);
    await deps.incidents.open(tx, fault.code, `opa:${state.opaId}`, cause, cause);
    return true;
  });
  if (!isOurs) return 'lost';
  deps.log.error(
    {
      posId: state.posId,
      code: fault.code,
      seq: delivery.seq,
      ...(fault.kind === 'defect' ? { err: fault.cause ?? fault } : {}),
    },
    'delivery needs attention',
  );
  return { ...delivery, state: 'attention', baseline: inDoubt ? delivery.baseline : null };
}
