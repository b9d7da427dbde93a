/** Builds СЭВ messages for the tests: an own, small writer that shares nothing with the program. */

export const SEV = 'http://www.eos.ru/2010/sev';

export type Content = string | readonly Content[];

export function esc(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** One element; attributes that are undefined are left out. Content is XML already. */
export function el(
  name: string,
  attributes: Record<string, string | undefined> = {},
  ...content: Content[]
): string {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${esc(value)}"`]))
    .join('');
  const inner = content.flat(9).join('');
  return inner === '' ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`;
}

/** An element with text. */
export function leaf(
  name: string,
  value: string,
  attributes: Record<string, string | undefined> = {},
): string {
  return el(name, attributes, esc(value));
}

export function contact(options: {
  organization?: string;
  uid?: string;
  department?: string;
  fio?: string;
  post?: string;
  personUid?: string;
}): string {
  const { organization, uid, department, fio, post, personUid } = options;
  return el(
    'Contact',
    {},
    el('Organization', { UID: uid }, organization === undefined ? '' : leaf('ShortName', organization)),
    department === undefined ? '' : el('Department', {}, leaf('Name', department)),
    fio === undefined && post === undefined && personUid === undefined
      ? ''
      : el(
          'OfficialPerson',
          { UID: personUid },
          fio === undefined ? '' : leaf('FIO', fio),
          post === undefined ? '' : leaf('Post', post),
        ),
  );
}

export interface HeaderParts {
  messageId?: string;
  returnId?: string;
  type?: string;
  time?: string;
  resources?: readonly { uid: string; name: string }[];
}

export function header(parts: HeaderParts = {}): string {
  return el(
    'Header',
    {
      MessageID: parts.messageId ?? 'aaaa0000aaaa0000aaaa0000aaaa0000',
      Version: '1.0',
      Time: parts.time ?? '2025-03-03T10:00:00+03:00',
      MessageType: parts.type ?? 'Report',
      ReturnID: parts.returnId,
      ResourceID: '0',
    },
    el(
      'Sender',
      {},
      contact({ organization: 'Администрация', uid: '77' }),
      el('EDMS', { UID: 'EDMS1', Version: '13' }),
    ),
    el('Recipient', {}, contact({ organization: 'Посредник', uid: '88' })),
    el(
      'ResourceList',
      {},
      (parts.resources ?? []).map(({ uid, name }) => el('Resource', { UID: uid, UniqueName: name })),
    ),
  );
}

export const OUR_UID = '0123456789abcdef0123456789abcdef';
export const OUR_RETURN = 'fedcba9876543210fedcba9876543210';

export interface ReportParts extends HeaderParts {
  /** null leaves InitialDoc@UID out. */
  uid?: string | null;
  notification?: Content;
  documents?: Content;
  tasks?: Content;
}

export function report(parts: ReportParts = {}): string {
  const uid = parts.uid === null ? undefined : (parts.uid ?? OUR_UID);
  const documents = [parts.documents ?? ''].flat(9).join('');
  const tasks = [parts.tasks ?? ''].flat(9).join('');
  return `\ufeff<?xml version="1.0" encoding="utf-8"?>\n${el(
    'Report',
    { xmlns: SEV },
    header({
      returnId: OUR_RETURN,
      ...parts,
      resources: parts.resources ?? [{ uid: '0', name: 'Report.xml' }],
    }),
    el(
      'Notification',
      {},
      el('InitialDoc', { UID: uid }, leaf('Number', '1000001'), leaf('Date', '2025-03-01')),
      parts.notification ?? '',
    ),
    documents === '' ? '' : el('DocumentList', {}, documents),
    tasks === '' ? '' : el('TaskList', {}, tasks),
    el('Expansion'),
  )}`;
}

export function document(
  attributes: { uid?: string; id: string; main?: boolean },
  ...content: Content[]
): string {
  return el(
    'Document',
    {
      UID: attributes.uid,
      DocumentID: attributes.id,
      Type: 'Created',
      MainDocument: String(attributes.main ?? false),
    },
    content,
  );
}

export function registrationInfo(number: string, date: string): string {
  return el('RegistrationInfo', {}, leaf('Number', number), leaf('Date', date));
}

export function registrationReport(parts: ReportParts & { number?: string } = {}): string {
  return report({
    notification: el('Registration', { DocumentID: '501', SystemDate: '2025-03-03T10:00:00.123' }),
    documents: document(
      { uid: parts.uid ?? OUR_UID, id: '501' },
      registrationInfo(parts.number ?? 'А-17', '2025-03-03'),
    ),
    ...parts,
  });
}

export function docInfo(parts: HeaderParts, ...documents: Content[]): string {
  return `\ufeff<?xml version="1.0" encoding="utf-8"?>${el(
    'DocInfo',
    { xmlns: SEV },
    header({ type: 'MainDoc', returnId: OUR_RETURN, ...parts }),
    el('DocumentList', {}, documents),
  )}`;
}

export function envelope(messageDir: string): string {
  return `\ufeff<?xml version="1.0" encoding="utf-8"?>${el(
    'Envelop',
    { 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' },
    leaf('Address', 'a@example.test'),
    leaf('MessageDir', messageDir),
    leaf('Channel', '1'),
    leaf('Subject', 'Отчет СЭВ'),
  )}`;
}
