import type { PackageIdentity, SedChannel, SedParty } from '../port.ts';
import { element, leaf, type Xml } from './xml-writer.ts';

export const NAMESPACE = 'http://www.eos.ru/2010/sev';

export interface HeaderInput {
  readonly channel: SedChannel;
  readonly identity: PackageIdentity;
  readonly messageType: 'MainDoc' | 'AddToDoc' | 'Report' | 'Reception' | 'Failure';
  /** xs:dateTime. */
  readonly time: string;
  /** Names in the message's folder, the message itself first: their resource ids are 0, 1, … */
  readonly resources: readonly string[];
}

/** `Header` of every message of ours (MessageHeader of CommonInfo.xsd): from us to the channel's other end. */
export function headerElement({ channel, identity, messageType, time, resources }: HeaderInput): Xml {
  return element(
    'Header',
    {
      MessageID: identity.messageId,
      Version: '1.0',
      Time: time,
      MessageType: messageType,
      ReturnID: identity.returnId,
      ResourceID: 0,
    },
    party('Sender', channel.sender),
    party('Recipient', channel.recipient),
    element(
      'ResourceList',
      {},
      ...resources.map((name, index) => element('Resource', { UID: index, UniqueName: name })),
    ),
  );
}

/** An organisation of the СЭВ, as `Contact` has it. */
export function organizationElement(who: SedParty): Xml {
  return element('Organization', { UID: who.organizationUid }, leaf('ShortName', who.organizationName));
}

function party(name: 'Sender' | 'Recipient', who: SedParty): Xml {
  return element(
    name,
    {},
    element('Contact', {}, organizationElement(who)),
    element('EDMS', { UID: who.edmsUid }),
  );
}
