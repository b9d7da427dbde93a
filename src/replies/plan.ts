import type { Delivery, RepliesState } from './state.ts';

/** The next thing to do for an appeal's replies. */
export type ReplyStep =
  | { readonly do: 'rest' }
  | { readonly do: 'wait'; readonly until: number }
  /** Events of the СЭД to be turned into deliveries. */
  | { readonly do: 'interpret' }
  | { readonly do: 'cancel'; readonly deliveries: readonly Delivery[]; readonly why: 'answer' | 'forward' }
  | { readonly do: 'upload'; readonly delivery: Delivery; readonly position: number }
  | { readonly do: 'send'; readonly delivery: Delivery }
  /** Begun by somebody who is gone: its outcome is unknown from now on. */
  | { readonly do: 'doubt'; readonly delivery: Delivery }
  /** Ask the platform whether it has the entry. */
  | { readonly do: 'settle'; readonly delivery: Delivery };

/**
 * Decides the next step from the stored state alone. Entries of one card go out in the order of `seq`; one that is
 * sending or unknown holds those behind it, one in attention does not (contracts/platform-rest.md, section 4). Pure.
 */
export function nextReply(state: RepliesState): ReplyStep {
  if (state.cards.some((card) => card.fresh.length > 0)) return { do: 'interpret' };
  let wait: number | undefined;
  // Where no keys are kept, entries are told apart by counting: while one is in doubt, no other may be added.
  const inDoubt = state.cards.find((card) =>
    card.deliveries.some((d) => d.state === 'sending' || d.state === 'unknown'),
  );
  for (const card of state.cards) {
    const step = nextOfCard(card.deliveries, state);
    if (step.do === 'send' && inDoubt !== undefined && inDoubt !== card) continue;
    if (step.do === 'wait') wait = Math.min(wait ?? step.until, step.until);
    else if (step.do !== 'rest') return step;
  }
  return wait === undefined ? { do: 'rest' } : { do: 'wait', until: wait };
}

function nextOfCard(deliveries: readonly Delivery[], state: RepliesState): ReplyStep {
  const cancelled = findCancelled(deliveries);
  if (cancelled !== undefined) return cancelled;
  const current = deliveries.find(
    (d) => d.state === 'queued' || d.state === 'sending' || d.state === 'unknown',
  );
  if (current === undefined) return { do: 'rest' };
  // After a forward nothing goes out, and this one may stand on the platform: a person's «resend» asks it.
  const isHeld = deliveries.some(
    (d) => isForward(d) && d.state === 'attention' && d.baseline !== null && d.seq < current.seq,
  );
  if (isHeld) return { do: 'rest' };
  if (current.state === 'sending') {
    // One job an appeal is active at a time: what stands as sending now was begun by a job that is gone.
    return { do: 'doubt', delivery: current };
  }
  if (current.nextTryAt > state.now) return { do: 'wait', until: current.nextTryAt };
  if (!state.cabinetActive) return { do: 'wait', until: state.now + PAUSED_RECHECK_MS };
  if (current.state === 'unknown') return { do: 'settle', delivery: current };
  const missing = current.files.find((file) => file.platformFileId === null);
  if (missing !== undefined) return { do: 'upload', delivery: current, position: missing.position };
  return { do: 'send', delivery: current };
}

/** A paused cabinet's deliveries are looked at after this long again; its resumption rings at once. */
const PAUSED_RECHECK_MS = 15 * 60_000;

/**
 * What the contract lets fall: an answer cancels the statuses before it that are still queued or in attention; after a
 * forward nothing more goes out for that card.
 */
function findCancelled(deliveries: readonly Delivery[]): ReplyStep | undefined {
  const answer = deliveries.findLast(
    (d) => d.payload.kind === 'answer' && (d.state === 'queued' || d.state === 'done'),
  );
  if (answer !== undefined) {
    // Statuses told later than an accepted answer have no place after it either.
    const stale = deliveries.filter(
      (d) =>
        d.payload.kind === 'status' &&
        (d.state === 'queued' || d.state === 'attention') &&
        (d.seq < answer.seq || answer.state === 'done'),
    );
    if (stale.length > 0) return { do: 'cancel', deliveries: stale, why: 'answer' };
  }
  const forward = deliveries.find((d) => isForward(d) && d.state === 'done');
  if (forward === undefined) return undefined;
  // One from before it that a person sent again has no place any more either.
  const after = deliveries.filter(
    (d) => d.state === 'queued' || (d.state === 'attention' && d.seq > forward.seq),
  );
  return after.length > 0 ? { do: 'cancel', deliveries: after, why: 'forward' } : undefined;
}

function isForward({ payload }: Delivery): boolean {
  return (
    payload.kind === 'status' &&
    (payload.role === 'forwardToParent' || payload.role === 'forwardToSubordinate')
  );
}
