import { mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnreadableError, type UnreadableReason } from '../../../src/sed/sev/unreadable.ts';
import { attr, child, children, parseXml, SEV_NAMESPACE, text } from '../../../src/sed/sev/xml.ts';
import { decodeXml, readXmlText } from '../../../src/sed/sev/xml-bytes.ts';
import { esc, registrationReport, SEV } from './messages.ts';

function reasonOf(call: () => unknown): UnreadableReason | 'read' {
  try {
    call();
    return 'read';
  } catch (error) {
    if (error instanceof UnreadableError) return error.reason;
    throw error;
  }
}

async function rejection(promise: Promise<unknown>): Promise<UnreadableReason | 'read'> {
  return await promise.then(
    () => 'read' as const,
    (error: unknown) => {
      if (error instanceof UnreadableError) return error.reason;
      throw error;
    },
  );
}

/** XML 1.0, production 2 (Char). */
function isForbidden(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return (code < 0x20 && code !== 9 && code !== 10 && code !== 13) || code === 0xfffe || code === 0xffff;
}

const parse = (inner: string, attributes = '') =>
  parseXml(`<Report xmlns="${SEV}"${attributes}>${inner}</Report>`);

describe('parseXml: values', () => {
  it('keeps values as text', () => {
    const root = parse('<A n="007"> 007 </A><B>1e5</B><C>true</C><D/>');
    expect([text(root, 'A'), attr(child(root, 'A'), 'n'), text(root, 'B'), text(root, 'C')]).toEqual([
      '007',
      '007',
      '1e5',
      'true',
    ]);
    expect(text(root, 'D')).toBeUndefined();
    expect(text(root, 'absent')).toBeUndefined();
    expect(attr(root, 'absent')).toBeUndefined();
  });

  it('decodes the predefined and the numeric references, once', () => {
    const root = parse('<A a="&quot;&#1071;&apos;">&lt;&amp;lt;&#x42F;&gt;</A>');
    expect(text(root, 'A')).toBe('<&lt;Я>');
    expect(attr(child(root, 'A'), 'a')).toBe(`"Я'`);
  });

  it('joins text around comments and CDATA', () => {
    expect(text(parse('<A>раз<!-- два --><![CDATA[<три>&amp;]]>четыре</A>'), 'A')).toBe(
      'раз<три>&amp;четыре',
    );
  });

  it('takes «<!DOCTYPE» inside CDATA and comments for what it is: text', () => {
    expect(text(parse('<A><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE html>]]></A>'), 'A')).toBe(
      '<!DOCTYPE html>',
    );
  });

  it('replaces what XML 1.0 forbids, bare or by reference', () => {
    const root = parse('<A>а\u0000б&#0;в&#x1;г&#xD800;д&#x110000;е\uffff</A>');
    expect(text(root, 'A')).toBe('а\ufffdб\ufffdв\ufffdг\ufffdд\ufffdе\ufffd');
  });

  it('reads any text back (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (value) => {
        const got = parse(`<A v="${esc(value).replace(/[\t\n\r]/g, ' ')}">${esc(value)}</A>`);
        const safe = [...value.toWellFormed()].map((char) => (isForbidden(char) ? '\ufffd' : char)).join('');
        expect(child(got, 'A')?.text).toBe(safe.replace(/\r\n?/g, '\n'));
      }),
    );
  });

  it('keeps ten thousand references in one text', () => {
    expect(text(parse(`<A>${'&lt;'.repeat(10_000)}</A>`), 'A')).toHaveLength(10_000);
  });
});

describe('parseXml: namespaces', () => {
  it('does not care for prefixes', () => {
    const root = parseXml(`<s:Report xmlns:s="${SEV}"><s:A s:x="no" x="yes"/></s:Report>`);
    expect([root.name, root.namespace, attr(child(root, 'A'), 'x')]).toEqual([
      'Report',
      SEV_NAMESPACE,
      'yes',
    ]);
  });

  it('skips elements of foreign namespaces with all they hold', () => {
    const root = parse('<x:A>foreign<A>inside</A></x:A><A>own</A><B xmlns="urn:other"/>', ' xmlns:x="urn:x"');
    expect(children(root, 'A').map((node) => node.text)).toEqual(['own']);
    expect(root.children).toHaveLength(1);
  });

  it('keeps the extensions apart from the format itself', () => {
    const root = parse('<e:Date>2016</e:Date><Date>2010</Date>', ` xmlns:e="${SEV}/Ext2016"`);
    expect(text(root, 'Date')).toBe('2010');
    expect(text(child(root, 'Date', `${SEV}/Ext2016`))).toBe('2016');
  });

  it('follows a namespace declared anew further in', () => {
    const root = parse(`<A xmlns="urn:x"><s:B xmlns:s="${SEV}"/></A><s:C xmlns:s="${SEV}"><s:D/></s:C>`);
    expect(root.children.map((node) => [node.name, node.children.length])).toEqual([['C', 1]]);
  });

  it('refuses a root of another namespace, without one, or with an undeclared prefix', () => {
    for (const source of ['<Report/>', '<Report xmlns="urn:x"/>', `<y:Report xmlns:s="${SEV}"/>`]) {
      expect(reasonOf(() => parseXml(source))).toBe('not-sev');
    }
  });
});

describe('parseXml: refusals', () => {
  const cases: readonly (readonly [string, UnreadableReason])[] = [
    ['', 'not-well-formed'],
    ['   ', 'not-well-formed'],
    ['просто текст', 'not-well-formed'],
    [`<a xmlns="${SEV}"/>хвост`, 'not-well-formed'],
    [`<a xmlns="${SEV}"/><b/>`, 'not-well-formed'],
    [`<a xmlns="${SEV}"><b></a></b>`, 'not-well-formed'],
    [`</a>`, 'not-well-formed'],
    [`<a xmlns="${SEV}" b=1/>`, 'not-well-formed'],
    [`<a xmlns="${SEV}" b="1" b="2"/>`, 'not-well-formed'],
    [`<a xmlns="${SEV}"><__proto__/></a>`, 'not-well-formed'],
    [`<a xmlns="${SEV}"><!-- `, 'not-well-formed'],
    [`<a xmlns="${SEV}"><!whatever></a>`, 'not-well-formed'],
    [`<!DOCTYPE a><a xmlns="${SEV}"/>`, 'dtd'],
    [`<!doctype a><a xmlns="${SEV}"/>`, 'dtd'],
    [`<a xmlns="${SEV}"><!ENTITY x "y"></a>`, 'dtd'],
    [`<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a xmlns="${SEV}"/>`, 'dtd'],
  ];
  it.each(cases)('%s', (source, reason) => {
    expect(reasonOf(() => parseXml(source))).toBe(reason);
  });

  it('a billion laughs', () => {
    const entities = Array.from({ length: 10 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`);
    const source = `<!DOCTYPE r [<!ENTITY l0 "ха">${entities.join('')}]><r xmlns="${SEV}">&l10;</r>`;
    expect(reasonOf(() => parseXml(source))).toBe('dtd');
  });

  it('depth: 100 levels are read, 101 and a million are not', () => {
    const nested = (levels: number) =>
      `<a xmlns="${SEV}">${'<b>'.repeat(levels - 1)}${'</b>'.repeat(levels - 1)}</a>`;
    expect(parseXml(nested(100)).name).toBe('a');
    for (const levels of [101, 1_000, 1_000_000]) {
      expect(reasonOf(() => parseXml(nested(levels)))).toBe('too-deep');
    }
  });

  it('a small file of very many elements or attributes', () => {
    expect(reasonOf(() => parse('<a/>'.repeat(300_000)))).toBe('too-large');
    const many = Array.from({ length: 300_000 }, (_, i) => ` a${i}=""`).join('');
    expect(reasonOf(() => parse('', many))).toBe('too-large');
  });

  it('takes time in proportion to the length', () => {
    const traps = [
      '<!-- -->',
      '<![CDATA[x]]>',
      '<?x y?>',
      '&lt;',
      '&',
      '<',
      '"',
      ' ',
      'x\n',
      '<a ',
      '<a b="',
      ']]',
      '<!--',
    ];
    for (const trap of traps) {
      const started = performance.now();
      reasonOf(() => parse(trap.repeat(1_000_000 / trap.length)));
      // Quadratic work on a megabyte takes minutes; a loaded machine is allowed much.
      expect(performance.now() - started).toBeLessThan(10_000);
    }
  });

  it('no cut of a valid report is read (every length)', () => {
    const whole = registrationReport();
    expect(parseXml(whole.slice(1)).name).toBe('Report');
    for (let length = 0; length < whole.length - 1; length += 1) {
      expect(reasonOf(() => parseXml(whole.slice(1, 1 + length)))).toBe('not-well-formed');
    }
  });
});

describe('decodeXml', () => {
  it('reads UTF-8 with and without a byte-order mark, UTF-16 with one, and what is declared', () => {
    const source = '<?xml version="1.0" encoding="utf-8"?><a>Ответ</a>';
    expect(decodeXml(Buffer.from(source))).toBe(source);
    expect(decodeXml(Buffer.from(`\ufeff${source}`))).toBe(source);
    expect(decodeXml(Buffer.from(`\ufeff${source}`, 'utf16le'))).toBe(source);
    expect(decodeXml(Buffer.from(`\ufeff${source}`, 'utf16le').swap16())).toBe(source);
    const cp1251 = Buffer.concat([
      Buffer.from(`<?xml version='1.0' encoding = 'windows-1251'?><a>`, 'latin1'),
      Buffer.from([0xce, 0xf2, 0xe2, 0xe5, 0xf2]),
      Buffer.from('</a>', 'latin1'),
    ]);
    expect(decodeXml(cp1251)).toContain('<a>Ответ</a>');
  });

  it('refuses wrong bytes and unknown encodings', () => {
    expect(reasonOf(() => decodeXml(Buffer.from([0x3c, 0x61, 0xd0])))).toBe('encoding');
    expect(reasonOf(() => decodeXml(Buffer.from('<?xml version="1.0" encoding="klingon"?><a/>')))).toBe(
      'encoding',
    );
  });
});

describe('readXmlText', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sev-xml-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses 100 MB by its size, without reading it', async () => {
    const path = join(folder, 'big.xml');
    const handle = await open(path, 'w');
    await handle.truncate(100 * 1024 * 1024);
    await handle.close();
    const before = process.memoryUsage();
    for (let round = 0; round < 20; round += 1) {
      expect(await rejection(readXmlText(path, 20 * 1024 * 1024))).toBe('too-large');
    }
    const after = process.memoryUsage();
    expect(after.rss + after.external - before.rss - before.external).toBeLessThan(50 * 1024 * 1024);
  });

  it('refuses links and folders', async () => {
    await writeFile(join(folder, 'real.xml'), '<a/>');
    await symlink(join(folder, 'real.xml'), join(folder, 'link.xml'));
    expect(await readXmlText(join(folder, 'real.xml'), 10)).toBe('<a/>');
    expect(await rejection(readXmlText(join(folder, 'link.xml'), 10))).toBe('not-a-file');
    expect(await rejection(readXmlText(folder, 1_000_000))).toBe('not-a-file');
  });
});
