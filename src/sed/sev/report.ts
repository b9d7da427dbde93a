import type { SedEvent } from '../port.ts';
import { pick } from './contacts.ts';
import { indexDocuments } from './documents.ts';
import { distinct, type ReportContext } from './event-parts.ts';
import { readDay } from './message-dates.ts';
import { type MessageHeader, readHeader } from './message-header.ts';
import {
  answerEvents,
  deadlineEvents,
  movementEvents,
  registrationEvents,
} from './report-document-events.ts';
import { considerationEvents, taskReportEvents } from './report-task-events.ts';
import { normalUid } from './uids.ts';
import { UnreadableError } from './unreadable.ts';
import { attr, child, text, type XmlNode } from './xml.ts';

/** Our own document as the report repeats it. */
export interface InitialDoc {
  /** Our document UID; '' when the report has none: then its ReturnID finds the document. */
  readonly uid: string;
  readonly number?: string;
  readonly date?: string;
}

export interface ReportMessage {
  readonly header: MessageHeader;
  readonly initialDoc: InitialDoc;
  readonly events: readonly SedEvent[];
}

/**
 * A `Report` message as events (contracts/sev.md, table of section 1). Reports are accumulated: the same fact has the
 * same (documentUid, kind, subject) in each of them. Unknown elements are skipped, missing optional ones leave gaps.
 *
 * @throws UnreadableError `not-sev` when neither InitialDoc@UID nor ReturnID says whose report it is
 */
export function readReport(root: XmlNode, zone: string): ReportMessage {
  const written = readHeader(root, zone);
  const header = { ...written, returnId: normalUid(written.returnId) };
  const notification = child(root, 'Notification');
  const initial = child(notification, 'InitialDoc');
  const documentUid = normalUid(attr(initial, 'UID'));
  if (notification === undefined || (documentUid === '' && header.returnId === '')) {
    throw new UnreadableError('not-sev');
  }
  const context: ReportContext = {
    root,
    documents: indexDocuments(root),
    notification,
    header,
    documentUid,
    zone,
  };
  return {
    header,
    initialDoc: {
      uid: documentUid,
      ...pick({ number: text(initial, 'Number'), date: readDay(text(initial, 'Date')) }),
    },
    events: distinct([
      ...registrationEvents(context),
      ...deadlineEvents(context),
      ...considerationEvents(context),
      ...taskReportEvents(context),
      ...movementEvents(context),
      ...answerEvents(context),
    ]),
  };
}
