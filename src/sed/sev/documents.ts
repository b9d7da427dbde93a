import { type PartyRef, pick } from './contacts.ts';
import { readDay } from './message-dates.ts';
import { attr, child, children, text, type XmlNode } from './xml.ts';

/** Value of a dictionary (`Group`, `Rubric`, `Access`, `LinkType`): text, and UID where the site has one. */
export function readNamed(node: XmlNode | undefined): PartyRef | undefined {
  if (node === undefined) return undefined;
  const value = pick({ uid: attr(node, 'UID'), name: text(node) });
  return value.uid === undefined && value.name === undefined ? undefined : value;
}

/** All documents of a message. */
export function documentsOf(root: XmlNode): readonly XmlNode[] {
  return children(child(root, 'DocumentList'), 'Document');
}

/** By DocumentID, the СЭД's own number of a document inside a message. */
export type DocumentIndex = ReadonlyMap<string, XmlNode>;

/** Documents of a message by DocumentID; of two with one number the first counts. */
export function indexDocuments(root: XmlNode): DocumentIndex {
  const index = new Map<string, XmlNode>();
  for (const document of documentsOf(root)) {
    const id = attr(document, 'DocumentID');
    if (id !== undefined && !index.has(id)) index.set(id, document);
  }
  return index;
}

/** Number and day of registration. */
export function registrationOf(document: XmlNode | undefined): { number?: string; date?: string } {
  const info = child(document, 'RegistrationInfo');
  return pick({ number: text(info, 'Number'), date: readDay(text(info, 'Date')) });
}

export interface AdditionalField {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

/** The site's own requisites. Values stay text, whatever their type says. */
export function additionalFields(document: XmlNode | undefined): readonly AdditionalField[] {
  return children(document, 'AdditionalField').flatMap((field) => {
    const name = attr(field, 'Name');
    return name === undefined ? [] : [{ name, type: attr(field, 'Type') ?? '', value: text(field) ?? '' }];
  });
}

/** xs:boolean; undefined when absent or neither. */
export function readFlag(value: string | undefined): boolean | undefined {
  if (value === 'true' || value === '1') return true;
  return value === 'false' || value === '0' ? false : undefined;
}
