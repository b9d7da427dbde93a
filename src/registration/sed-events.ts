import { causeOfMessage } from '../alerts/fingerprint.ts';
import { type JournalEntry, writeJournal } from '../alerts/journal.ts';
import type { IncomingMessage, SedSink } from '../sed/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { createGatherer } from '../store/gather.ts';
import { outsideId } from '../text/outside-id.ts';
import type { RegistrationDeps } from './deps.ts';
import { settleRead } from './quarantine.ts';
import { applyEvent, findWaiting, settleAdditions } from './sed-event-effects.ts';
import { isOrphan, storeEvents, storeMessages, type TracedMessage, traceMessages } from './sed-event-rows.ts';

/** Messages stored in one transaction at most: it locks the cards of all of them. */
const MOST_TOGETHER = 32;

/** Where the reader of a channel puts what it reads: spool and store. */
export function createSink(deps: RegistrationDeps): SedSink {
  const accept = createGatherer(
    async (messages: readonly IncomingMessage[]) => {
      await acceptMessages(deps, messages);
      return messages.map(() => undefined);
    },
    { most: MOST_TOGETHER },
  );
  return {
    spool: (path) => deps.spool.putFile(path),
    known: async (channel, messageId) => {
      const rows = await deps.db.query(`SELECT 1 FROM sed_message WHERE channel = $1 AND message_id = $2`, [
        channel,
        messageId,
      ]);
      return rows.length > 0;
    },
    accept,
    async trouble(channel, messageDir, code, detail) {
      const cause = causeOfMessage(code, detail);
      await deps.db.query(
        `INSERT INTO quarantine (channel, message_dir, code, detail, cause) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (channel, message_dir, code) WHERE settled_at IS NULL
         DO UPDATE SET detail = excluded.detail, cause = excluded.cause`,
        [channel, messageDir, code, detail, cause],
      );
      await deps.incidents.open(deps.db, code, `channel:${channel}`, detail, cause);
      deps.log.warn(
        { channel, message: outsideId(messageDir), code, detail },
        'message from the СЭД set aside',
      );
    },
  };
}

/** Stores a message and what it tells in one transaction; told a second time, in whatever message, it changes nothing. */
export async function acceptMessage(deps: RegistrationDeps, message: IncomingMessage): Promise<void> {
  await acceptMessages(deps, [message]);
}

/**
 * The same for several that tell of different documents: all of them are stored, or none. Those of one document come
 * one after another, as the reader hands them over.
 */
async function acceptMessages(deps: RegistrationDeps, messages: readonly IncomingMessage[]): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    const traced = await traceMessages(tx, messages);
    const stored = await storeMessages(tx, traced);
    await settleRead(tx, messages);
    const journal = await tellOrphans(deps, tx, traced.filter(isOrphan));
    const ringing = new Map<string, { appealId: string; opaId: string }>();
    for (const [{ message, cards }, fresh] of await storeEvents(tx, stored)) {
      await settleAdditions(tx, message, cards);
      for (const event of fresh) {
        const card = cards.get(event.documentUid);
        if (card === undefined) continue;
        journal.push(...(await applyEvent(deps, tx, event, card, message)));
        // Nothing follows from a Reception.
        if (event.kind === 'reception') continue;
        ringing.set(card.appeal_id, { appealId: card.appeal_id, opaId: card.opa_id });
        if (event.kind === 'registration') {
          for (const waiting of await findWaiting(tx, card)) ringing.set(waiting.appealId, waiting);
        }
      }
    }
    await writeJournal(tx, journal);
    // In one order, or two transactions that ring for the same appeals wait for each other.
    const appeals = [...ringing.values()].sort((a, b) => Number(a.appealId) - Number(b.appealId));
    await deps.queue.ringAppeals(tx, appeals);
  });
}

async function tellOrphans(
  deps: RegistrationDeps,
  tx: Queryable,
  orphans: readonly TracedMessage[],
): Promise<JournalEntry[]> {
  const channels = new Set(orphans.map(({ message }) => message.channel));
  for (const channel of [...channels].sort())
    await deps.incidents.open(tx, 'SED_MESSAGE_ORPHAN', `channel:${channel}`);
  return orphans.map(({ message }) => ({
    event: 'sed-message-orphan',
    code: 'SED_MESSAGE_ORPHAN',
    data: { messageId: outsideId(message.messageId), channel: message.channel },
  }));
}
