import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitting, pretty, prettyJson, prettyXml } from '../../../../src/console/pages/appeals/pretty.ts';
import { escapeHtml } from '../../../../src/console/web/html.ts';

/** What must not change: everything but white space between tags and around texts. */
const substance = (xml: string) => xml.replaceAll(/\s+/g, '');

describe('pretty XML', () => {
  it('puts an element a line and leaves a lone text in its element', () => {
    const raw = '<?xml version="1.0"?><a x="1>2"><b>текст</b><c/><!-- д --><d><e>1</e></d></a>';
    expect(prettyXml(raw)).toBe(
      [
        '<?xml version="1.0"?>',
        '<a x="1>2">',
        '  <b>текст</b>',
        '  <c/>',
        '  <!-- д -->',
        '  <d>',
        '    <e>1</e>',
        '  </d>',
        '</a>',
      ].join('\n'),
    );
  });

  it('keeps CDATA whole', () => {
    expect(prettyXml('<a><![CDATA[<b> & </b>]]></a>')).toBe('<a>\n  <![CDATA[<b> & </b>]]>\n</a>');
  });

  it('loses and adds nothing, whatever text it is given', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<a>',
        '</a>',
        '<b x="<>">',
        '</b>',
        '<c/>',
        '<!--',
        '-->',
        '<![CDATA[',
        ']]>',
        '<?x',
        '?>',
        '<',
        '>',
        '"',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const raw = pieces.join('');
        expect(substance(prettyXml(raw))).toBe(substance(raw));
      }),
      { numRuns: 500 },
    );
  });

  it('goes a hundred thousand levels down without falling', () => {
    const deep = '<a>'.repeat(100_000);
    expect(substance(prettyXml(deep))).toBe(deep);
  });

  it('takes time that grows with the text, unclosed comments, quotes and all', () => {
    for (const part of ['<!--', '<![CDATA[', '<?', '<a "', "<a '", '<a b="', '<']) {
      const began = performance.now();
      prettyXml(part.repeat(20_000));
      expect(performance.now() - began).toBeLessThan(3000);
    }
  });
});

describe('pretty JSON', () => {
  it('says the same with indents', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(prettyJson(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each(['{', '[1,', 'не JSON', ''])('leaves «%s» as it is', (raw) => {
    expect(prettyJson(raw)).toBe(raw);
  });
});

describe('by its beginning', () => {
  it.each([
    ['\uFEFF <a><b/></a>', '<a>\n  <b/>\n</a>'],
    [' {"a":1}', '{\n  "a": 1\n}'],
    ['[1]', '[\n  1\n]'],
    ['[MAIN]\nkey=1', '[MAIN]\nkey=1'],
    ['просто текст', 'просто текст'],
  ])('%s', (raw, shown) => {
    expect(pretty(raw)).toBe(shown);
  });
});

describe('a text that is too heavy', () => {
  it('is cut to what it may weigh as markup, and stays well-formed', () => {
    const heavy = fc.string({ unit: fc.constantFrom('<', '&', 'я', 'a', '😀', '"'), maxLength: 400 });
    fc.assert(
      fc.property(heavy, fc.integer({ min: 8, max: 600 }), (text, bytes) => {
        const shown = fitting(text, bytes);
        expect(Buffer.byteLength(escapeHtml(shown))).toBeLessThanOrEqual(bytes + 3);
        expect(shown.isWellFormed()).toBe(true);
        if (Buffer.byteLength(escapeHtml(text)) <= bytes) expect(shown).toBe(text);
      }),
    );
  });
});
