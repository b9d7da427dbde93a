import { createHash } from 'node:crypto';
import { causeOf } from '../alerts/fingerprint.ts';
import { type JournalEntry, writeJournal } from '../alerts/journal.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import type { RepliesDeps } from './deps.ts';
import { type Decision, type EventContext, interpretEvent, type StoredEvent } from './interpret.ts';
import { type CardEvents, loadReplies, type RepliesState } from './state.ts';

/** What happens at one moment happens in this order; an answer closes what was before it. */
const KIND_ORDER = [
  'reception',
  'registration',
  'forwarding',
  'consideration',
  'report',
  'deadline',
  'redirection',
  'answer-announced',
  'answer',
];

/**
 * Turns the fresh events of an appeal into deliveries: in one transaction, under a lock on the appeal's row, so that
 * each event counts once and each delivery has its place. Returns the state it leaves.
 */
export async function interpretFresh(
  deps: RepliesDeps,
  state: RepliesState,
  timeZone: string,
): Promise<RepliesState | undefined> {
  await inTransaction(deps.dataSource, async (tx) => {
    await tx.query(`SELECT id FROM appeal WHERE id = $1 FOR UPDATE`, [state.appealId]);
    // Read again under the lock: another worker may have been here.
    const [current] = await loadReplies(tx, [state.appealId]);
    if (current === undefined) return;
    const seqs = current.cards.flatMap((card) => card.deliveries.map((delivery) => delivery.seq));
    let seq = Math.max(0, ...seqs);
    const journal: JournalEntry[] = [];
    for (const card of current.cards) {
      for (const { event, decision } of decideAll(deps, current, card, timeZone)) {
        const about = { opaId: state.opaId, appealId: state.appealId };
        await tx.query(`UPDATE sed_event SET handled_at = now() WHERE id = $1`, [event.id]);
        if (decision.make === 'nothing') {
          journal.push({
            ...about,
            event: 'sed-event-not-sent',
            data: { kind: event.kind, eventId: event.id, rule: decision.rule },
          });
          continue;
        }
        seq += 1;
        await storeDelivery(tx, state, card, event, decision, seq);
        const attention = decision.make === 'attention';
        journal.push({
          ...about,
          event: attention ? 'delivery-attention' : 'delivery-queued',
          ...(attention ? { code: decision.code } : {}),
          data: { seq, kind: decision.payload.kind, rule: decision.rule },
        });
        if (attention) {
          const cause = causeOfDecision(decision);
          await deps.incidents.open(tx, decision.code, `opa:${state.opaId}`, cause, cause);
        }
      }
      await askLaterTermAgain(tx, card);
    }
    await writeJournal(tx, journal);
  });
  const [left] = await loadReplies(deps.db, [state.appealId]);
  return left;
}

/**
 * A Report that was overtaken brings the first term after a later one, which then passed for the first and went nowhere:
 * against its true base it is looked at once more.
 */
async function askLaterTermAgain(tx: Queryable, card: CardEvents): Promise<void> {
  const told = card.fresh.filter((event) => event.kind === 'deadline' && event.data['registered'] === true);
  const [base] = card.deadlines;
  if (base === undefined || !told.some((event) => event.at < base.at)) return;
  await tx.query(
    `UPDATE sed_event SET handled_at = NULL WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = sed_event.id)
       AND id = (SELECT id FROM sed_event WHERE card_id = $1 AND kind = 'deadline' AND data->>'registered' = 'true'
                 ORDER BY coalesce(at, stored_at) DESC, id DESC LIMIT 1)`,
    [card.id],
  );
}

/** Decisions about a card's fresh events in the order in which they happened. Pure but for the rules. */
export function decideAll(
  deps: Pick<RepliesDeps, 'rules' | 'limits'>,
  state: Pick<RepliesState, 'answerAt'>,
  card: CardEvents,
  timeZone: string,
): { event: StoredEvent; decision: Decision }[] {
  const order = (event: StoredEvent) => KIND_ORDER.indexOf(event.kind);
  // A registration comes first and an answer last whatever clock wrote them. Between them what was told earlier is the
  // earlier one, for Reports are accumulated; a fact's own time counts among those told together, for many have a day only.
  const told = (event: StoredEvent) => event.toldAt ?? event.at;
  const rank = (event: StoredEvent) => (event.kind === 'registration' ? 0 : event.kind === 'answer' ? 2 : 1);
  const events = [...card.fresh].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      told(a) - told(b) ||
      a.at - b.at ||
      order(a) - order(b) ||
      Number(a.id) - Number(b.id),
  );
  const deadlines = [...card.deadlines];
  return events.map((event) => {
    const context: EventContext = {
      card: { number: card.number, date: card.date },
      answerAt: state.answerAt,
      earlierDeadlines: deadlines.toSorted((a, b) => a.at - b.at),
      timeZone,
      limits: deps.limits,
    };
    const decision = interpretEvent(event, deps.rules(), context);
    if (event.kind === 'deadline' && event.data['registered'] === true) {
      deadlines.push({ day: String(event.data['deadline'] ?? ''), at: event.at });
    }
    return { event, decision };
  });
}

async function storeDelivery(
  tx: Queryable,
  state: RepliesState,
  card: CardEvents,
  event: StoredEvent,
  decision: Exclude<Decision, { make: 'nothing' }>,
  seq: number,
): Promise<void> {
  const attention = decision.make === 'attention' ? decision : undefined;
  const [row] = await tx.query<{ id: string }>(
    `INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state, error_code, error_detail, cause)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (key) DO NOTHING RETURNING id::text AS id`,
    [
      state.appealId,
      card.id,
      event.id,
      seq,
      deliveryKey(state, card, event),
      decision.payload.kind,
      decision.rule,
      JSON.stringify(decision.payload),
      attention === undefined ? 'queued' : 'attention',
      attention?.code ?? null,
      attention?.detail ?? null,
      attention === undefined ? null : causeOfDecision(attention),
    ],
  );
  if (row === undefined) return;
  for (const [position, file] of decision.files.entries()) {
    await tx.query(
      // Uploaded for this event before a person had it sent again: the platform has it.
      `INSERT INTO delivery_file (delivery_id, position, name, sha256, size, platform_file_id)
       VALUES ($1, $2, $3, $4, $5, (SELECT f.platform_file_id FROM delivery_file f JOIN delivery d ON d.id = f.delivery_id
         WHERE d.event_id = $6 AND f.sha256 = $4 AND f.name = $3 AND f.platform_file_id IS NOT NULL LIMIT 1))`,
      [row.id, position, file.name, file.sha256, file.size, event.id],
    );
  }
  if (decision.payload.kind === 'answer') await oweReports(tx, row.id, event.id, attention);
}

function causeOfDecision({ detail, files }: Extract<Decision, { make: 'attention' }>): string {
  return causeOf(
    { detail },
    files.map(({ name }) => name),
  );
}

/** As a СЭВ partner should: the answer was received, and what stands in its way if something does. */
async function oweReports(
  tx: Queryable,
  deliveryId: string,
  eventId: string,
  attention: { readonly code: string; readonly detail: string } | undefined,
): Promise<void> {
  await tx.query(
    `INSERT INTO sed_reply (delivery_id, kind, subject) SELECT $1, 'reception', ''
     WHERE NOT EXISTS (SELECT 1 FROM sed_reply r JOIN delivery d ON d.id = r.delivery_id
                       WHERE d.event_id = $2 AND r.kind = 'reception')`,
    [deliveryId, eventId],
  );
  if (attention === undefined) return;
  await tx.query(
    `INSERT INTO sed_reply (delivery_id, kind, subject, failure_code, failure_text) VALUES ($1, 'failure', 'rules', $2, $3)`,
    [deliveryId, attention.code, attention.detail],
  );
}

/** The key under which the platform knows the entry: the event's identity, the same whoever computes it and whenever. */
export function deliveryKey(
  state: Pick<RepliesState, 'opaId' | 'posId'>,
  card: Pick<CardEvents, 'repetition'>,
  event: StoredEvent,
): string {
  const parts = [state.opaId, state.posId, card.repetition, event.kind, event.subject];
  const encoded = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return createHash('sha256').update(`delivery/1 ${encoded}`).digest('hex').slice(0, 32);
}
