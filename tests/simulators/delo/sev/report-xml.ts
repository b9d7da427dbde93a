import { type CardRecord, type Ends, newId, newMessageDir } from '../exchange/store.ts';
import type { Answer, Resolution, Subscription } from '../types.ts';
import {
  contactXml,
  envelopeXml,
  headerXml,
  messageXml,
  type OutgoingMessage,
  registrationXml,
} from './parts.ts';
import { el, textEl, type Xml } from './xml.ts';

/** Of which document of the partner a notice tells. */
export interface Subject {
  readonly channel: string;
  readonly documentUid: string;
  readonly returnId: string;
  readonly posId: string;
  readonly posDate: string;
  readonly group: string;
  readonly ends: Ends;
}

export type Notice =
  | { readonly type: 'Reception'; readonly at: string }
  | { readonly type: 'Failure'; readonly code: number; readonly text: string };

function initialDocXml(subject: Subject): string {
  return el(
    'InitialDoc',
    { UID: subject.documentUid },
    textEl('Number', subject.posId),
    textEl('Date', subject.posDate),
    subject.group === '' ? undefined : textEl('Group', subject.group),
  );
}

function reportMessage(
  subject: Subject,
  type: string,
  time: string,
  ...body: readonly Xml[]
): OutgoingMessage {
  const messageId = newId();
  const messageDir = newMessageDir();
  const header = { messageId, messageType: type, returnId: subject.returnId, time };
  return {
    channel: subject.channel,
    messageDir,
    messageId,
    xmlName: 'Report.xml',
    xml: messageXml('Report', headerXml(header, subject.ends, ['Report.xml']), ...body),
    files: [],
    envelope: (dir) => envelopeXml(subject.ends, dir, 'Отчет СЭВ'),
  };
}

/** A Reception or a Failure: these come alone, they never repeat what went before. */
export function noticeMessage(subject: Subject, notice: Notice, headerTime: string): OutgoingMessage {
  const body =
    notice.type === 'Reception'
      ? textEl('Reception', notice.at)
      : textEl('Failure', notice.text, { Code: notice.code });
  return reportMessage(
    subject,
    notice.type,
    headerTime,
    el('Notification', {}, initialDocXml(subject), body),
  );
}

function taskXml(card: CardRecord, task: Resolution): string {
  const { own } = card.ends;
  const organizationOf = (name: string | undefined) => (name === undefined ? own : { organization: name });
  return el(
    'Task',
    { UID: task.uid, TaskID: task.taskId, Type: 'Resolution', Privacy: task.private },
    el(
      'Author',
      {},
      contactXml(organizationOf(task.author.organization), task.author),
      textEl('SignDate', task.at.slice(0, 10)),
    ),
    textEl('Text', task.text),
    ...task.executors.map((executor) =>
      el(
        'Executor',
        { UID: executor.uid, Responsible: executor.responsible },
        contactXml(organizationOf(executor.organization), executor),
        textEl('Text', executor.report?.text),
        textEl('Date', executor.report?.at),
        executor.report && textEl('Status', 'Исполнено'),
      ),
    ),
    task.term === undefined
      ? undefined
      : el('Control', { State: 'UnderControl' }, textEl('Deadline', task.term)),
    task.parent === undefined ? undefined : el('Parent', { DocumentID: card.id, TaskID: task.parent }),
    textEl('IsProject', String(task.project)),
  );
}

/** The card itself as a `Document` of a message; its UID is the partner's own. */
export function cardDocumentXml(card: CardRecord): string {
  const party = { organization: card.author.name };
  return el(
    'Document',
    { UID: card.documentUid, DocumentID: card.id, Type: 'Incoming', MainDocument: false },
    registrationXml(card.number ?? '', card.date ?? ''),
    card.deadline === undefined
      ? undefined
      : el('Control', { State: 'UnderControl' }, textEl('Deadline', card.deadline)),
    textEl('Group', 'Обращения граждан'),
    el(
      'Author',
      {},
      card.author.kind === 'organization' ? contactXml(party) : undefined,
      registrationXml(card.posId, card.posDate),
      card.author.kind === 'organization'
        ? undefined
        : el('PrivatePerson', {}, textEl('FIO', card.author.name)),
    ),
    ...Object.entries(card.requisites ?? {}).map(([name, value]) =>
      textEl('AdditionalField', value, { Name: name, Type: 'Text' }),
    ),
  );
}

function answerDocumentXml(answer: Answer): string {
  return el(
    'Document',
    { UID: answer.documentUid, DocumentID: answer.documentId, Type: 'Created', MainDocument: false },
    registrationXml(answer.number, answer.date),
    textEl('Group', answer.group),
  );
}

function notificationXml(card: CardRecord, subject: Subject, wanted: ReadonlySet<Subscription>): string {
  const { resolutions, redirections } = card;
  const tasks = wanted.has('Consideration') ? resolutions : [];
  const reported = resolutions.filter(({ executors }) => executors.some(({ report }) => report));
  return el(
    'Notification',
    {},
    initialDocXml(subject),
    wanted.has('Registration')
      ? el('Registration', { DocumentID: card.id, SystemDate: card.registeredAt })
      : undefined,
    ...tasks.map(({ taskId }) => el('Consideration', { TaskID: taskId })),
    ...(wanted.has('Report') ? reported.map(({ taskId }) => el('Report', { TaskID: taskId })) : []),
    ...(wanted.has('Redirection') ? redirections : []).map((redirection) =>
      el(
        'Redirection',
        {},
        contactXml({
          organization: redirection.organization,
          ...(redirection.organizationUid && { organizationUid: redirection.organizationUid }),
        }),
        textEl('Date', redirection.at),
        textEl('Type', redirection.type),
      ),
    ),
    ...(wanted.has('Answer') ? card.answers : [])
      .filter(({ announced }) => announced)
      .map(({ documentId, at }) =>
        el('Answer', { DocumentID: documentId }, textEl('Date', at), textEl('Type', 'СЭВ')),
      ),
  );
}

/**
 * The accumulated report: everything that happened to the card so far, as far as the partner asked for it.
 * `returnId` is another than the card's own when an addition is confirmed.
 */
export function accumulatedReport(
  card: CardRecord,
  headerTime: string,
  returnId = card.returnId,
): OutgoingMessage {
  const subject: Subject = { ...card, returnId };
  const wanted = new Set(card.subscriptions);
  const announced = wanted.has('Answer') ? card.answers.filter((answer) => answer.announced) : [];
  const withTasks = wanted.has('Consideration') || wanted.has('Report');
  return reportMessage(
    subject,
    'Report',
    headerTime,
    notificationXml(card, subject, wanted),
    el('DocumentList', {}, cardDocumentXml(card), ...announced.map(answerDocumentXml)),
    withTasks && card.resolutions.length > 0
      ? el('TaskList', {}, ...card.resolutions.map((task) => taskXml(card, task)))
      : undefined,
  );
}
