import type { SedEvent } from '../port.ts';
import { pick } from './contacts.ts';
import type { DocumentIndex } from './documents.ts';
import type { MessageHeader } from './message-header.ts';
import type { XmlNode } from './xml.ts';

/** What every reader of one kind of event gets. */
export interface ReportContext {
  readonly root: XmlNode;
  readonly documents: DocumentIndex;
  readonly notification: XmlNode;
  readonly header: MessageHeader;
  readonly documentUid: string;
  /** IANA zone of times without an offset. */
  readonly zone: string;
}

/** One event per identity: the first is kept, for a message may repeat itself too. */
export function distinct(events: readonly SedEvent[]): readonly SedEvent[] {
  const seen = new Map<string, SedEvent>();
  for (const event of events) {
    const identity = JSON.stringify([event.documentUid, event.kind, event.subject]);
    if (!seen.has(identity)) seen.set(identity, event);
  }
  return [...seen.values()];
}

/** Builds an event; members of data that are undefined are left out. */
export function makeEvent(
  context: { readonly documentUid: string },
  kind: SedEvent['kind'],
  subject: string,
  at: Date | undefined,
  data: Record<string, unknown>,
): SedEvent {
  return {
    kind,
    documentUid: context.documentUid,
    subject,
    ...(at === undefined ? {} : { at }),
    data: pick(data),
  };
}
