import { accumulatedReport, noticeMessage } from '../sev/report-xml.ts';
import type { Clock } from '../sev/times.ts';
import type { CardFile, Subscription } from '../types.ts';
import type { MainDocument, MessageHead } from './message.ts';
import type { Outbox } from './outbox.ts';
import type { CardRecord, Ends, Store } from './store.ts';

export interface NewCard {
  readonly channel: string;
  readonly head: MessageHead;
  readonly document: MainDocument;
  readonly ends: Ends;
  readonly files: readonly CardFile[];
}

/** The book of cards: opening, numbering, refusing, and the reports that tell of them. */
export interface Registry {
  open(card: NewCard): CardRecord;
  /** Gives number and day, and reports them. A registered card stays as it is. */
  register(card: CardRecord): void;
  /** Refuses a card that is not registered: it is gone, its document may come again. */
  refuse(card: CardRecord, failure: { readonly code: number; readonly text: string }): void;
  /** Sends the accumulated report because of such an event, if the partner asked for those. */
  report(card: CardRecord, because: Subscription): void;
}

/** A registry over the store. */
export function createRegistry(store: Store, outbox: Outbox, clock: Clock): Registry {
  function report(card: CardRecord, because: Subscription): void {
    if (card.state !== 'registered' || !card.subscriptions.includes(because)) return;
    card.reportsSent += 1;
    store.counters.reports += 1;
    outbox.send(accumulatedReport(card, clock.headerTime(clock.now())));
  }

  return {
    report,
    open({ channel, head, document, ends, files }) {
      const { uid, subscriptions, ...fields } = document;
      const card: CardRecord = {
        ...fields,
        id: store.nextId(),
        channel,
        ends,
        state: 'received',
        documentUid: uid,
        files,
        subscriptions: subscriptions ?? [],
        messageId: head.messageId,
        returnId: head.returnId,
        takenAt: clock.local(clock.now()),
        reportsSent: 0,
        additions: [],
        resolutions: [],
        redirections: [],
        answers: [],
        partner: [],
      };
      store.cards.set(card.id, card);
      store.byUid.set(uid, card);
      store.counters.cards += 1;
      return card;
    },
    register(card) {
      if (card.state === 'registered' || !store.cards.has(card.id)) return;
      const now = clock.now();
      card.state = 'registered';
      card.date = clock.day(now);
      card.number = `ОГ-${store.nextNumber()}/${card.date.slice(2, 4)}`;
      card.registeredAt = clock.local(now);
      store.counters.registered += 1;
      report(card, 'Registration');
    },
    refuse(card, failure) {
      if (card.state === 'registered' || !store.cards.delete(card.id)) return;
      store.byUid.delete(card.documentUid);
      store.counters.cards -= 1;
      store.counters.refusals += 1;
      const { channel, documentUid, posId, messageId } = card;
      store.refused.push({ channel, documentUid, posId, messageId, ...failure });
      const notice = { type: 'Failure', ...failure } as const;
      outbox.send(noticeMessage(card, notice, clock.headerTime(clock.now())));
    },
  };
}
