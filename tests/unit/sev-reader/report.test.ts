import { describe, expect, it } from '@jest/globals';
import type { SedEvent } from '../../../src/sed/port.ts';
import { type ReportMessage, readReport } from '../../../src/sed/sev/report.ts';
import { UnreadableError } from '../../../src/sed/sev/unreadable.ts';
import { parseXml } from '../../../src/sed/sev/xml.ts';
import { decodeXml } from '../../../src/sed/sev/xml-bytes.ts';
import { el, leaf, OUR_RETURN, OUR_UID, registrationReport, report } from './messages.ts';

const read = (xml: string, zone = 'Europe/Moscow'): ReportMessage =>
  readReport(parseXml(decodeXml(Buffer.from(xml))), zone);

function only(message: ReportMessage, kind: SedEvent['kind']): SedEvent {
  const found = message.events.filter((event) => event.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as SedEvent;
}

const subjects = (message: ReportMessage) => message.events.map((event) => `${event.kind} ${event.subject}`);

describe('readReport: header and whose it is', () => {
  it('reads the header', () => {
    const { header, initialDoc } = read(
      report({ messageId: 'M1', type: 'Reception', time: '2014-12-08T15:07:41.0020627+03:00' }),
    );
    expect(header).toMatchObject({
      messageId: 'M1',
      returnId: OUR_RETURN,
      messageType: 'Reception',
      version: '1.0',
      time: new Date('2014-12-08T12:07:41.002Z'),
      senderOrganizationUid: '77',
      senderEdmsUid: 'EDMS1',
    });
    expect(initialDoc).toEqual({ uid: OUR_UID, number: '1000001', date: '2025-03-01' });
  });

  it('knows our UID in capitals, with dashes and braces', () => {
    const { initialDoc, header, events } = read(
      report({
        uid: '{01234567-89AB-CDEF-0123-456789ABCDEF}',
        returnId: OUR_RETURN.toUpperCase(),
        notification: leaf('Reception', '2025-03-03T10:00:00'),
      }),
    );
    expect([initialDoc.uid, header.returnId]).toEqual([OUR_UID, OUR_RETURN]);
    expect(events.map((event) => [event.documentUid, event.subject])).toEqual([[OUR_UID, OUR_RETURN]]);
  });

  it('is content with a ReturnID or an InitialDoc UID, refuses neither', () => {
    expect(read(report({ uid: null })).initialDoc.uid).toBe('');
    expect(read(report({ returnId: '' })).initialDoc.uid).toBe(OUR_UID);
    expect(() => read(report({ uid: null, returnId: '' }))).toThrow(UnreadableError);
  });

  it('refuses a report without header, MessageID or notification', () => {
    const whole = report();
    for (const broken of [
      whole.replaceAll(/<(\/?)Header/g, '<$1Heading'),
      whole.replace(/MessageID="[^"]*"/, ''),
      whole.replaceAll(/<(\/?)Notification/g, '<$1Notes'),
    ]) {
      expect(() => read(broken)).toThrow(UnreadableError);
    }
  });

  it('skips what it does not know and lives with a newer version', () => {
    const xml = report({
      notification: [el('Teleport', { To: 'x' }), leaf('Reception', '2025-03-03T10:00:00'), el('Direction')],
      documents: el('Unknown'),
    }).replace('Version="1.0"', 'Version="9.7" Colour="red"');
    expect(subjects(read(xml))).toEqual([`reception ${OUR_RETURN}`]);
  });
});

describe('readReport: reception, failure, registration', () => {
  it('reads a time without an offset in the given zone', () => {
    const xml = report({ notification: leaf('Reception', '2025-03-03T10:00:00') });
    expect(only(read(xml), 'reception').at).toEqual(new Date('2025-03-03T07:00:00Z'));
    expect(only(read(xml, 'Asia/Yakutsk'), 'reception').at).toEqual(new Date('2025-03-03T01:00:00Z'));
    const offset = report({ notification: leaf('Reception', '2025-03-03T10:00:00+05:00') });
    expect(only(read(offset, 'Asia/Yakutsk'), 'reception').at).toEqual(new Date('2025-03-03T05:00:00Z'));
  });

  it('does without a time that is none', () => {
    expect(only(read(report({ notification: leaf('Reception', 'вчера') })), 'reception').at).toBeUndefined();
    expect(only(read(report({ notification: el('Reception') })), 'reception').at).toBeUndefined();
  });

  it('reads a refusal with code and text', () => {
    const failure = only(
      read(report({ notification: leaf('Failure', 'Не указан автор', { Code: '39' }) })),
      'failure',
    );
    expect(failure).toMatchObject({
      documentUid: OUR_UID,
      subject: OUR_RETURN,
      data: { code: '39', text: 'Не указан автор', returnId: OUR_RETURN },
    });
  });

  it('tells the refusals of two attempts apart, also when ReturnID is «unknown»', () => {
    const failed = (returnId: string, messageId: string) =>
      only(
        read(report({ returnId, messageId, notification: leaf('Failure', 'нет', { Code: '1' }) })),
        'failure',
      );
    expect(failed('r1', 'm1').subject).not.toBe(failed('r2', 'm2').subject);
    expect(failed('r1', 'm1').subject).toBe(failed('r1', 'm2').subject);
    expect(failed('unknown', 'm1').subject).not.toBe(failed('unknown', 'm2').subject);
  });

  it('reads number and date of the card through DocumentID', () => {
    const event = only(read(registrationReport({ number: '100-101/6' })), 'registration');
    expect(event).toEqual({
      kind: 'registration',
      documentUid: OUR_UID,
      subject: OUR_UID,
      at: new Date('2025-03-03T07:00:00.123Z'),
      data: {
        documentId: '501',
        cardUid: OUR_UID,
        number: '100-101/6',
        date: '2025-03-03',
        systemDate: '2025-03-03T10:00:00.123',
      },
    });
  });

  it('lives without DocumentList', () => {
    const event = only(
      read(report({ notification: el('Registration', { DocumentID: '501' }) })),
      'registration',
    );
    expect(event.subject).toBe(OUR_UID);
    expect(event.data).toEqual({ documentId: '501', cardUid: OUR_UID });
  });
});
