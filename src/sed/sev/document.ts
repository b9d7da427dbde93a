import type { SedEvent } from '../port.ts';
import { type ContactInfo, type PartyRef, pick, readContact } from './contacts.ts';
import {
  additionalFields,
  type DocumentIndex,
  documentsOf,
  indexDocuments,
  readFlag,
  readNamed,
  registrationOf,
} from './documents.ts';
import { distinct, makeEvent } from './event-parts.ts';
import { type MessageHeader, readHeader } from './message-header.ts';
import { answerKey } from './report-document-events.ts';
import { normalUid, subjectOf } from './uids.ts';
import { attr, child, children, text, type XmlNode } from './xml.ts';

export interface DocumentMessage {
  readonly header: MessageHeader;
  readonly events: readonly SedEvent[];
}

/**
 * A `DocInfo` message. Each `Link` of a document to another document of the message that has a UID becomes an
 * `answer` event of that UID: whether the UID is ours and the link's name means an answer, the flow decides
 * (names of links are data). A message without links has no events.
 *
 * @throws UnreadableError `not-sev` when there is no header
 */
export function readDocument(root: XmlNode, zone: string): DocumentMessage {
  const header = readHeader(root, zone);
  const index = indexDocuments(root);
  const events = documentsOf(root).flatMap((node) => answersOf(index, node, header));
  return { header, events: distinct(events) };
}

function answersOf(index: DocumentIndex, document: XmlNode, header: MessageHeader): readonly SedEvent[] {
  const linked = new Map<string, PartyRef[]>();
  for (const link of children(document, 'Link')) {
    const target = index.get(attr(link, 'DocumentID') ?? '');
    const targetUid = normalUid(attr(target, 'UID'));
    if (target === undefined || target === document || targetUid === '') continue;
    const type = readNamed(child(link, 'LinkType'));
    const types = linked.get(targetUid) ?? [];
    if (type !== undefined) types.push(type);
    linked.set(targetUid, types);
  }
  if (linked.size === 0) return [];
  const facts = documentFacts(document, header);
  const key = answerKey(attr(document, 'UID'), attr(document, 'DocumentID'));
  return [...linked].map(([documentUid, linkTypes]) =>
    makeEvent({ documentUid }, 'answer', subjectOf(key, documentUid), header.time, {
      ...facts,
      linkType: linkTypes[0]?.name,
      linkTypes,
    }),
  );
}

function documentFacts(document: XmlNode, header: MessageHeader): Record<string, unknown> {
  const authors = children(document, 'Author').flatMap((author) => readContact(author) ?? []);
  return {
    // As written: the reports we owe for this document must repeat them.
    answerUid: attr(document, 'UID'),
    returnId: header.returnId,
    messageId: header.messageId,
    mainDocument: readFlag(attr(document, 'MainDocument')) ?? false,
    ...registrationOf(document),
    annotation: text(document, 'Annotation'),
    note: text(document, 'Note'),
    group: readNamed(child(document, 'Group')),
    rubrics: children(document, 'Rubric').flatMap((rubric) => readNamed(rubric) ?? []),
    access: readNamed(child(document, 'Access')),
    signer: signerOf(authors),
    authors,
    fields: additionalFields(document),
    files: children(document, 'File').map((file) => readFile(file, header)),
  };
}

/** The first author who is named; the others stay in `authors`. */
function signerOf(authors: readonly ContactInfo[]): Record<string, unknown> | undefined {
  const author = authors.find((contact) => contact.person !== undefined);
  if (author?.person === undefined) return undefined;
  return pick({ ...author.person, organization: author.organization, department: author.department });
}

/** `resource` is the name in ResourceList, by which the message's spooled files are found. */
function readFile(file: XmlNode, header: MessageHeader): Record<string, unknown> {
  return pick({
    uid: attr(file, 'UID'),
    resource: resourceName(attr(file, 'ResourceID'), header),
    description: text(file, 'Description'),
    extension: text(file, 'Extension'),
    sizeKb: attr(file, 'Size'),
    signatures: children(file, 'EDS').flatMap((eds) => resourceName(attr(eds, 'ResourceID'), header) ?? []),
  });
}

function resourceName(uid: string | undefined, header: MessageHeader): string | undefined {
  return uid === undefined ? undefined : header.resourceNames.get(uid);
}
