import type { SedEvent } from '../port.ts';
import { organizationKey, personKey, pick, readContact } from './contacts.ts';
import { additionalFields, documentsOf, readNamed, registrationOf } from './documents.ts';
import { makeEvent, type ReportContext } from './event-parts.ts';
import { readDay, readMoment, wallClock } from './message-dates.ts';
import { normalUid, subjectOf } from './uids.ts';
import { attr, child, children, text, type XmlNode } from './xml.ts';

/** `Reception`, `Failure`, `Registration`. */
export function registrationEvents(context: ReportContext): readonly SedEvent[] {
  const { notification, zone } = context;
  const events: SedEvent[] = [];
  const reception = child(notification, 'Reception');
  if (reception !== undefined) {
    const moment = readMoment(text(reception), zone);
    events.push(
      makeEvent(context, 'reception', packageOf(context), moment, { returnId: context.header.returnId }),
    );
  }
  const failure = child(notification, 'Failure');
  if (failure !== undefined) {
    events.push(
      makeEvent(context, 'failure', packageOf(context), context.header.time, {
        returnId: context.header.returnId,
        code: attr(failure, 'Code'),
        text: text(failure),
      }),
    );
  }
  const registration = child(notification, 'Registration');
  if (registration !== undefined) {
    const documentId = attr(registration, 'DocumentID');
    const document = context.documents.get(documentId ?? '');
    const cardUid = normalUid(attr(document, 'UID')) || context.documentUid || documentId || '';
    events.push(
      makeEvent(
        context,
        'registration',
        subjectOf(cardUid),
        readMoment(attr(registration, 'SystemDate'), zone),
        {
          documentId,
          cardUid,
          ...registrationOf(document),
          group: readNamed(child(document, 'Group')),
          systemDate: attr(registration, 'SystemDate'),
        },
      ),
    );
  }
  return events;
}

/**
 * Which writing of the package a Reception or Failure is about. A Failure of the second attempt is news even when
 * the first attempt failed too, so the package, not the document alone, is its subject.
 */
function packageOf({ header }: ReportContext): string {
  const named = header.returnId !== '' && header.returnId.toLowerCase() !== 'unknown';
  return subjectOf(named ? header.returnId : header.messageId);
}

/** `Document/Control/Deadline` of our own document. Subject: the day. Whether it counts, the flow decides. */
export function deadlineEvents(context: ReportContext): readonly SedEvent[] {
  const document = ownDocument(context);
  const control = child(document, 'Control');
  const deadline = readDay(text(control, 'Deadline'));
  if (deadline === undefined) return [];
  return [
    makeEvent(context, 'deadline', subjectOf(deadline), context.header.time, {
      deadline,
      state: attr(control, 'State'),
      factDate: readDay(text(control, 'FactDate')),
      registered: child(context.notification, 'Registration') !== undefined,
      note: text(document, 'Note'),
      fields: additionalFields(document),
    }),
  ];
}

function ownDocument(context: ReportContext): XmlNode | undefined {
  const registered = context.documents.get(
    attr(child(context.notification, 'Registration'), 'DocumentID') ?? '',
  );
  if (registered !== undefined || context.documentUid === '') return registered;
  return documentsOf(context.root).find(
    (document) => normalUid(attr(document, 'UID')) === context.documentUid,
  );
}

/** `Forwarding` (inside the organisation) and `Redirection` (to another body). */
export function movementEvents(context: ReportContext): readonly SedEvent[] {
  const forwardings = children(context.notification, 'Forwarding').map((node) => {
    const contact = readContact(node);
    const date = text(node, 'Date');
    const whom = contact?.person?.uid ?? personKey(contact);
    return makeEvent(
      context,
      'forwarding',
      subjectOf(organizationKey(contact), whom, wallClock(date)),
      readMoment(date, context.zone),
      { ...contact, date },
    );
  });
  const redirections = children(context.notification, 'Redirection').map((node) => {
    const contact = readContact(node);
    const person = child(node, 'PrivatePerson');
    const date = text(node, 'Date');
    const to = person === undefined ? organizationKey(contact) : (attr(person, 'UID') ?? '');
    return makeEvent(
      context,
      'redirection',
      subjectOf(to, wallClock(date)),
      readMoment(date, context.zone),
      // The name of a private addressee is not kept: no rule needs it.
      { ...contact, toPerson: person !== undefined, date, type: readNamed(child(node, 'Type')) },
    );
  });
  return [...forwardings, ...redirections];
}

/** `Answer@DocumentID`: the answer is announced. Subject: (answer document UID, our document UID). */
export function answerEvents(context: ReportContext): readonly SedEvent[] {
  return children(context.notification, 'Answer').map((node) => {
    const documentId = attr(node, 'DocumentID');
    const document = context.documents.get(documentId ?? '');
    const date = text(node, 'Date');
    return makeEvent(
      context,
      'answer-announced',
      subjectOf(answerKey(attr(document, 'UID'), documentId), context.documentUid),
      readMoment(date, context.zone),
      {
        answerUid: attr(document, 'UID'),
        documentId,
        date,
        type: readNamed(child(node, 'Type')),
        document: pick({ ...registrationOf(document), group: readNamed(child(document, 'Group')) }),
      },
    );
  });
}

/** An answer document by its UID; one without is known by its DocumentID alone. */
export function answerKey(uid: string | undefined, documentId: string | undefined): string {
  return uid === undefined ? `#${documentId ?? ''}` : normalUid(uid);
}
