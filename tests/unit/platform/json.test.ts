import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, itemHash, parseJson, toJson } from '../../../src/platform/rest/json.ts';

describe('parseJson', () => {
  it.each<[string, unknown]>([
    ['{"posId":9007199254740993}', { posId: '9007199254740993' }],
    ['{"posId": 12345678901234567890}', { posId: '12345678901234567890' }],
    ['[9007199254740993,1]', ['9007199254740993', 1]],
    ['9007199254740993', '9007199254740993'],
    ['{"posId":-9007199254740993}', { posId: '-9007199254740993' }],
    ['{"posId":9007199254740991}', { posId: 9007199254740991 }],
    ['{"x":1234567890123456.5}', { x: 1234567890123456.5 }],
    ['{"x":55.75393030000000123}', { x: 55.7539303 }],
    ['{"text":"счёт: 40817810099910004312, 1","n":1}', { text: 'счёт: 40817810099910004312, 1', n: 1 }],
  ])('%s', (text, expected) => {
    expect(parseJson(text)).toEqual(expected);
  });

  it.each(['', '{', '<html>', '{"a":1}x', 'undefined', '[9007199254740993'])('refuses «%s»', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('reads what JSON.parse reads, long integers aside', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}/.test(text));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('keeps the digits of any integer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (n) => {
        const { v } = parseJson(`{"v":${n}}`) as { v: number | string };
        expect(String(v)).toBe(String(n));
      }),
    );
  });

  it('survives nesting beyond the stack, long numbers inside', () => {
    const deep = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`;
    expect(Array.isArray(parseJson(deep))).toBe(true);
  });
});

describe('toJson', () => {
  it('escapes what PostgreSQL refuses in text', () => {
    const text = toJson({ a: '\u0000', b: '\uD800' });
    expect(text).toBe('{"a":"\\u0000","b":"\\ud800"}');
    expect(JSON.parse(text)).toEqual({ a: '\u0000', b: '\uD800' });
  });

  it('writes a value nested beyond the stack as JSON.stringify would', () => {
    const depth = 20_000;
    const text = `${'{"a":['.repeat(depth)}1,"\\u0000",null,{}${']}'.repeat(depth)}`;
    expect(toJson(JSON.parse(text))).toBe(text);
  });

  it('has a text for undefined', () => {
    expect(toJson(undefined)).toBe('null');
  });
});

describe('identity of an item without changeId', () => {
  it('does not change with the order of fields, nulls, or a bare one-element list', () => {
    const a = { posId: 1, list: [{ x: 1, y: null }], gone: null };
    const b = { list: { x: 1 }, posId: 1 };
    expect(canonicalJson(a)).toBe(canonicalJson(b));
    expect(itemHash(a, '')).toBe(itemHash(b, ''));
    expect(itemHash(a, '')).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('changes with any value', () => {
    expect(itemHash({ a: 1 }, '')).not.toBe(itemHash({ a: 2 }, ''));
    expect(itemHash({ a: '1' }, '')).not.toBe(itemHash({ a: 1 }, ''));
    expect(itemHash({ a: [1, 2] }, '')).not.toBe(itemHash({ a: [2, 1] }, ''));
    expect(itemHash({ a: { b: 1 } }, '')).not.toBe(itemHash({ a: 1, b: 1 }, ''));
  });

  it('is the same after a trip through its own text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(itemHash(JSON.parse(toJson(value)), '')).toBe(itemHash(value, ''));
      }),
    );
  });

  it('falls back to the text for a value nested too deep', () => {
    const text = `${'[1,'.repeat(50_000)}2${']'.repeat(50_000)}`;
    expect(itemHash(JSON.parse(text), text)).toBe(itemHash(JSON.parse(text), text));
    expect(itemHash(JSON.parse(text), text)).not.toBe(itemHash(JSON.parse(text), `${text} `));
  });
});
