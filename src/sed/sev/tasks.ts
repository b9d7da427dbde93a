import { type ContactInfo, organizationKey, personKey, pick, readContact } from './contacts.ts';
import { readFlag } from './documents.ts';
import { readDay } from './message-dates.ts';
import { normalUid } from './uids.ts';
import { attr, child, children, text, type XmlNode } from './xml.ts';

/** One executor of a resolution (Executor of CommonInfo.xsd). */
export interface TaskExecutor {
  /** UID, else organisation and name: the same person in every repetition of the report. */
  readonly key: readonly string[];
  readonly responsible: boolean;
  readonly uid?: string;
  readonly contact?: ContactInfo;
  /** The executor's report, when there is one: its text, date and state. */
  readonly reportText?: string;
  readonly reportDate?: string;
  readonly reportStatus?: string;
}

/** A resolution (Task of CommonInfo.xsd): plain, JSON-safe. */
export interface TaskInfo {
  /** Its UID, else its TaskID. */
  readonly key: string;
  readonly executors: readonly TaskExecutor[];
  /** As the СЭД writes it: the day of signing. */
  readonly signDate?: string;
  /** What both kinds of events (resolution, report) repeat. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Resolutions of a message by TaskID. */
export function readTasks(root: XmlNode): ReadonlyMap<string, TaskInfo> {
  const tasks = new Map<string, TaskInfo>();
  for (const node of children(child(root, 'TaskList'), 'Task')) {
    const taskId = attr(node, 'TaskID');
    if (taskId !== undefined && !tasks.has(taskId)) tasks.set(taskId, readTask(node, taskId));
  }
  return tasks;
}

function readTask(node: XmlNode, taskId: string): TaskInfo {
  const author = child(node, 'Author');
  const control = child(node, 'Control');
  const parent = child(node, 'Parent');
  const signDate = text(author, 'SignDate');
  const uid = attr(node, 'UID');
  return {
    key: uid === undefined ? taskId : normalUid(uid),
    executors: children(node, 'Executor').map(readExecutor),
    ...(signDate === undefined ? {} : { signDate }),
    facts: pick({
      taskId,
      taskUid: uid,
      type: attr(node, 'Type'),
      number: text(node, 'Number'),
      text: text(node, 'Text'),
      note: text(node, 'Note'),
      category: text(node, 'Category'),
      author: readContact(author),
      signDate: readDay(signDate),
      deadline: readDay(text(control, 'Deadline')),
      controlState: attr(control, 'State'),
      isProject: readFlag(text(node, 'IsProject')) ?? false,
      privacy: readFlag(attr(node, 'Privacy')) ?? false,
      parentTaskId: attr(parent, 'TaskID'),
      parentDocumentId: attr(parent, 'DocumentID'),
    }),
  };
}

function readExecutor(node: XmlNode): TaskExecutor {
  const uid = attr(node, 'UID');
  const contact = readContact(node);
  const reportText = text(node, 'Text');
  const reportDate = text(node, 'Date');
  const reportStatus = text(node, 'Status');
  return {
    key: uid === undefined ? [organizationKey(contact), personKey(contact)] : [normalUid(uid)],
    responsible: readFlag(attr(node, 'Responsible')) ?? false,
    ...(uid === undefined ? {} : { uid }),
    ...(contact === undefined ? {} : { contact }),
    ...(reportText === undefined ? {} : { reportText }),
    ...(reportDate === undefined ? {} : { reportDate }),
    ...(reportStatus === undefined ? {} : { reportStatus }),
  };
}
