import { DateTime } from 'luxon';
import { Fault } from '../model/errors.ts';
import type { AnswerDocument, PartnerReportRequest } from '../sed/port.ts';
import { answerFacts } from './facts.ts';
import { failureOf } from './failure-codes.ts';
import type { OwedReport } from './partner-rows.ts';

/**
 * The report in the port's words. Pure, so that the same row always gives the same message.
 * @throws Fault DEFECT when the stored facts of the answer do not read
 */
export function buildReport(channel: string, report: OwedReport, timeZone: string): PartnerReportRequest {
  const base = {
    channel,
    documentUid: report.documentUid,
    answer: answerOf(report, timeZone),
    headerTime: new Date(report.headerTime),
    timeZone,
  };
  switch (report.kind) {
    case 'reception':
      return { ...base, kind: 'reception', subject: '' };
    case 'registration': {
      const date = dayOf(report.headerTime, timeZone);
      return { ...base, kind: 'registration', subject: '', registration: { number: report.posId, date } };
    }
    case 'failure': {
      const failure = failureOf(report.failureCode ?? 'DEFECT', report.failureText);
      // A delivery made anew may fail anew: its place tells the two apart.
      return { ...base, kind: 'failure', subject: `${report.seq}/${report.subject}`, failure };
    }
  }
}

function answerOf({ facts, answeredAt }: OwedReport, timeZone: string): AnswerDocument {
  const read = answerFacts.safeParse(facts);
  if (!read.success) throw new Fault('DEFECT', { detail: 'a stored answer does not read' });
  const { answerUid, messageId, returnId, number, date, group } = read.data;
  const name = group?.name;
  return {
    documentUid: answerUid ?? '',
    messageId,
    returnId,
    number: number ?? '',
    // The schema wants a day; what is none in its calendar is left for the day on which the answer came.
    date: date !== undefined && isDay(date) ? date : dayOf(answeredAt, timeZone),
    ...(name === undefined
      ? {}
      : { group: { name, ...(group?.uid === undefined ? {} : { uid: group.uid }) } }),
  };
}

function isDay(text: string): boolean {
  return /^(?!0000)\d{4}-\d\d-\d\d$/.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid;
}

function dayOf(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone }).toFormat('yyyy-MM-dd');
}
