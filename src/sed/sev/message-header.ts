import { readContact } from './contacts.ts';
import { readMoment } from './message-dates.ts';
import { UnreadableError } from './unreadable.ts';
import { attr, child, children, type XmlNode } from './xml.ts';

export interface MessageResource {
  readonly uid: string;
  /** As written: data, never a path. */
  readonly name: string;
}

/** `Header` of a СЭВ message (MessageHeader of CommonInfo.xsd). */
export interface MessageHeader {
  readonly messageId: string;
  /** As written; '' when absent. */
  readonly returnId: string;
  readonly messageType: string;
  readonly version?: string;
  readonly time?: Date;
  readonly senderOrganizationUid?: string;
  readonly senderEdmsUid?: string;
  readonly resources: readonly MessageResource[];
  /** Names of resources by their UID inside the message. */
  readonly resourceNames: ReadonlyMap<string, string>;
}

/**
 * Reads the header of a Report or a DocInfo.
 *
 * @param zone IANA zone for a `Time` without an offset
 * @throws UnreadableError `not-sev` when there is no Header or no MessageID
 */
export function readHeader(root: XmlNode, zone: string): MessageHeader {
  const header = child(root, 'Header');
  const messageId = attr(header, 'MessageID');
  if (header === undefined || messageId === undefined) throw new UnreadableError('not-sev');
  const time = readMoment(attr(header, 'Time'), zone);
  const version = attr(header, 'Version');
  const sender = child(header, 'Sender');
  const organizationUid = readContact(sender)?.organization?.uid;
  const edmsUid = attr(child(sender, 'EDMS'), 'UID');
  const resources = readResources(header);
  return {
    messageId,
    returnId: attr(header, 'ReturnID') ?? '',
    messageType: attr(header, 'MessageType') ?? '',
    ...(version === undefined ? {} : { version }),
    ...(time === undefined ? {} : { time }),
    ...(organizationUid === undefined ? {} : { senderOrganizationUid: organizationUid }),
    ...(edmsUid === undefined ? {} : { senderEdmsUid: edmsUid }),
    resources,
    resourceNames: new Map(resources.map((resource) => [resource.uid, resource.name])),
  };
}

function readResources(header: XmlNode): readonly MessageResource[] {
  return children(child(header, 'ResourceList'), 'Resource').flatMap((resource) => {
    // Not trimmed: a name is compared with the folder as it stands.
    const name = resource.attributes.get('UniqueName');
    return name === undefined || name === '' ? [] : [{ uid: attr(resource, 'UID') ?? '', name }];
  });
}
