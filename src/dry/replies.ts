import type { PolledCabinet } from '../intake/intake.ts';
import type { DeliveryPayload } from '../model/delivery.ts';
import { toFault } from '../model/errors.ts';
import { decideAll, deliveryKey } from '../replies/interpret-step.ts';
import type { CardEvents, Delivery, RepliesState } from '../replies/state.ts';
import type { DryMessage, DryRunDeps } from './dry-run.ts';
import { aboutFile, type DryFile } from './folder.ts';

interface Outgoing {
  readonly seq: number;
  readonly key: string;
  readonly rule: string;
  readonly payload: DeliveryPayload;
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly size: number }[];
  readonly error?: { readonly code: string; readonly detail: string };
}

/**
 * What would go to the platform for an appeal: its queued deliveries, then what the rules of now make of the events that
 * nobody has looked at. The events stay as they are, so a mended rule counts at the next look and when the cabinet goes
 * live.
 */
export async function dryReplies(
  deps: DryRunDeps,
  state: RepliesState,
  cabinet: PolledCabinet,
): Promise<DryMessage[]> {
  const seqs = state.cards.flatMap((card) => card.deliveries.map((delivery) => delivery.seq));
  let seq = Math.max(0, ...seqs);
  const messages: DryMessage[] = [];
  for (const card of state.cards) {
    const queued = card.deliveries.filter((delivery) => delivery.state === 'queued');
    const rules = await rulesOf(deps, queued);
    const outgoing: Outgoing[] = [
      ...queued.map((delivery) => ({ ...delivery, rule: rules.get(delivery.id) ?? '' })),
      ...fresh(deps, state, card, cabinet.config.timeZone).map((one) => {
        seq += 1;
        return { ...one, seq };
      }),
    ];
    // Contracts, section 4: an answer that is ready lets the statuses before it fall.
    const answer = outgoing.findLast(
      ({ payload, error }) => payload.kind === 'answer' && error === undefined,
    );
    for (const one of outgoing) {
      const falls = answer !== undefined && one.payload.kind === 'status' && one.seq < answer.seq;
      messages.push(message(deps, state, one, falls));
    }
  }
  return messages;
}

function fresh(deps: DryRunDeps, state: RepliesState, card: CardEvents, timeZone: string): Outgoing[] {
  return decideAll(deps, state, card, timeZone).flatMap(({ event, decision }) => {
    if (decision.make === 'nothing') return [];
    const { rule, payload, files } = decision;
    const error =
      decision.make === 'attention' ? { error: { code: decision.code, detail: decision.detail } } : {};
    return [{ seq: 0, key: deliveryKey(state, card, event), rule, payload, files, ...error }];
  });
}

async function rulesOf(
  deps: DryRunDeps,
  deliveries: readonly Delivery[],
): Promise<ReadonlyMap<string, string>> {
  if (deliveries.length === 0) return new Map();
  const rows = await deps.db.query<{ id: string; rule: string }>(
    `SELECT id::text AS id, rule FROM delivery WHERE id = ANY($1::bigint[])`,
    [deliveries.map((delivery) => delivery.id)],
  );
  return new Map(rows.map((row) => [row.id, row.rule]));
}

function message(deps: DryRunDeps, state: RepliesState, outgoing: Outgoing, falls: boolean): DryMessage {
  const { seq, key, rule, payload, error } = outgoing;
  const files = outgoing.files.map(({ name, sha256, size }, index) => ({
    file: `files/${index + 1}`,
    name,
    size,
    sha256,
  }));
  const about = {
    to: 'платформа',
    seq,
    rule,
    ...(falls ? { cancelled: 'не уйдёт: за ним уже готов ответ' } : {}),
    files,
    ...(error === undefined ? render(deps, state, outgoing) : { error }),
  };
  const kind = payload.kind === 'answer' ? 'answer' : payload.role;
  const copies = files.map(
    ({ file, sha256 }): DryFile => ({ path: file, content: { path: deps.spool.pathOf(sha256), sha256 } }),
  );
  return {
    name: ['replies', `${kind}-${key}`],
    files: [aboutFile(about), ...copies],
  };
}

/** The call without the token; the platform's ids of files are not known before they are uploaded: their places stand. */
function render({ platform }: DryRunDeps, { opaId, posId }: RepliesState, { key, payload, files }: Outgoing) {
  try {
    if (payload.kind === 'status') return { call: platform.renderStatus(opaId, posId, key, payload) };
    const ids = files.map((_file, index) => `<id файла ${index + 1}>`);
    return { call: platform.renderAnswer(opaId, posId, key, payload, ids) };
  } catch (error) {
    const { code, detail } = toFault(error);
    return { error: { code, detail: detail ?? '' } };
  }
}
