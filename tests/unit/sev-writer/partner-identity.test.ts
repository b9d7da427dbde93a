import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PartnerReportRequest } from '../../../src/sed/port.ts';
import { identifyReport } from '../../../src/sed/sev/partner-report.ts';
import { createSevWriter, type SevWriter } from '../../../src/sed/sev/writer.ts';
import { anyText } from './generated.ts';
import { ANSWER, anyReport, FAILURE, RECEPTION, REGISTRATION } from './partner-support.ts';
import { channelIn, removeFolder, requestOf, shippedMapping, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
let writer: SevWriter;

beforeAll(async () => {
  writer = createSevWriter({ channels: [channelIn(folder)], mapping: await shippedMapping() });
});
afterAll(() => removeFolder(folder));

/** What a report's identity may depend on. */
function keyOf({ answer, documentUid, kind, subject }: PartnerReportRequest): string {
  const by = answer.documentUid === '' ? [answer.messageId] : [answer.documentUid, 'uid'];
  return JSON.stringify([by, documentUid, kind, subject]);
}

describe('identities of a report', () => {
  // They stand in the СЭД of every site: a change here makes double reports.
  it('never change', () => {
    expect([RECEPTION, REGISTRATION, FAILURE].map((request) => identifyReport(request).messageId)).toEqual([
      '7df16d65913bfc4795544da32ccd148b',
      '8c0c8b6b8dd176f72b8b58043b9ae0a6',
      'e07862933e892c7e18d2dade25c355a8',
    ]);
    expect(identifyReport(RECEPTION)).toEqual({
      documentUid: ANSWER.documentUid,
      returnId: ANSWER.returnId,
      messageId: '7df16d65913bfc4795544da32ccd148b',
      messageDir: '2728853b842300f8e47b17eee2fdf78f',
    });
  });

  it('are 32 hex digits and two of them differ', () => {
    fc.assert(
      fc.property(anyReport, (request) => {
        const { messageId, messageDir } = identifyReport(request);
        expect(messageId).toMatch(/^[0-9a-f]{32}$/);
        expect(messageDir).toMatch(/^[0-9a-f]{32}$/);
        expect(messageId).not.toBe(messageDir);
      }),
    );
  });

  it('are equal exactly when answer, our document, kind and subject are', () => {
    fc.assert(
      fc.property(anyReport, anyReport, fc.boolean(), (a, other, same) => {
        const b = same ? ({ ...other, ...pinned(a) } as PartnerReportRequest) : other;
        const [one, two] = [identifyReport(a), identifyReport(b)];
        const equal = keyOf(a) === keyOf(b);
        expect(one.messageId === two.messageId).toBe(equal);
        expect(one.messageDir === two.messageDir).toBe(equal);
      }),
      { numRuns: 300 },
    );
  });

  it('do not depend on time, zone, channel or what is told', () => {
    fc.assert(
      fc.property(anyText, fc.integer(), fc.date({ noInvalidDate: true }), (text, code, headerTime) => {
        const other: PartnerReportRequest = {
          ...FAILURE,
          kind: 'failure',
          headerTime,
          channel: 'second',
          timeZone: 'Asia/Yakutsk',
          failure: { code, text },
          answer: { ...ANSWER, number: text, messageId: text },
        };
        expect(identifyReport(other)).toEqual(identifyReport(FAILURE));
      }),
    );
  });

  it('never meet those of a card', () => {
    const card = writer.identify(requestOf().key);
    const report = identifyReport({ ...RECEPTION, documentUid: card.documentUid });
    expect(
      new Set([card.messageId, card.messageDir, card.returnId, report.messageId, report.messageDir]).size,
    ).toBe(5);
  });

  it('tell apart two of our documents that one letter answers', () => {
    const dirs = ['a', 'b'].map((documentUid) => identifyReport({ ...REGISTRATION, documentUid }).messageDir);
    expect(new Set(dirs).size).toBe(2);
  });

  it('know a document without a UID by its message', () => {
    const bare = (messageId: string) =>
      identifyReport({ ...RECEPTION, answer: { ...ANSWER, documentUid: '', messageId } }).messageId;
    expect(bare('m1')).toBe(bare('m1'));
    expect(bare('m1')).not.toBe(bare('m2'));
    // The same text as a UID is another thing.
    const named = identifyReport({ ...RECEPTION, answer: { ...ANSWER, documentUid: 'm1' } }).messageId;
    expect(named).not.toBe(bare('m1'));
  });
});

describe('bytes of a report', () => {
  it('are equal whenever the requests are', () => {
    fc.assert(
      fc.property(anyReport, (request) => {
        const copy = structuredClone(request);
        expect(writer.renderReport(copy)).toEqual(writer.renderReport(request));
      }),
    );
  });
});

function pinned({ documentUid, subject, answer }: PartnerReportRequest): Partial<PartnerReportRequest> {
  return { documentUid, subject, answer };
}
