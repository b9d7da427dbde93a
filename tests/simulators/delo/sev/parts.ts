import type { Party } from '../exchange/message.ts';
import type { Ends } from '../exchange/store.ts';
import type { Person } from '../types.ts';
import { type Attributes, documentOf, el, SEV_NAMESPACE, textEl, type Xml } from './xml.ts';

/** A message ready to be written into `in`. */
export interface OutgoingMessage {
  readonly channel: string;
  readonly messageDir: string;
  readonly messageId: string;
  readonly xmlName: 'Report.xml' | 'DocInfo.xml';
  readonly xml: Buffer;
  readonly files: readonly { readonly name: string; readonly content: Buffer }[];
  /** The envelope, for the folder under which the message is written. */
  readonly envelope: (messageDir: string) => Buffer;
}

const EDMS_VERSION = '24.2.0';

/** `Contact` of an organisation, with a person of it when given. */
export function contactXml(party: Party, person?: Person): string {
  return el(
    'Contact',
    {},
    el('Organization', { UID: party.organizationUid }, textEl('ShortName', party.organization)),
    person && officialXml(person),
  );
}

function officialXml(person: Person): string {
  return el('OfficialPerson', { UID: person.uid }, textEl('FIO', person.fio), textEl('Post', person.post));
}

/** `RegistrationInfo`; `date` is a day. */
export function registrationXml(number: string, date: string): string {
  return el('RegistrationInfo', {}, textEl('Number', number), textEl('Date', date));
}

export interface HeaderValues {
  readonly messageId: string;
  readonly messageType: string;
  readonly returnId: string;
  readonly time: string;
}

/** `Header`; the first resource is the message itself. */
export function headerXml(values: HeaderValues, ends: Ends, resources: readonly string[]): string {
  const attributes: Attributes = {
    MessageID: values.messageId,
    Version: '1.0',
    Time: values.time,
    MessageType: values.messageType,
    ReturnID: values.returnId,
    ResourceID: 0,
  };
  const { own, partner } = ends;
  return el(
    'Header',
    attributes,
    el('Sender', {}, contactXml(own), el('EDMS', { UID: own.edmsUid ?? '', Version: EDMS_VERSION }, 'ДЕЛО')),
    el('Recipient', {}, contactXml(partner), partner.edmsUid && el('EDMS', { UID: partner.edmsUid })),
    el(
      'ResourceList',
      {},
      ...resources.map((name, index) => el('Resource', { UID: index, UniqueName: name })),
    ),
  );
}

/** The envelope that stands beside the message's folder. */
export function envelopeXml(ends: Ends, messageDir: string, subject: string): Buffer {
  return documentOf(
    'Envelop',
    undefined,
    textEl('Address', ends.address),
    textEl('MessageDir', messageDir),
    textEl('Channel', ends.channelNumber),
    textEl('Subject', subject),
  );
}

/** Root of a message, with the closing `Expansion` of real traffic. */
export function messageXml(root: 'Report' | 'DocInfo', ...children: readonly Xml[]): Buffer {
  return documentOf(root, SEV_NAMESPACE, ...children, el('Expansion', {}));
}
