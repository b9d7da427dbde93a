import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentOf, el, SEV_NAMESPACE, textEl, type Xml } from '../../simulators/delo/sev/xml.ts';

/** What a partner sends, good unless told otherwise. Strings of XML let a test break any part of it. */
export interface DocumentSpec {
  readonly messageDir: string;
  readonly messageId: string;
  readonly returnId: string;
  readonly messageType: string;
  readonly uid: string;
  readonly posId: string;
  readonly annotation: string;
  readonly deadline: string | undefined;
  readonly author: Xml;
  readonly files: readonly { readonly name: string; readonly content: Buffer; readonly sizeKb?: number }[];
  readonly fields: Readonly<Record<string, string>>;
  readonly rubric: string | undefined;
  readonly note: string | undefined;
  readonly link: { readonly uid: string; readonly number: string; readonly target?: string } | undefined;
  readonly subscriptions: Xml;
  readonly namespace: string;
}

export function id(): string {
  return randomBytes(16).toString('hex');
}

export const PERSON = el(
  'Author',
  {},
  el(
    'PrivatePerson',
    {},
    textEl('FIO', 'Белова Анна <Петровна>'),
    el('Address', {}, textEl('Text', 'г. Вологда, ул. Мира, 5')),
    textEl('Econtact', 'belova@example.test', { Type: 'e' }),
  ),
);

/** `Subscriptions` to those notices only. */
export function subscribe(...names: readonly string[]): string {
  const all = ['Reception', 'Registration', 'Forwarding', 'Consideration', 'Report', 'Redirection', 'Answer'];
  return el(
    'Subscriptions',
    { StopDayCount: 365 },
    ...all.map((name) =>
      el(name, { Include: names.includes(name), AdvanceInfo: name === 'Consideration' ? 'All' : undefined }),
    ),
  );
}

const ALL = subscribe(
  'Reception',
  'Registration',
  'Forwarding',
  'Consideration',
  'Report',
  'Redirection',
  'Answer',
);

/** A good document; what is given replaces its part. */
export function documentSpec(changes: Partial<DocumentSpec> = {}): DocumentSpec {
  return {
    messageDir: id(),
    messageId: id(),
    returnId: id(),
    messageType: 'MainDoc',
    uid: id(),
    posId: '374299901',
    annotation: 'Не горят фонари на улице Мира',
    deadline: '2026-02-26',
    author: PERSON,
    files: [],
    fields: { 'Номер ПОС': '374299901' },
    rubric: 'Уличное освещение',
    note: undefined,
    link: undefined,
    subscriptions: ALL,
    namespace: SEV_NAMESPACE,
    ...changes,
  };
}

function fileXml(file: DocumentSpec['files'][number], index: number): string {
  return el(
    'File',
    { ResourceID: index + 1, Size: file.sizeKb ?? Math.ceil(file.content.length / 1024), UID: id() },
    textEl('Description', file.name),
    textEl('Extension', '.txt'),
  );
}

function documentXml(spec: DocumentSpec): string {
  return el(
    'Document',
    { UID: spec.uid, DocumentID: '1', Type: 'Created', MainDocument: true },
    el('RegistrationInfo', {}, textEl('Number', spec.posId), textEl('Date', '2026-01-27')),
    spec.deadline === undefined
      ? undefined
      : el('Control', { State: 'UnderControl' }, textEl('Deadline', spec.deadline)),
    textEl('Group', 'Обращения ПОС'),
    textEl('Annotation', spec.annotation),
    textEl('Note', spec.note),
    textEl('Rubric', spec.rubric, { UID: '0003.0009' }),
    ...spec.files.map(fileXml),
    spec.author,
    ...Object.entries(spec.fields).map(([Name, value]) =>
      textEl('AdditionalField', value, { Name, Type: 'Text' }),
    ),
    spec.link === undefined
      ? undefined
      : el('Link', { DocumentID: spec.link.target ?? '2' }, textEl('LinkType', 'Повторное')),
  );
}

function linkedXml(link: DocumentSpec['link']): Xml {
  if (link === undefined) return undefined;
  const registration = el(
    'RegistrationInfo',
    {},
    textEl('Number', link.number),
    textEl('Date', '2026-01-10'),
  );
  return el(
    'Document',
    { UID: link.uid, DocumentID: '2', Type: 'Created', MainDocument: false },
    registration,
  );
}

export function headerXml(
  spec: Pick<DocumentSpec, 'messageId' | 'messageType' | 'returnId'>,
  resources: readonly string[],
): string {
  const party = (name: string, uid: string) =>
    el('Contact', {}, el('Organization', { UID: uid }, textEl('ShortName', name)));
  return el(
    'Header',
    {
      MessageID: spec.messageId,
      Version: '1.0',
      Time: '2026-01-27T10:00:00+03:00',
      MessageType: spec.messageType,
      ReturnID: spec.returnId,
      ResourceID: 0,
    },
    el(
      'Sender',
      {},
      party('Платформа «ПОС»', '77'),
      el('EDMS', { UID: 'BCF1', Version: '1.0' }, 'posrednik'),
    ),
    el('Recipient', {}, party('Администрация', '35'), el('EDMS', { UID: '4313' })),
    el(
      'ResourceList',
      {},
      ...resources.map((name, index) => el('Resource', { UID: index, UniqueName: name })),
    ),
  );
}

/** The bytes of DocInfo.xml. */
export function docInfo(spec: DocumentSpec): Buffer {
  return documentOf(
    'DocInfo',
    spec.namespace,
    headerXml(spec, ['DocInfo.xml', ...spec.files.map(({ name }) => name)]),
    el('DocumentList', {}, documentXml(spec), linkedXml(spec.link)),
    spec.subscriptions,
  );
}

export function envelope(messageDir: string, subject = 'Обращение'): Buffer {
  return documentOf(
    'Envelop',
    undefined,
    textEl('Address', 'posrednik@example.test'),
    textEl('MessageDir', messageDir),
    textEl('Channel', '3306590'),
    textEl('Subject', subject),
  );
}

/** Puts a message into the folder: files first, envelope last by rename. */
export async function put(
  out: string,
  messageDir: string,
  files: readonly { readonly name: string; readonly content: Uint8Array }[],
  envelopeBytes: Uint8Array = envelope(messageDir),
): Promise<void> {
  const dir = join(out, messageDir);
  await mkdir(dir, { recursive: true });
  for (const { name, content } of files) await writeFile(join(dir, name), content);
  await writeFile(join(out, `${messageDir}.tmp`), envelopeBytes);
  await rename(join(out, `${messageDir}.tmp`), join(out, `${messageDir}.env`));
}

/** Sends a document as it is described. */
export async function send(out: string, changes: Partial<DocumentSpec> = {}): Promise<DocumentSpec> {
  const spec = documentSpec(changes);
  await put(out, spec.messageDir, [...spec.files, { name: 'DocInfo.xml', content: docInfo(spec) }]);
  return spec;
}

/** A partner's report on an answer of ДЕЛО: its `body` stands inside Notification after InitialDoc. */
export async function sendReport(
  out: string,
  about: {
    readonly uid: string;
    readonly returnId: string;
    readonly type: string;
    readonly body: Xml;
    readonly after?: Xml;
    readonly messageId?: string;
  },
): Promise<void> {
  const messageDir = id();
  const header = {
    messageId: about.messageId ?? id(),
    messageType: about.type,
    returnId: about.returnId,
  };
  const initial = el(
    'InitialDoc',
    { UID: about.uid },
    textEl('Number', 'ОТВ-1/26'),
    textEl('Date', '2026-02-01'),
  );
  const xml = documentOf(
    'Report',
    SEV_NAMESPACE,
    headerXml(header, ['Report.xml']),
    el('Notification', {}, initial, about.body),
    about.after,
  );
  await put(out, messageDir, [{ name: 'Report.xml', content: xml }]);
}
