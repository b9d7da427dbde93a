import { attribute, child, children, type Element, textAt } from '../sev/parse.ts';
import type { CardAuthor, CardLink, Subscription } from '../types.ts';

/** Who stands at an end of the exchange. */
export interface Party {
  readonly organization: string;
  readonly organizationUid?: string;
  readonly edmsUid?: string;
}

export interface MessageHead {
  readonly messageId: string;
  readonly returnId: string;
  readonly messageType: string;
  readonly sender: Party;
  readonly recipient: Party;
}

export interface FileRef {
  readonly resource: string;
  readonly name: string;
}

/** The main document of a message, in plain values. */
export interface MainDocument {
  readonly uid: string;
  readonly posId: string;
  readonly posDate: string;
  readonly group: string;
  readonly annotation: string;
  readonly note?: string;
  readonly author: CardAuthor;
  readonly rubrics: readonly { readonly name: string; readonly uid?: string }[];
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly FileRef[];
  readonly deadline?: string;
  readonly links: readonly CardLink[];
  readonly subscriptions?: readonly Subscription[];
}

const SUBSCRIPTIONS: readonly Subscription[] = [
  'Reception',
  'Registration',
  'Forwarding',
  'Consideration',
  'Report',
  'Redirection',
  'Answer',
];

function readParty(party: Element | undefined): Party {
  const organization = child(child(party, 'Contact'), 'Organization');
  const organizationUid = attribute(organization, 'UID');
  const edmsUid = attribute(child(party, 'EDMS'), 'UID');
  return {
    organization: textAt(organization, 'ShortName') ?? '',
    ...(organizationUid !== undefined && { organizationUid }),
    ...(edmsUid !== undefined && { edmsUid }),
  };
}

/** The message's header; '' stands for what is not there. */
export function readHead(root: Element): MessageHead {
  const header = child(root, 'Header');
  return {
    messageId: attribute(header, 'MessageID') ?? '',
    returnId: attribute(header, 'ReturnID') ?? '',
    messageType: attribute(header, 'MessageType') ?? '',
    sender: readParty(child(header, 'Sender')),
    recipient: readParty(child(header, 'Recipient')),
  };
}

function readContacts(element: Element | undefined) {
  return children(element, 'Econtact').map((contact) => ({
    type: attribute(contact, 'Type') ?? '',
    value: contact.text,
  }));
}

function readAuthor(document: Element): CardAuthor {
  const author = child(document, 'Author');
  const person = child(author, 'PrivatePerson');
  const contact = child(author, 'Contact');
  const source = person ?? contact;
  const addresses = child(source, 'Address');
  const address = ['ZipCode', 'Region', 'Settlement', 'Text']
    .map((name) => textAt(addresses, name))
    .filter((part) => part !== undefined)
    .join(', ');
  const name = person === undefined ? textAt(contact, 'Organization', 'ShortName') : textAt(person, 'FIO');
  return {
    kind: name === undefined ? 'unknown' : person === undefined ? 'organization' : 'person',
    name: name ?? '',
    contacts: readContacts(source),
    ...(address !== '' && { address }),
  };
}

function readLinks(document: Element, documents: readonly Element[]): CardLink[] {
  return children(document, 'Link').map((link) => {
    const id = attribute(link, 'DocumentID');
    const target = documents.find((candidate) => attribute(candidate, 'DocumentID') === id);
    const documentUid = attribute(target, 'UID');
    return {
      type: textAt(link, 'LinkType') ?? '',
      number: textAt(target, 'RegistrationInfo', 'Number') ?? '',
      date: textAt(target, 'RegistrationInfo', 'Date') ?? '',
      ...(documentUid !== undefined && { documentUid }),
    };
  });
}

function readFiles(root: Element, document: Element): FileRef[] {
  const resources = new Map(
    children(child(child(root, 'Header'), 'ResourceList'), 'Resource').map((resource) => [
      attribute(resource, 'UID'),
      attribute(resource, 'UniqueName') ?? '',
    ]),
  );
  return children(document, 'File').map((file) => {
    const resource = resources.get(attribute(file, 'ResourceID')) ?? '';
    return { resource, name: textAt(file, 'Description') ?? resource };
  });
}

function readSubscriptions(root: Element): Subscription[] | undefined {
  const subscriptions = child(root, 'Subscriptions');
  if (subscriptions === undefined) return undefined;
  return SUBSCRIPTIONS.filter((name) =>
    /^\s*(true|1)\s*$/.test(attribute(child(subscriptions, name), 'Include') ?? ''),
  );
}

/** Additional fields by name, in their order. */
function readFields(document: Element): Record<string, string> {
  return Object.fromEntries(
    children(document, 'AdditionalField').map((field) => [attribute(field, 'Name') ?? '', field.text]),
  );
}

/** The message's main document. The message must have been checked. */
export function readMainDocument(root: Element): MainDocument | undefined {
  const documents = children(child(root, 'DocumentList'), 'Document');
  const document = documents.find((candidate) =>
    /^\s*(true|1)\s*$/.test(attribute(candidate, 'MainDocument') ?? ''),
  );
  if (document === undefined) return undefined;
  const note = textAt(document, 'Note');
  const deadline = textAt(document, 'Control', 'Deadline');
  const subscriptions = readSubscriptions(root);
  return {
    uid: attribute(document, 'UID') ?? '',
    posId: textAt(document, 'RegistrationInfo', 'Number') ?? '',
    posDate: textAt(document, 'RegistrationInfo', 'Date') ?? '',
    group: textAt(document, 'Group') ?? '',
    annotation: textAt(document, 'Annotation') ?? '',
    author: readAuthor(document),
    rubrics: children(document, 'Rubric').map((rubric) => {
      const uid = attribute(rubric, 'UID');
      return { name: rubric.text, ...(uid !== undefined && { uid }) };
    }),
    fields: readFields(document),
    files: readFiles(root, document),
    links: readLinks(document, documents),
    ...(note !== undefined && { note }),
    ...(deadline !== undefined && { deadline }),
    ...(subscriptions && { subscriptions }),
  };
}
