import { accumulatedReport, noticeMessage, type Subject } from '../sev/report-xml.ts';
import type { Clock } from '../sev/times.ts';
import type { CardFile, Subscription } from '../types.ts';
import type { Agenda } from './agenda.ts';
import type { IncomingPlan } from './behaviour.ts';
import { checkMessage } from './checks.ts';
import { type MainDocument, type MessageHead, readHead, readMainDocument } from './message.ts';
import type { Outbox } from './outbox.ts';
import type { PackageFault, TakenPackage } from './package.ts';
import { notePartnerReport } from './partner-reports.ts';
import type { Registry } from './registry.ts';
import type { CardRecord, Ends, Store } from './store.ts';

/** Decides what becomes of a message that was taken away. */
export type Reception = (channel: string, taken: TakenPackage, plan: IncomingPlan) => void;

export interface ReceptionParts {
  readonly store: Store;
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly agenda: Agenda;
  readonly clock: Clock;
}

interface Failure {
  readonly code: number;
  readonly text: string;
}

/** A message that holds a document. */
interface Received {
  readonly subject: Subject;
  readonly head: MessageHead;
  readonly document: MainDocument;
  readonly taken: TakenPackage;
  readonly plan: IncomingPlan;
}

const UNKNOWN_DOCUMENT = { code: 41, text: 'Связанный документ не найден' };
const REPEATED_DOCUMENT = { code: 51, text: 'Документ уже поступал' };

function filesOf(document: MainDocument, taken: TakenPackage, messageId: string): CardFile[] {
  return document.files.flatMap(({ name, resource }) => {
    const found = taken.files.get(resource);
    return found === undefined ? [] : [{ ...found, name, resource, messageId }];
  });
}

/** The reception desk of ДЕЛО. Everything up to the answers happens in one go, so two equal messages cannot race. */
export function createReception({ store, registry, outbox, agenda, clock }: ReceptionParts): Reception {
  function complain(channel: string, messageDir: string, faults: readonly PackageFault[]): void {
    for (const { code, text } of faults) store.complaints.push({ channel, messageDir, code, text });
  }

  function subjectOf(channel: string, head: MessageHead, document: MainDocument, ends: Ends): Subject {
    return {
      channel,
      ends,
      documentUid: document.uid,
      returnId: head.returnId,
      posId: document.posId,
      posDate: /^\d{4}-\d\d-\d\d/.test(document.posDate) ? document.posDate : clock.day(clock.now()),
      group: document.group,
    };
  }

  function fail(subject: Subject, messageId: string, failure: Failure): void {
    const { channel, documentUid, posId } = subject;
    store.counters.refusals += 1;
    store.refused.push({ channel, documentUid, posId, messageId, ...failure });
    outbox.send(noticeMessage(subject, { type: 'Failure', ...failure }, clock.headerTime(clock.now())));
  }

  function confirm(subject: Subject, wanted: readonly Subscription[]): void {
    if (!wanted.includes('Reception')) return;
    const now = clock.now();
    outbox.send(noticeMessage(subject, { type: 'Reception', at: clock.local(now) }, clock.headerTime(now)));
  }

  function isDouble(subject: Subject, head: MessageHead): boolean {
    const sameMessage = store.messageIds.has(head.messageId);
    const sameDocument = head.messageType === 'MainDoc' && store.byUid.has(subject.documentUid);
    if (!sameMessage && !sameDocument) return false;
    store.counters.doubles += 1;
    store.doubles.push({
      channel: subject.channel,
      documentUid: subject.documentUid,
      messageId: head.messageId,
      posId: subject.posId,
      why: sameMessage ? 'message-id' : 'document-uid',
    });
    return true;
  }

  function addToCard(card: CardRecord, { subject, head, document, taken }: Received): void {
    const files = filesOf(document, taken, head.messageId);
    store.counters.additions += 1;
    card.additions.push({
      messageId: head.messageId,
      at: clock.local(clock.now()),
      fields: document.fields,
      files,
      ...(document.annotation !== '' && { annotation: document.annotation }),
      ...(document.note !== undefined && { note: document.note }),
    });
    card.files = [...card.files, ...files];
    confirm(subject, document.subscriptions ?? card.subscriptions);
    if (card.state === 'registered' && card.subscriptions.includes('Registration')) {
      card.reportsSent += 1;
      store.counters.reports += 1;
      outbox.send(accumulatedReport(card, clock.headerTime(clock.now()), head.returnId));
    }
  }

  /** Why the document becomes no card and no addition; `undefined` when it does. */
  function failureOf(message: Received, refusal: Failure | undefined): Failure | undefined {
    const { subject, head, plan } = message;
    if (isDouble(subject, head)) return REPEATED_DOCUMENT;
    store.messageIds.add(head.messageId);
    if (refusal !== undefined) return refusal;
    if (head.messageType !== 'AddToDoc') return undefined;
    return store.byUid.has(subject.documentUid) ? plan.refuse : UNKNOWN_DOCUMENT;
  }

  function openCard({ subject, head, document, taken, plan }: Received): void {
    const { channel, ends } = subject;
    const files = filesOf(document, taken, head.messageId);
    const card = registry.open({ channel, head, document, ends, files });
    confirm(subject, card.subscriptions);
    function decide(): void {
      if (plan.refuse) registry.refuse(card, plan.refuse);
      else registry.register(card);
    }
    if (plan.onCommand) return;
    if (plan.registerDelayMs > 0) agenda.after(plan.registerDelayMs, decide);
    else decide();
  }

  function receiveDocument(message: Received, refusal: Failure | undefined): void {
    const { subject, head } = message;
    const failure = failureOf(message, refusal);
    const card = store.byUid.get(subject.documentUid);
    if (failure !== undefined) fail(subject, head.messageId, failure);
    else if (head.messageType === 'AddToDoc' && card !== undefined) addToCard(card, message);
    else openCard(message);
  }

  return (channel, taken, plan) => {
    const { messageDir, address, channelNumber } = taken;
    store.counters.taken += 1;
    const { root, faults, refusal } = checkMessage(taken);
    complain(channel, messageDir, faults);
    if (root === undefined) return;
    const head = readHead(root);
    const ends: Ends = { address, channelNumber, own: head.recipient, partner: head.sender };
    store.ends.set(channel, ends);
    if (root.name === 'Report') {
      complain(channel, messageDir, notePartnerReport(store, clock, root));
      return;
    }
    if (refusal !== undefined) {
      complain(channel, messageDir, [{ code: `refused-${refusal.code}`, text: refusal.text }]);
    }
    const document = root.name === 'DocInfo' ? readMainDocument(root) : undefined;
    // Without a document there is nothing that an answer could name.
    if (document === undefined) return;
    const subject = subjectOf(channel, head, document, ends);
    receiveDocument({ subject, head, document, taken, plan }, refusal);
  };
}
