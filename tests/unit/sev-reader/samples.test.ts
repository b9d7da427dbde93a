import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readDocument } from '../../../src/sed/sev/document.ts';
import { readEnvelope } from '../../../src/sed/sev/envelope-reader.ts';
import { readReport } from '../../../src/sed/sev/report.ts';
import { UnreadableError } from '../../../src/sed/sev/unreadable.ts';
import { parseXml } from '../../../src/sed/sev/xml.ts';
import { decodeXml } from '../../../src/sed/sev/xml-bytes.ts';

const shared = process.env['SHARED_DIR'];
const samples = join(shared ?? '', 'sev', 'samples');
const withSamples = shared === undefined ? describe.skip : describe;

withSamples(`real samples${shared === undefined ? ' — skipped: SHARED_DIR is not set' : ''}`, () => {
  const bytes = async (name: string) => await readFile(join(samples, name));

  it('reads the report of a registration', async () => {
    const message = readReport(
      parseXml(decodeXml(await bytes('sev_Report_registration.xml'))),
      'Europe/Moscow',
    );
    expect(message.header).toMatchObject({
      messageId: '409ac10d52ca4db0b7fd0f60c29d8d0d',
      returnId: 'd486f29604f5417b8e7758baa7db0829',
      messageType: 'Report',
      time: new Date('2014-12-08T12:07:41.002Z'),
      senderOrganizationUid: '3525064930',
      senderEdmsUid: '4313BCFDAD6A422EA375EF34BB248BCD',
      resources: [{ uid: '0', name: 'Report.xml' }],
    });
    expect(message.initialDoc).toEqual({
      uid: '9f4426f3768648ac9cdd8b8295448f41',
      number: '02-6',
      date: '2014-12-08',
    });
    expect(message.events).toEqual([
      {
        kind: 'registration',
        documentUid: '9f4426f3768648ac9cdd8b8295448f41',
        subject: '9f4426f3768648ac9cdd8b8295448f41',
        at: new Date('2014-12-08T12:07:36.987Z'),
        data: {
          documentId: '11398634',
          cardUid: '9f4426f3768648ac9cdd8b8295448f41',
          number: '100-101/6',
          date: '2014-12-08',
          group: { name: 'тестовый документ вх.' },
          systemDate: '2014-12-08T15:07:36.987',
        },
      },
    ]);
  });

  it('reads the document: no link, so no event', async () => {
    const message = readDocument(parseXml(decodeXml(await bytes('sev_DocInfo_2.xml'))), 'Europe/Moscow');
    expect(message.events).toEqual([]);
    expect(message.header).toMatchObject({
      messageId: 'b0db2807d00443a69bcbe1817cf41a41',
      returnId: '6769ffd1d0ca4c0197955587171d7bdf',
      messageType: 'MainDoc',
      resources: [
        { uid: '0', name: 'DocInfo.xml' },
        { uid: '1', name: 'Заявка на доступ СЭД ДЕЛО[1].docx' },
      ],
    });
  });

  it('reads the same document as an answer when a link is put in', async () => {
    const source = decodeXml(await bytes('sev_DocInfo_2.xml'));
    const linked = source.replace(
      '</Document>',
      `<Link DocumentID="2"><LinkType>Ответ</LinkType></Link></Document>
       <Document UID="9f4426f3768648ac9cdd8b8295448f41" DocumentID="2" Type="Incoming" MainDocument="false"/>`,
    );
    const [event, ...more] = readDocument(parseXml(linked), 'Europe/Moscow').events;
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      kind: 'answer',
      documentUid: '9f4426f3768648ac9cdd8b8295448f41',
      subject: 'd5992934894546bfae9cfced91630357|9f4426f3768648ac9cdd8b8295448f41',
      data: {
        linkType: 'Ответ',
        number: '100-100/7',
        date: '2014-12-05',
        annotation: 'Текст содержания',
        note: 'Текст примечания',
        access: { name: 'общий' },
        group: { name: 'тестовый документ исх.' },
        rubrics: [{ name: 'ИНФОРМАЦИЯ И ИНФОРМАТИЗАЦИЯ.' }],
        signer: { uid: '001', fio: 'Петров П.П.', post: 'Глава города Вологды' },
        files: [
          {
            resource: 'Заявка на доступ СЭД ДЕЛО[1].docx',
            description: 'Заявка на доступ СЭД ДЕЛО.docx',
            extension: '.docx',
            sizeKb: '22',
          },
        ],
      },
    });
  });

  it.each(['sev_Report_registration.xml', 'sev_DocInfo_2.xml'])(
    'no cut of %s is read, at any byte',
    async (name) => {
      const whole = await bytes(name);
      const end = whole.lastIndexOf('>');
      for (let length = 0; length <= end; length += 1) {
        expect(() => parseXml(decodeXml(whole.subarray(0, length)))).toThrow(UnreadableError);
      }
      expect(parseXml(decodeXml(whole.subarray(0, end + 1))).name).toMatch(/^(Report|DocInfo)$/);
    },
  );

  it('reads the envelopes', async () => {
    expect(await readEnvelope(join(samples, 'sev_Report_registration.env'), 'x')).toBe(
      '802f3b03-7e19-4553-8127-42b25f154a4e',
    );
    expect(await readEnvelope(join(samples, 'sev_DocInfo_2.env'), 'x')).toBe(
      '9a677314-fece-4975-b5a9-792d11c07663',
    );
  });
});
