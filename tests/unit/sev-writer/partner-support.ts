import fc from 'fast-check';
import { parseStringPromise } from 'xml2js';
import type { PartnerReportRequest, RenderedPackage } from '../../../src/sed/port.ts';
import { anyText } from './generated.ts';
import { bytesOf, type Node } from './support.ts';

export const ANSWER: PartnerReportRequest['answer'] = {
  documentUid: '2F1AAB77-0000-4C7E-9D53-0123456789AB',
  messageId: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  returnId: 'D486F296-04F5-417B-8E77-58BAA7DB0829',
  number: 'ОТВ-17/26 & ко',
  date: '2026-02-11',
  group: { name: 'Ответы на обращения граждан' },
};

const BASE = {
  channel: 'main',
  documentUid: '76c9a4659c11a3e2b263134546473b5b',
  answer: ANSWER,
  subject: '',
  headerTime: new Date('2026-02-11T07:08:09Z'),
  timeZone: 'Europe/Moscow',
};

export const RECEPTION: PartnerReportRequest = { ...BASE, kind: 'reception' };
export const REGISTRATION: PartnerReportRequest = {
  ...BASE,
  kind: 'registration',
  registration: { number: '374299901', date: '2026-02-11' },
};
export const FAILURE: PartnerReportRequest = {
  ...BASE,
  kind: 'failure',
  subject: '3/rules',
  failure: { code: 31, text: 'Пустой ответ: <нет> ни текста, ни файла' },
};
export const ALL_REPORTS = [RECEPTION, REGISTRATION, FAILURE];

const anyDay = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const anyUid = fc.oneof(fc.uuid(), anyText, fc.string({ unit: 'binary' }));

const anyBase = fc.record({
  channel: fc.constant('main'),
  documentUid: fc.uuid(),
  answer: fc.record(
    {
      documentUid: anyUid,
      messageId: anyUid,
      returnId: anyUid,
      number: anyText,
      date: anyDay,
      group: fc.oneof(fc.record({ name: anyText }), fc.record({ name: anyText, uid: anyUid })),
    },
    { requiredKeys: ['documentUid', 'messageId', 'returnId', 'number', 'date'] },
  ),
  subject: fc.oneof(fc.constant(''), anyText),
  headerTime: fc.date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
  timeZone: fc.constantFrom('Europe/Moscow', 'Asia/Yakutsk', 'UTC'),
});

/** Every report that can be asked for, with whatever a СЭД may have written into its answer. */
export const anyReport: fc.Arbitrary<PartnerReportRequest> = anyBase.chain((base) =>
  fc.oneof(
    fc.constant({ ...base, kind: 'reception' as const }),
    fc
      .record({ number: anyText, date: anyDay })
      .map((registration) => ({ ...base, kind: 'registration' as const, registration })),
    fc
      .record({ code: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), text: anyText })
      .map((failure) => ({ ...base, kind: 'failure' as const, failure })),
  ),
);

/** Report.xml as xml2js reads it. */
export async function reportOf(rendered: RenderedPackage): Promise<Node> {
  const xml = bytesOf(rendered, 'Report.xml').toString('utf8').slice(1);
  const parsed = await parseStringPromise(xml, {
    explicitArray: true,
    explicitCharkey: true,
    includeWhiteChars: true,
  });
  return parsed.Report;
}
