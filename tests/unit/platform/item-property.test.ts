import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Appeal } from '../../../src/model/appeal.ts';
import { createItemReader, parseRawItem } from '../../../src/platform/rest/item.ts';
import { EXPECTED } from '../../../src/platform/rest/item-schema.ts';
import { parseJson } from '../../../src/platform/rest/json.ts';
import { anyText, mapping, wireItem } from './support.ts';

const ZONE = 'Europe/Moscow';
const read = createItemReader(mapping);
const KEYS = Object.keys(
  wireItem({ repeatOf: 1, rating: 1, ratingComment: 'x', withdrawnReason: 'x', coordinationAt: 'x' }),
);

/** Text with everything in it that breaks stores and XML. */
const nasty = fc.string({
  unit: fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '\u0000',
        '\uD800',
        '\uDFFF',
        '\uFFFE',
        '\u000B',
        ']]>',
        '<',
        '&',
        '\r\n',
        '😀',
      ),
    },
  ),
});
const value = fc.oneof(
  nasty,
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, '', '55,7', '2026-03-01T10:00:00+03:00', 1e308, -0, 2 ** 53, true, [], {}),
);
/** A real item with some fields replaced by anything. */
const mangled = fc
  .dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 4 })
  .map((changes) => wireItem({ changeId: undefined, ...changes }));

/** Every text of an appeal, with its path. */
function* texts(node: unknown): Generator<string> {
  if (typeof node === 'string') yield node;
  else if (typeof node === 'object' && node !== null && !(node instanceof Date)) {
    for (const child of Object.values(node)) yield* texts(child);
  }
}

/** XML 1.0, production [2] Char, in the numbers of the standard. */
function isXmlChar(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x9 || code === 0xa || code === 0xd) return true;
  return (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

function expectSound(appeal: Appeal): void {
  expect(appeal.posId).toMatch(/^\d{1,20}$/);
  expect(appeal.changeIdentity).not.toBe('');
  expect([...texts(appeal)].filter((text) => ![...text].every(isXmlChar))).toEqual([]);
  const times = [appeal.createdAt, appeal.receivedAt, appeal.answerAt, appeal.coordinationAt];
  expect(times.filter((time) => time !== undefined && Number.isNaN(time.getTime()))).toEqual([]);
}

describe('the border for items', () => {
  it('never throws and lets only sound items through, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(mangled, fc.jsonValue(), value), (element) => {
        const item = read(element, ZONE);
        expect(item.raw.isWellFormed()).toBe(true);
        expect(item.raw).not.toContain('\u0000');
        if (item.ok) expectSound(item.appeal);
        else expect(item.issues.length).toBeGreaterThan(0);
      }),
      { numRuns: 600 },
    );
  });

  it('faults never quote a value', () => {
    const known = new Set<string>(Object.values(EXPECTED));
    fc.assert(
      fc.property(mangled, (element) => {
        const item = read(element, ZONE);
        if (item.ok) return;
        for (const issue of item.issues) {
          const [, path, expected] = /^([\w.]+|\([а-яё ]+\)): (.*)$/u.exec(issue) ?? [];
          expect(path).toBeDefined();
          expect(known.has(expected ?? '')).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reads its own raw text as the same item', () => {
    fc.assert(
      fc.property(fc.oneof(mangled, fc.jsonValue()), (element) => {
        // A page's own way in, which leaves no integer that has lost digits.
        const item = read(parseJson(JSON.stringify(element)), ZONE);
        expect(parseRawItem(mapping, item.raw, ZONE)).toEqual(item);
      }),
      { numRuns: 300 },
    );
  });

  it('takes any text at all as a raw item', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.json()), (raw) => {
        const item = parseRawItem(mapping, raw, ZONE);
        expect(item.raw).toBe(raw);
        if (item.ok) expectSound(item.appeal);
      }),
    );
  });

  it('every text that passes stands in an XML document and comes back', () => {
    const parser = new XMLParser({ trimValues: false, parseTagValue: false });
    fc.assert(
      fc.property(nasty, (description) => {
        const item = read(wireItem({ description }), ZONE);
        if (!item.ok) throw new Error('a text is always fit');
        const text = item.appeal.description
          .replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll('>', '&gt;');
        const xml = `<a>x${text.replaceAll('\r', '&#13;')}</a>`;
        expect(XMLValidator.validate(xml)).toBe(true);
        expect(String(parser.parse(xml).a).length).toBeGreaterThan(0);
      }),
    );
  });
});
