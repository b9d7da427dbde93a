import { afterEach, describe, expect, it } from '@jest/globals';
import { attribute, child } from '../../simulators/delo/sev/parse.ts';
import { el, textEl } from '../../simulators/delo/sev/xml.ts';
import { type DocumentSpec, docInfo, documentSpec, envelope, put, send } from './partner.ts';
import { closeSites, notification, openSite, repliesIn, type Site } from './site.ts';

afterEach(closeSites);

function codes(site: Site): string[] {
  return [...new Set(site.delo.complaints.map(({ code }) => code))].sort();
}

async function failures(site: Site): Promise<(string | undefined)[]> {
  const replies = await repliesIn(site.in);
  return replies
    .filter(({ type }) => type === 'Failure')
    .map((reply) => attribute(child(notification(reply), 'Failure'), 'Code'));
}

/** Sends a document whose XML a test has broken. */
async function sendBroken(
  site: Site,
  breakXml: (xml: string) => string,
  changes: Partial<DocumentSpec> = {},
) {
  const spec = documentSpec(changes);
  const content = Buffer.from(breakXml(docInfo(spec).toString('utf8')), 'utf8');
  await put(site.out, spec.messageDir, [...spec.files, { name: 'DocInfo.xml', content }]);
  await site.delo.idle();
}

const FILE = { name: 'Письмо.txt', content: Buffer.alloc(1025, 'a') };

describe('what came is checked strictly', () => {
  it('has nothing to say about a good message', async () => {
    const site = await openSite();
    await send(site.out, { files: [FILE, { name: 'Пустой.txt', content: Buffer.alloc(0) }] });
    await site.delo.idle();
    expect(site.delo.complaints).toEqual([]);
  });

  it('refuses a document without an author with code 39, as real ДЕЛО does', async () => {
    const site = await openSite();
    await send(site.out, { author: undefined });
    await site.delo.idle();
    expect(await failures(site)).toEqual(['39']);
    expect(codes(site)).toEqual(['refused-39']);
    expect(site.delo.cards()).toEqual([]);
    expect(site.delo.refused).toEqual([expect.objectContaining({ code: 39, posId: '374299901' })]);
  });

  it('refuses an author without a name with code 39 too', async () => {
    const site = await openSite();
    await send(site.out, { author: el('Author', {}, el('PrivatePerson', {}, el('FIO', {}))) });
    await site.delo.idle();
    expect(await failures(site)).toEqual(['39']);
  });

  const formatFaults: readonly [string, (xml: string) => string, readonly string[]][] = [
    ['a missing required attribute', (xml) => xml.replace(/ Version="1\.0" Time/, ' Time'), ['xsd']],
    ['an unknown attribute', (xml) => xml.replace('<DocumentList', '<DocumentList Big="1"'), ['xsd']],
    ['an unknown element', (xml) => xml.replace('<Annotation>', '<Extra>1</Extra><Annotation>'), ['xsd']],
    [
      'elements out of their order',
      (xml) => xml.replace(/(<Annotation>.*<\/Annotation>)(<Rubric.*<\/Rubric>)/s, '$2$1'),
      ['xsd'],
    ],
    ['a date that is none', (xml) => xml.replace('2026-01-27<', '27.01.2026<'), ['xsd']],
    [
      'a flag that is none',
      (xml) => xml.replace('MainDocument="true"', 'MainDocument="да"'),
      ['main-document', 'xsd'],
    ],
    ['an unknown type of document', (xml) => xml.replace('Type="Created"', 'Type="Letter"'), ['xsd']],
    [
      'a message type of reports',
      (xml) => xml.replace('MessageType="MainDoc"', 'MessageType="Reception"'),
      ['message-type'],
    ],
  ];

  it.each(formatFaults)('complains of %s', async (_what, breakXml, expected) => {
    const site = await openSite();
    await sendBroken(site, breakXml);
    expect(codes(site).filter((code) => !code.startsWith('refused'))).toEqual([...expected].sort());
    expect(site.delo.cards()).toEqual([]);
  });

  it('answers a message of a wrong format with a Failure of group 1', async () => {
    const site = await openSite();
    await sendBroken(site, (xml) => xml.replace('Type="Created"', 'Type="Letter"'));
    expect(await failures(site)).toEqual(['11']);
  });

  it('refuses a foreign namespace', async () => {
    const site = await openSite();
    await send(site.out, { namespace: 'http://www.eos.ru/2010/other' });
    await site.delo.idle();
    expect(codes(site)).toEqual(expect.arrayContaining(['namespace', 'xsd']));
    expect(site.delo.cards()).toEqual([]);
  });

  it('refuses a document without its number', async () => {
    const site = await openSite();
    await send(site.out, { posId: '' });
    await site.delo.idle();
    expect(await failures(site)).toEqual(['38']);
  });

  it('wants the byte-order mark, but takes the document all the same', async () => {
    const site = await openSite();
    await sendBroken(site, (xml) => xml.replace('\uFEFF', ''));
    expect(codes(site)).toEqual(['bom']);
    expect(site.delo.cards()).toHaveLength(1);
  });

  const unreadable: readonly [string, (xml: string) => string][] = [
    ['cut short', (xml) => xml.slice(0, -20)],
    ['not XML at all', () => 'привет'],
    ['empty', () => ''],
    ['with a DTD', (xml) => xml.replace('?>', '?><!DOCTYPE DocInfo>')],
    ['with junk behind the root', (xml) => `${xml}junk`],
    [
      'nested a hundred levels deep',
      (xml) => xml.replace('</DocInfo>', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}</DocInfo>`),
    ],
  ];

  it.each(unreadable)('complains of a message that is %s', async (_what, breakXml) => {
    const site = await openSite();
    await sendBroken(site, breakXml);
    expect(codes(site)).toContain('xml');
    expect(site.delo.cards()).toEqual([]);
    expect(site.delo.counters.taken).toBe(1);
  });
});

describe('resources agree with the folder', () => {
  it('complains of a wrong size in kilobytes', async () => {
    const site = await openSite();
    await send(site.out, { files: [{ ...FILE, sizeKb: 1 }] });
    await site.delo.idle();
    expect(codes(site)).toEqual(['file-size']);
  });

  it('refuses a message whose listed file is not there', async () => {
    const site = await openSite();
    const spec = documentSpec({ files: [FILE] });
    await put(site.out, spec.messageDir, [{ name: 'DocInfo.xml', content: docInfo(spec) }]);
    await site.delo.idle();
    expect(codes(site)).toEqual(['refused-14', 'resource-missing']);
    expect(await failures(site)).toEqual(['14']);
  });

  it('complains of a file that nobody listed', async () => {
    const site = await openSite();
    const spec = documentSpec();
    await put(site.out, spec.messageDir, [{ name: 'DocInfo.xml', content: docInfo(spec) }, FILE]);
    await site.delo.idle();
    expect(codes(site)).toEqual(['resource-extra']);
  });

  it('complains of a File that points at no resource, and of a resource that no File uses', async () => {
    const site = await openSite();
    await sendBroken(site, (xml) => xml.replace('File ResourceID="1"', 'File ResourceID="7"'), {
      files: [FILE],
    });
    expect(codes(site)).toEqual(['file-resource', 'refused-14', 'resource-unused']);
  });

  it('complains of a repeated resource and of a header that points elsewhere', async () => {
    const site = await openSite();
    await sendBroken(site, (xml) =>
      xml
        .replace('</ResourceList>', '<Resource UID="0" UniqueName="DocInfo.xml"/></ResourceList>')
        .replace(/ResourceID="0"/, 'ResourceID="5"'),
    );
    expect(codes(site)).toEqual(['resource-header', 'resource-name', 'resource-uid', 'resource-unused']);
  });

  it('complains of a link to a document that the message does not hold', async () => {
    const site = await openSite();
    await send(site.out, { link: { uid: 'aa', number: '1', target: '99' } });
    await site.delo.idle();
    expect(codes(site)).toEqual(['link']);
  });

  it('complains of a folder with neither DocInfo nor Report', async () => {
    const site = await openSite();
    await put(site.out, 'empty', [FILE]);
    await site.delo.idle();
    expect(codes(site)).toEqual(['no-message']);
  });
});

describe('the envelope', () => {
  const faults: readonly [string, (xml: string) => string, readonly string[]][] = [
    ['without a byte-order mark', (xml) => xml.replace('\uFEFF', ''), ['envelope-bom']],
    ['without an address', (xml) => xml.replace(/<Address>.*<\/Address>/, ''), ['envelope-field']],
    ['with a namespace', (xml) => xml.replace('<Envelop ', '<Envelop xmlns="urn:x" '), ['envelope-xsd']],
  ];

  it.each(faults)('%s is a complaint, the message is taken', async (_what, breakXml, expected) => {
    const site = await openSite();
    const spec = documentSpec();
    const bytes = Buffer.from(breakXml(envelope(spec.messageDir).toString('utf8')), 'utf8');
    await put(site.out, spec.messageDir, [{ name: 'DocInfo.xml', content: docInfo(spec) }], bytes);
    await site.delo.idle();
    expect(codes(site)).toEqual(expected);
    expect(site.delo.cards()).toHaveLength(1);
  });

  it('never leads out of the folder', async () => {
    const site = await openSite();
    await put(site.out, 'trap', [], envelope('../in'));
    await site.delo.idle();
    expect(codes(site)).toEqual(['envelope-dir', 'no-message']);
    expect(await repliesIn(site.in)).toEqual([]);
  });

  it('that is no XML is taken away with a complaint', async () => {
    const site = await openSite();
    await put(site.out, 'bad', [], Buffer.from('нет'));
    await site.delo.idle();
    expect(codes(site)).toEqual(['envelope-bom', 'envelope-xml', 'no-message']);
  });

  it('must be named after the folder', async () => {
    const site = await openSite();
    const spec = await send(site.out);
    await site.delo.idle();
    await put(site.out, 'other', [], envelope(spec.messageDir));
    const again = documentSpec();
    await put(site.out, again.messageDir, [{ name: 'DocInfo.xml', content: docInfo(again) }]);
    await site.delo.idle();
    // The folder it names is gone: it is a stray, taken off later without a complaint.
    expect(site.delo.complaints).toEqual([]);
    expect(site.delo.counters.strayEnvelopes).toBe(1);
  });

  it('texts that hold markup stay text', async () => {
    const site = await openSite();
    await send(site.out, { annotation: ']]> <b>&amp;</b> "кавычки"', note: textEl('x', '1') });
    await site.delo.idle();
    expect(site.delo.cards()[0]).toMatchObject({
      annotation: ']]> <b>&amp;</b> "кавычки"',
      note: '<x>1</x>',
    });
  });
});
