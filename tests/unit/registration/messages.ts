import { randomUUID } from 'node:crypto';
import type { IncomingMessage, SedEvent } from '../../../src/sed/port.ts';

/** A message of the СЭД as its driver hands it over; every call makes another message. */
export function message(events: readonly SedEvent[], over: Partial<IncomingMessage> = {}): IncomingMessage {
  const messageId = randomUUID().replaceAll('-', '');
  return {
    channel: 'delo-1',
    messageDir: randomUUID(),
    messageId,
    returnId: 'unknown',
    messageType: 'Report',
    time: new Date('2026-11-20T10:00:00Z'),
    raw: '<Report/>',
    files: [],
    events,
    ...over,
  };
}

/** Our document and which of its packages is answered. */
export interface About {
  readonly documentUid: string;
  readonly returnId: string;
}

/** What rows of card and package say of it. */
export function about(card: { document_uid: string }, pkg: { return_id: string }): About {
  return { documentUid: card.document_uid, returnId: pkg.return_id };
}

export function reception({ documentUid, returnId }: About): IncomingMessage {
  const event: SedEvent = { kind: 'reception', documentUid, subject: returnId, data: { returnId } };
  return message([event], { returnId, messageType: 'Reception' });
}

export function failure(
  { documentUid, returnId }: About,
  code: number | string,
  text = 'Не указан автор',
): IncomingMessage {
  const data = { returnId, code: String(code), text };
  const event: SedEvent = { kind: 'failure', documentUid, subject: returnId, data };
  return message([event], { returnId, messageType: 'Failure' });
}

export function registrationEvent(documentUid: string, number?: string, date?: string): SedEvent {
  return {
    kind: 'registration',
    documentUid,
    subject: documentUid,
    at: new Date('2026-11-20T10:00:00Z'),
    data: {
      documentId: '700',
      cardUid: documentUid,
      ...(number === undefined ? {} : { number }),
      ...(date === undefined ? {} : { date }),
    },
  };
}

export function registration(
  { documentUid, returnId }: About,
  number = 'ОГ-15/26',
  date = '2026-11-20',
): IncomingMessage {
  return message([registrationEvent(documentUid, number, date)], { returnId });
}

/** A resolution, as an accumulated Report brings it. */
export function consideration(documentUid: string, task: string): SedEvent {
  return { kind: 'consideration', documentUid, subject: task, data: { taskUid: task, text: 'Рассмотреть' } };
}
