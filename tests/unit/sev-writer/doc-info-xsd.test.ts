import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { parseCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { createSevWriter } from '../../../src/sed/sev/writer.ts';
import { anyRequest } from './generated.ts';
import {
  bytesOf,
  channelIn,
  removeFolder,
  SHIPPED_CARD,
  shippedMapping,
  temporaryFolder,
} from './support.ts';

const XSD =
  process.env['SHARED_DIR'] === undefined ? undefined : join(process.env['SHARED_DIR'], 'sev', 'xsd');
const HAS_XMLLINT = spawnSync('xmllint', ['--version']).status === 0;
const missing =
  XSD === undefined ? 'SHARED_DIR is not set' : HAS_XMLLINT ? undefined : 'xmllint is not installed';
const given = missing === undefined ? it : it.skip;
const why = missing === undefined ? '' : ` (skipped: ${missing})`;

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

/** One call for all files: starting xmllint and reading the schemas costs more than the checking. */
function validate(schema: string, files: readonly string[]): string[] {
  const result = spawnSync('xmllint', ['--noout', '--nonet', '--schema', join(XSD ?? '', schema), ...files], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const told = result.stderr.split('\n').filter((line) => line !== '');
  const valid = told.filter((line) => line.endsWith(' validates'));
  const wrong = told.filter((line) => !line.endsWith(' validates'));
  // Each file must be spoken of: silence would mean that nothing was checked.
  return valid.length === files.length
    ? wrong.slice(0, 5)
    : [`valid: ${valid.length} of ${files.length}`, ...wrong.slice(0, 5)];
}

function write(name: string, contents: readonly Uint8Array[]): string[] {
  mkdirSync(join(folder, name), { recursive: true });
  return contents.map((content, index) => {
    const path = join(folder, name, `${index}.xml`);
    writeFileSync(path, content);
    return path;
  });
}

describe('against the vendor’s schemas', () => {
  given(`every generated package is valid${why}`, async () => {
    const writer = createSevWriter({ channels: [channelIn(folder)], mapping: await shippedMapping() });
    const rendered = fc.sample(anyRequest, 400).map((request) => writer.render(request));
    const docs = write(
      'shipped',
      rendered.map((one) => bytesOf(one, 'DocInfo.xml')),
    );
    const envelopes = write(
      'envelopes',
      rendered.map((one) => one.envelope),
    );
    expect(validate('DocumentInfo.xsd', docs)).toEqual([]);
    expect(validate('Envelop.xsd', envelopes)).toEqual([]);
  });

  given(`every setting of the mapping keeps it valid${why}`, async () => {
    const shipped = parse(readFileSync(SHIPPED_CARD, 'utf8'));
    const everything = stringify({
      ...shipped,
      documentGroup: { name: 'Группа "граждан" & <других>', uid: 'g1' },
      access: { name: 'ДСП', uid: 'a1' },
      consists: '{{filesCount}}',
      cardfile: { as: 'department', name: '{{cabinet.name}}', index: '01' },
      defaultRubric: { name: 'Прочее', uid: 'r1' },
      links: { repeated: { name: 'Повторное', uid: 'l1' }, related: 'Связано' },
      additionalFields: [
        ...shipped.additionalFields,
        { name: 'Срок', type: 'Date', value: '{{answerDate}}' },
        { name: 'Оценка', type: 'Decimal', value: '{{rating}}' },
        { name: 'Всё', value: '{{text}} {{fileNames}} {{customFields}}' },
      ],
      overrides: [
        { when: { region: '14' }, cardfile: { as: 'field', field: 'Картотека', value: '{{cabinet.name}}' } },
        { when: { region: '24' }, cardfile: { as: 'none' }, note: [] },
      ],
    });
    const writer = createSevWriter({
      channels: [channelIn(folder)],
      mapping: parseCardMapping(everything, 'card.yaml'),
    });
    const docs = fc.sample(anyRequest, 200).map((request) => bytesOf(writer.render(request), 'DocInfo.xml'));
    expect(validate('DocumentInfo.xsd', write('everything', docs))).toEqual([]);
  });

  given(`the check itself tells a wrong order of elements${why}`, async () => {
    const writer = createSevWriter({ channels: [channelIn(folder)], mapping: await shippedMapping() });
    const [request] = fc.sample(anyRequest, 1);
    if (request === undefined) throw new Error('no request');
    const good = bytesOf(writer.render(request), 'DocInfo.xml').toString('utf8');
    const bad = good.replace(/<Group>.*?<\/Group>(<Access>.*?<\/Access>)/, '$1<Group>x</Group>');
    expect(bad).not.toBe(good);
    expect(validate('DocumentInfo.xsd', write('bad', [Buffer.from(bad)])).join()).toContain('Group');
  });
});
