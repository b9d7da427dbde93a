import type { PackageIdentity, PartnerReportRequest, RenderedPackage, SedChannel } from '../port.ts';
import { renderEnvelope } from './envelope.ts';
import { headerElement, NAMESPACE, organizationElement } from './header-element.ts';
import { identityOf } from './identity.ts';
import { timeIn } from './sev-time.ts';
import { element, leaf, NOTHING, type Xml, xmlFile } from './xml-writer.ts';

export const REPORT = 'Report.xml';

/** The subject that ДЕЛО itself gives the envelope of every report. */
const ENVELOPE_SUBJECT = 'Отчет СЭВ';

const MESSAGE_TYPES = { reception: 'Reception', registration: 'Report', failure: 'Failure' } as const;

/**
 * Identities of a report, pure: one message for each (answer document, our document, kind, subject), whatever is told
 * in it and whenever. ReturnID is the answer message's own: by it the СЭД finds what is reported on.
 */
export function identifyReport({
  answer,
  documentUid,
  kind,
  subject,
}: PartnerReportRequest): PackageIdentity {
  // A document without a UID is known by the message it came in.
  const document = answer.documentUid === '' ? ['message', answer.messageId] : ['uid', answer.documentUid];
  const fields = [...document, documentUid, kind, subject];
  return {
    documentUid: answer.documentUid,
    messageId: identityOf('partner-message', fields),
    returnId: answer.returnId,
    messageDir: identityOf('partner-folder', fields),
  };
}

/**
 * A report of ours about the СЭД's answer document as a message: Report.xml, valid against the vendor's ReportInfo.xsd,
 * shaped as the Registration that ДЕЛО itself sends, and its envelope. Equal input gives equal bytes.
 */
export function renderPartnerReport(channel: SedChannel, request: PartnerReportRequest): RenderedPackage {
  const identity = identifyReport(request);
  const report = xmlFile(
    element(
      'Report',
      { xmlns: NAMESPACE },
      headerElement({
        channel,
        identity,
        messageType: MESSAGE_TYPES[request.kind],
        time: timeOf(request),
        resources: [REPORT],
      }),
      element('Notification', {}, initialDoc(request), told(request)),
      documentList(channel, request),
      element('Expansion', {}),
    ),
  );
  return {
    identity,
    files: [{ name: REPORT, content: report }],
    envelope: renderEnvelope(channel, identity.messageDir, ENVELOPE_SUBJECT),
  };
}

/** With its offset everywhere: bare local time, which ДЕЛО writes in places, would be read in the reader's zone. */
function timeOf({ headerTime, timeZone }: PartnerReportRequest): string {
  return timeIn(headerTime, timeZone);
}

function initialDoc({ answer }: PartnerReportRequest): Xml {
  const { group } = answer;
  return element(
    'InitialDoc',
    { UID: answer.documentUid },
    leaf('Number', answer.number),
    leaf('Date', answer.date),
    group === undefined ? NOTHING : leaf('Group', group.name, { UID: group.uid }),
  );
}

function told(request: PartnerReportRequest): Xml {
  switch (request.kind) {
    case 'reception':
      return leaf('Reception', timeOf(request));
    case 'failure':
      return leaf('Failure', request.failure.text, { Code: request.failure.code });
    case 'registration':
      return element('Registration', { DocumentID: registeredId(request), SystemDate: timeOf(request) });
  }
}

/** Registration points by DocumentID at what became of the answer on our side. */
function documentList(channel: SedChannel, request: PartnerReportRequest): Xml {
  if (request.kind !== 'registration') return NOTHING;
  const { answer, registration } = request;
  const uid = answer.documentUid === '' ? undefined : answer.documentUid;
  return element(
    'DocumentList',
    {},
    element(
      'Document',
      { UID: uid, DocumentID: registeredId(request), Type: 'Incoming', MainDocument: false },
      registrationInfo(registration),
      element(
        'Author',
        {},
        element('Contact', {}, organizationElement(channel.recipient)),
        registrationInfo(answer),
      ),
    ),
  );
}

function registrationInfo({ number, date }: { readonly number: string; readonly date: string }): Xml {
  return element('RegistrationInfo', {}, leaf('Number', number), leaf('Date', date));
}

/** Our own number of the received document; it has none in words, so it is made of the same facts. */
function registeredId({ answer, documentUid }: PartnerReportRequest): string {
  return identityOf('partner-document', [answer.documentUid, answer.messageId, documentUid]);
}
