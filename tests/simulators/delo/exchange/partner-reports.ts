import { attribute, child, type Element, textAt } from '../sev/parse.ts';
import type { Clock } from '../sev/times.ts';
import type { PartnerReport } from '../types.ts';
import { type MessageHead, readHead } from './message.ts';
import type { PackageFault } from './package.ts';
import type { Store } from './store.ts';

function reportOf(root: Element, head: MessageHead, at: string): PartnerReport {
  const notification = child(root, 'Notification');
  const failure = child(notification, 'Failure');
  const document = child(child(root, 'DocumentList'), 'Document');
  const number = textAt(document, 'RegistrationInfo', 'Number');
  const date = textAt(document, 'RegistrationInfo', 'Date');
  const registered = child(notification, 'Registration') !== undefined;
  return {
    type: registered ? 'Registration' : head.messageType,
    at,
    ...(registered && number !== undefined && { number }),
    ...(registered && date !== undefined && { date }),
    ...(failure && { code: Number(attribute(failure, 'Code')), text: failure.text }),
  };
}

/** Notes what the partner told about an answer (or a card); returns what is wrong with it. */
export function notePartnerReport(store: Store, clock: Clock, root: Element): readonly PackageFault[] {
  const uid = attribute(child(child(root, 'Notification'), 'InitialDoc'), 'UID') ?? '';
  const head = readHead(root);
  store.counters.partnerReports += 1;
  if (store.messageIds.has(head.messageId)) {
    return [{ code: 'report-repeated', text: 'отчёт с этим MessageID уже был' }];
  }
  store.messageIds.add(head.messageId);
  const answer = store.answersByUid.get(uid)?.answer;
  const subject = answer ?? store.byUid.get(uid);
  if (subject === undefined) return [{ code: 'report-unknown', text: 'отчёт о неизвестном документе' }];
  subject.partner.push(reportOf(root, head, clock.local(clock.now())));
  if (head.returnId === subject.returnId) return [];
  return [{ code: 'report-return-id', text: 'ReturnID отчёта не от нашего документа' }];
}
