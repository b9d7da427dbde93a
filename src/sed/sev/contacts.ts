import { attr, child, text, type XmlNode } from './xml.ts';

export interface PartyRef {
  readonly uid?: string;
  readonly name?: string;
}

export interface PersonRef {
  readonly uid?: string;
  readonly fio?: string;
  readonly post?: string;
}

/** `Contact` of CommonInfo.xsd: who, in which department, of which organisation. Every part may be missing. */
export interface ContactInfo {
  readonly organization?: PartyRef;
  readonly department?: string;
  readonly person?: PersonRef;
}

/** Reads the `Contact` child of the node; undefined when it has none. */
export function readContact(parent: XmlNode | undefined): ContactInfo | undefined {
  const contact = child(parent, 'Contact');
  if (contact === undefined) return undefined;
  const organization = child(contact, 'Organization');
  const person = child(contact, 'OfficialPerson');
  const department = text(child(contact, 'Department'), 'Name');
  return {
    ...(organization === undefined
      ? {}
      : {
          organization: pick({
            uid: attr(organization, 'UID'),
            name: text(organization, 'ShortName') ?? text(organization, 'FullName'),
          }),
        }),
    ...(department === undefined ? {} : { department }),
    ...(person === undefined
      ? {}
      : { person: pick({ uid: attr(person, 'UID'), fio: text(person, 'FIO'), post: text(person, 'Post') }) }),
  };
}

/** UID of the organisation, else its name: a part of event subjects (contracts/sev.md). */
export function organizationKey(contact: ContactInfo | undefined): string {
  return contact?.organization?.uid ?? contact?.organization?.name ?? '';
}

/** Name of the person, else post, else department: how one addressee of an organisation differs from another. */
export function personKey(contact: ContactInfo | undefined): string {
  return contact?.person?.fio ?? contact?.person?.post ?? contact?.department ?? '';
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined members. */
export function pick<T extends Record<string, unknown>>(values: T): Present<T> {
  const present: Record<string, unknown> = {};
  for (const key in values) if (values[key] !== undefined) present[key] = values[key];
  return present as Present<T>;
}
