import type { RepliesDeps } from './deps.ts';
import { interpretFresh } from './interpret-step.ts';
import type { StepOutcome } from './outcome.ts';
import { nextReply, type ReplyStep } from './plan.ts';
import { cancelDeliveries, doubtDelivery, sendDelivery, settleUnknown, uploadFile } from './send.ts';
import { type Delivery, findWithReplies, loadReplies, type RepliesState } from './state.ts';

/** The flow as the appeal's job calls it, after registration. */
export function createReplies(deps: RepliesDeps): {
  load(appealIds: readonly string[]): Promise<ReadonlySet<string>>;
  work(appealId: string, signal: AbortSignal): Promise<number | null>;
} {
  return {
    load: (appealIds) => findWithReplies(deps.db, appealIds),
    async work(appealId, signal) {
      const [state] = await loadReplies(deps.db, [appealId]);
      return state === undefined ? null : await workReplies(deps, state, signal);
    },
  };
}

/** More steps than any appeal needs in one job. */
const MOST_STEPS = 200;

/**
 * Carries an appeal's statuses and answers to the platform, each as far as it goes now. Returns when to be called
 * again (epoch ms of the database's clock), null for never. Throws only when the database is gone.
 */
export async function workReplies(
  deps: RepliesDeps,
  loaded: RepliesState,
  signal: AbortSignal,
): Promise<number | null> {
  if (deps.dry?.covers(loaded.opaId) === true) {
    const cabinet = deps.cabinet(loaded.opaId);
    return cabinet === undefined ? loaded.now + deps.retry.base : await deps.dry.replies(loaded, cabinet);
  }
  let state = loaded;
  const started = performance.now();
  const clock = () => loaded.now + (performance.now() - started);
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    if (signal.aborted) return state.now;
    state = { ...state, now: clock() };
    const step = nextReply(state);
    if (step.do === 'rest') return null;
    if (step.do === 'wait') return step.until;
    const next = await doStep(deps, state, step, signal);
    if (next === undefined) return null;
    if (next === 'lost') return state.now + deps.retry.base;
    state = next;
  }
  deps.log.error({ posId: state.posId }, 'replies do not come to rest');
  return state.now + deps.retry.cap;
}

async function doStep(
  deps: RepliesDeps,
  state: RepliesState,
  step: Exclude<ReplyStep, { do: 'rest' | 'wait' }>,
  signal: AbortSignal,
): Promise<RepliesState | 'lost' | undefined> {
  const cabinet = deps.cabinet(state.opaId);
  if (cabinet === undefined) return 'lost';
  switch (step.do) {
    case 'interpret':
      return await interpretFresh(deps, state, cabinet.config.timeZone);
    case 'cancel':
      await cancelDeliveries(deps, state, step.deliveries, step.why);
      return withDeliveries(state, step.deliveries, { state: 'cancelled' });
    case 'doubt':
      return withOutcome(state, step.delivery, await doubtDelivery(deps, step.delivery));
    case 'settle':
      return withOutcome(
        state,
        step.delivery,
        await settleUnknown(deps, state, step.delivery, cabinet, signal),
      );
    case 'upload':
      return withOutcome(
        state,
        step.delivery,
        await uploadFile(deps, state, step.delivery, step.position, cabinet, signal),
      );
    case 'send':
      return withOutcome(
        state,
        step.delivery,
        await sendDelivery(deps, state, step.delivery, cabinet, signal),
      );
  }
}

function withOutcome(state: RepliesState, delivery: Delivery, outcome: StepOutcome): RepliesState | 'lost' {
  return outcome === 'lost' ? 'lost' : withDeliveries(state, [delivery], outcome);
}

function withDeliveries(
  state: RepliesState,
  changed: readonly Delivery[],
  patch: Partial<Delivery>,
): RepliesState {
  const ids = new Set(changed.map((delivery) => delivery.id));
  const cards = state.cards.map((card) => ({
    ...card,
    deliveries: card.deliveries.map((delivery) =>
      ids.has(delivery.id) ? { ...delivery, ...patch } : delivery,
    ),
  }));
  return { ...state, cards };
}
