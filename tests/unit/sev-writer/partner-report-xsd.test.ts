import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { readReport } from '../../../src/sed/sev/report.ts';
import { createSevWriter, type SevWriter } from '../../../src/sed/sev/writer.ts';
import { parseXml } from '../../../src/sed/sev/xml.ts';
import { xmlSafe } from '../../../src/sed/sev/xml-writer.ts';
import { ALL_REPORTS, ANSWER, anyReport, FAILURE, REGISTRATION } from './partner-support.ts';
import { bytesOf, channelIn, removeFolder, shippedMapping, temporaryFolder } from './support.ts';

const shared = process.env['SHARED_DIR'];
const hasXmllint = spawnSync('xmllint', ['--version']).status === 0;
const missing =
  shared === undefined ? 'SHARED_DIR is not set' : hasXmllint ? undefined : 'xmllint is not installed';
const given = missing === undefined ? it : it.skip;
const why = missing === undefined ? '' : ` (skipped: ${missing})`;

const folder = temporaryFolder();
let writer: SevWriter;

beforeAll(async () => {
  writer = createSevWriter({ channels: [channelIn(folder)], mapping: await shippedMapping() });
});
afterAll(() => removeFolder(folder));

/** What xmllint has against the files; [] when it called every one of them valid. */
function validate(schema: string, name: string, contents: readonly Uint8Array[]): string[] {
  mkdirSync(join(folder, name), { recursive: true });
  const files = contents.map((content, index) => {
    const path = join(folder, name, `${index}.xml`);
    writeFileSync(path, content);
    return path;
  });
  const path = join(shared ?? '', 'sev', 'xsd', schema);
  const result = spawnSync('xmllint', ['--noout', '--nonet', '--schema', path, ...files], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const told = result.stderr.split('\n').filter((line) => line !== '');
  const valid = told.filter((line) => line.endsWith(' validates')).length;
  if (valid === files.length) return [];
  return [
    `valid: ${valid} of ${files.length}`,
    ...told.filter((line) => !line.endsWith(' validates')).slice(0, 5),
  ];
}

describe('reports against the vendor’s schemas', () => {
  given(`each kind is valid${why}`, () => {
    const rendered = ALL_REPORTS.map((request) => writer.renderReport(request));
    expect(
      validate(
        'ReportInfo.xsd',
        'each',
        rendered.map((one) => bytesOf(one, 'Report.xml')),
      ),
    ).toEqual([]);
  });

  given(`every generated report and envelope is valid${why}`, () => {
    const rendered = fc.sample(anyReport, 400).map((request) => writer.renderReport(request));
    const reports = rendered.map((one) => bytesOf(one, 'Report.xml'));
    expect(validate('ReportInfo.xsd', 'any', reports)).toEqual([]);
    expect(
      validate(
        'Envelop.xsd',
        'envelopes',
        rendered.map((one) => one.envelope),
      ),
    ).toEqual([]);
  });

  given(`the check itself tells what is wrong${why}`, () => {
    const noDate = { ...REGISTRATION, answer: { ...ANSWER, date: 'вчера' } };
    const noNumber = { ...FAILURE, kind: 'failure' as const, failure: { code: 1.5, text: '' } };
    for (const [name, request, word] of [
      ['date', noDate, 'Date'],
      ['code', noNumber, 'Code'],
    ] as const) {
      const bytes = bytesOf(writer.renderReport(request), 'Report.xml');
      expect(validate('ReportInfo.xsd', name, [bytes]).join()).toContain(word);
    }
  });
});

describe('reports read back', () => {
  it('are whole XML whatever the answer said', () => {
    fc.assert(
      fc.property(anyReport, (request) => {
        const text = bytesOf(writer.renderReport(request), 'Report.xml').toString('utf8').slice(1);
        expect(XMLValidator.validate(text)).toBe(true);
      }),
    );
  });

  it('say to a reader of reports exactly the one thing that they tell', () => {
    fc.assert(
      fc.property(anyReport, (request) => {
        const text = bytesOf(writer.renderReport(request), 'Report.xml').toString('utf8').slice(1);
        if (request.answer.documentUid.trim() === '' && request.answer.returnId.trim() === '') return;
        const { header, events } = readReport(parseXml(text), 'UTC');
        expect(header.messageType).toBe(
          { reception: 'Reception', registration: 'Report', failure: 'Failure' }[request.kind],
        );
        expect(events.map((event) => event.kind)).toEqual([request.kind]);
        if (request.kind === 'failure') expect(events[0]?.data['code']).toBe(String(request.failure.code));
        if (request.kind === 'registration') expect(events[0]?.data['date']).toBe(request.registration.date);
      }),
    );
  });

  it('hold nothing that XML forbids', () => {
    fc.assert(
      fc.property(anyReport, (request) => {
        const text = bytesOf(writer.renderReport(request), 'Report.xml').toString('utf8').slice(1);
        expect(xmlSafe(text)).toBe(text);
      }),
    );
  });
});
