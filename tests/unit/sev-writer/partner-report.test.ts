import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseStringPromise } from 'xml2js';
import type { PartnerReportRequest } from '../../../src/sed/port.ts';
import { createSevWriter, type SevWriter } from '../../../src/sed/sev/writer.ts';
import { ALL_REPORTS, ANSWER, FAILURE, RECEPTION, REGISTRATION, reportOf } from './partner-support.ts';
import {
  all,
  bytesOf,
  channelIn,
  faultOf,
  type Node,
  one,
  removeFolder,
  shippedMapping,
  temporaryFolder,
  textOf,
} from './support.ts';

const folder = temporaryFolder();
const shared = process.env['SHARED_DIR'];
let writer: SevWriter;

beforeAll(async () => {
  writer = createSevWriter({ channels: [channelIn(folder)], mapping: await shippedMapping() });
});
afterAll(() => removeFolder(folder));

async function render(request: PartnerReportRequest): Promise<Node> {
  return await reportOf(writer.renderReport(request));
}

describe('a report about an answer', () => {
  it.each(ALL_REPORTS)(
    '$kind repeats the answer’s ReturnID and names it as the initial document',
    async (request) => {
      const report = await render(request);
      expect(one(report, 'Header').$).toMatchObject({
        ReturnID: ANSWER.returnId,
        Version: '1.0',
        ResourceID: '0',
        Time: '2026-02-11T10:08:09.000+03:00',
      });
      const initial = one(report, 'Notification/InitialDoc');
      expect(initial.$).toEqual({ UID: ANSWER.documentUid });
      expect(['Number', 'Date', 'Group'].map((name) => textOf(initial, name))).toEqual([
        ANSWER.number,
        ANSWER.date,
        ANSWER.group?.name,
      ]);
      expect(all(report, 'Header/ResourceList/Resource').map((node) => node.$)).toEqual([
        { UID: '0', UniqueName: 'Report.xml' },
      ]);
    },
  );

  it.each(ALL_REPORTS)('$kind goes from us to the channel’s other end', async (request) => {
    const report = await render(request);
    const ends = (name: string) => [
      one(report, `Header/${name}/Contact/Organization`).$?.['UID'],
      one(report, `Header/${name}/EDMS`).$?.['UID'],
    ];
    expect(ends('Sender')).toEqual(['90000001', 'EDMS-POS']);
    expect(ends('Recipient')).toEqual(['80000001', 'EDMS-DELO']);
  });

  it('tells of a Reception alone', async () => {
    const report = await render(RECEPTION);
    expect(one(report, 'Header').$?.['MessageType']).toBe('Reception');
    expect(textOf(report, 'Notification/Reception')).toBe('2026-02-11T10:08:09.000+03:00');
    expect(sections(report)).toEqual(['InitialDoc', 'Reception']);
    expect(all(report, 'DocumentList')).toEqual([]);
  });

  it('tells of a Failure alone, with a whole number and words', async () => {
    const report = await render(FAILURE);
    expect(one(report, 'Header').$?.['MessageType']).toBe('Failure');
    expect(one(report, 'Notification/Failure').$).toEqual({ Code: '31' });
    expect(textOf(report, 'Notification/Failure')).toBe('Пустой ответ: <нет> ни текста, ни файла');
    expect(sections(report)).toEqual(['InitialDoc', 'Failure']);
    expect(all(report, 'DocumentList')).toEqual([]);
  });

  it('tells of a Registration with the document that it became', async () => {
    const report = await render(REGISTRATION);
    expect(one(report, 'Header').$?.['MessageType']).toBe('Report');
    const registration = one(report, 'Notification/Registration').$;
    expect(registration?.['SystemDate']).toBe('2026-02-11T10:08:09.000+03:00');
    const document = one(report, 'DocumentList/Document');
    expect(document.$).toEqual({
      UID: ANSWER.documentUid,
      DocumentID: registration?.['DocumentID'],
      Type: 'Incoming',
      MainDocument: 'false',
    });
    expect(textOf(document, 'RegistrationInfo/Number')).toBe('374299901');
    expect(textOf(document, 'RegistrationInfo/Date')).toBe('2026-02-11');
    expect(textOf(document, 'Author/RegistrationInfo/Number')).toBe(ANSWER.number);
    expect(textOf(document, 'Author/Contact/Organization/ShortName')).toBe('Администрация «Север»');
  });

  it('has the envelope of every report', async () => {
    const { envelope, identity } = writer.renderReport(RECEPTION);
    const text = Buffer.from(envelope).toString('utf8');
    expect(text.startsWith('\ufeff<?xml')).toBe(true);
    const parsed = await parseStringPromise(text.slice(1), { explicitArray: false });
    expect(parsed.Envelop).toMatchObject({
      Address: 'pos@example.test',
      MessageDir: identity.messageDir,
      Channel: '7',
      Subject: 'Отчет СЭВ',
    });
  });

  it('begins with a byte-order mark and ends with Expansion', () => {
    const text = bytesOf(writer.renderReport(FAILURE), 'Report.xml').toString('utf8');
    expect(text.startsWith('\ufeff<?xml version="1.0" encoding="utf-8"?>')).toBe(true);
    expect(text.endsWith('<Expansion/></Report>')).toBe(true);
  });

  it('manages without a UID, a group and a number of the answer', async () => {
    const { group: _, ...answer } = { ...ANSWER, documentUid: '', number: '' };
    const report = await render({ ...REGISTRATION, answer });
    expect(one(report, 'Notification/InitialDoc').$).toEqual({ UID: '' });
    expect(textOf(report, 'Notification/InitialDoc/Number')).toBe('');
    expect(all(report, 'Notification/InitialDoc/Group')).toEqual([]);
    expect(one(report, 'DocumentList/Document').$?.['UID']).toBeUndefined();
  });

  it('keeps the UID of a group', async () => {
    const answer = { ...ANSWER, group: { name: 'Исходящие', uid: 'g-1' } };
    const report = await render({ ...RECEPTION, answer });
    expect(one(report, 'Notification/InitialDoc/Group').$).toEqual({ UID: 'g-1' });
  });

  it('names a channel that is not there', async () => {
    for (const call of [
      () => writer.renderReport({ ...RECEPTION, channel: 'x' }),
      () => writer.report({ ...RECEPTION, channel: 'x' }),
    ]) {
      const fault = await faultOf(call);
      expect([fault.code, fault.detail]).toEqual(['CONFIG_INVALID', 'нет канала СЭД «x»']);
    }
  });
});

describe('beside the vendor’s own Registration', () => {
  const given = shared === undefined ? it.skip : it;
  given(
    `uses only elements and attributes met there${shared === undefined ? ' (skipped: SHARED_DIR is not set)' : ''}`,
    async () => {
      const sample = readFileSync(join(shared ?? '', 'sev/samples/sev_Report_registration.xml'), 'utf8');
      const theirs = pathsOf((await parseStringPromise(sample.replace(/^\ufeff/, ''))).Report);
      const ours = pathsOf(await render(REGISTRATION));
      expect(ours.filter((path) => !theirs.includes(path))).toEqual([]);
      expect(ours).toContain('/DocumentList/Document@MainDocument');
    },
  );

  given('has the same envelope', async () => {
    const sample = readFileSync(join(shared ?? '', 'sev/samples/sev_Report_registration.env'), 'utf8');
    const theirs = (await parseStringPromise(sample.replace(/^\ufeff/, ''))).Envelop;
    const ours = (
      await parseStringPromise(
        Buffer.from(writer.renderReport(REGISTRATION).envelope).toString('utf8').slice(1),
      )
    ).Envelop;
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    expect(ours.Subject).toEqual(theirs.Subject);
  });
});

function sections(report: Node): string[] {
  return Object.keys(one(report, 'Notification')).filter((name) => !['$', '_'].includes(name));
}

/** Every element and attribute below a node, as a path. */
function pathsOf(node: unknown, at = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    if (name === '_') return [];
    if (name === '$') return Object.keys(value as object).map((attribute) => `${at}@${attribute}`);
    return [`${at}/${name}`, ...(value as unknown[]).flatMap((below) => pathsOf(below, `${at}/${name}`))];
  });
}
