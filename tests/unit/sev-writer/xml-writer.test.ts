import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseStringPromise } from 'xml2js';
import { element, leaf, NOTHING, optional, text, xmlFile, xmlSafe } from '../../../src/sed/sev/xml-writer.ts';

const NASTY = fc.string({
  unit: fc.constantFrom(
    '<',
    '>',
    '&',
    '"',
    "'",
    ']]>',
    '&amp;',
    '<!--',
    '\n',
    '\t',
    ' ',
    '😀',
    'ё',
    'a',
    '\u0001',
    '\ud800',
    '\ufffe',
    '\u2028',
  ),
  maxLength: 40,
});

async function readBack(xml: Uint8Array): Promise<{ $?: { a: string }; _?: string }> {
  const parsed = await parseStringPromise(Buffer.from(xml).toString('utf8').slice(1), {
    explicitCharkey: true,
    includeWhiteChars: true,
  });
  return parsed.r;
}

// xml2js drops text that is only white space, so every text stands between two bars.

/** What may arrive of a text at best: XML 1.0 has no place for some characters. */
function carried(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 forbids
  return value.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}

describe('what is written is read back', () => {
  it('as text', async () => {
    await fc.assert(
      fc.asyncProperty(NASTY, async (value) => {
        const read = await readBack(xmlFile(leaf('r', `|${value}|`, { a: 'x' })));
        expect(read._).toBe(`|${carried(value)}|`);
      }),
      { numRuns: 300 },
    );
  });

  it('as an attribute, white space too', async () => {
    await fc.assert(
      fc.asyncProperty(NASTY, async (value) => {
        const read = await readBack(xmlFile(element('r', { a: value })));
        expect(read.$?.a).toBe(carried(value));
      }),
      { numRuns: 300 },
    );
  });

  it('as text of any characters at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (value) => {
        const read = await readBack(xmlFile(leaf('r', `|${value}|`, { a: 'x' })));
        expect(read._).toBe(`|${carried(value).replace(/\r\n?/g, '\n')}|`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('pieces', () => {
  it('closes what is empty and leaves out undefined attributes', () => {
    expect(element('A', { x: 1, y: undefined, z: false })).toBe('<A x="1" z="false"/>');
    expect(leaf('A', '')).toBe('<A/>');
  });

  it('escapes every «>», so that «]]>» never stands in text', () => {
    expect(text('a]]>b')).toBe('a]]&gt;b');
  });

  it('makes CRLF and CR one line end', () => {
    expect(text('a\r\nb\rc\n')).toBe('a\nb\nc\n');
  });

  it('writes nothing for an absent or empty optional', () => {
    expect([optional('A', undefined), optional('A', '')]).toEqual([NOTHING, NOTHING]);
    expect(optional('A', '0', { Type: 'e' })).toBe('<A Type="e">0</A>');
  });

  it('begins a file with one byte-order mark and a declaration', () => {
    const bytes = Buffer.from(xmlFile(element('r', {})));
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(bytes.subarray(3).toString()).toBe('<?xml version="1.0" encoding="utf-8"?>\n<r/>');
  });

  it('leaves well-formed text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(xmlSafe(value)).toBe(carried(value));
      }),
    );
  });
});
