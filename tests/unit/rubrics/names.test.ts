import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  cleanName,
  LONGEST_TEXT,
  nameKey,
  parsePath,
  pathKey,
  pathText,
} from '../../../src/rubrics/names.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('cleanName', () => {
  it.each([
    ['  Ямы \n и\tвыбоины\u00A0 ', 'Ямы и выбоины'],
    ['Ямы\u0000\u200B', 'Ямы'],
    ['\uD800', '\uFFFD'],
    ['\uFEFFДороги', 'Дороги'],
    ['   ', ''],
  ])('%j is %j', (text, expected) => {
    expect(cleanName(text)).toBe(expected);
  });

  it('is stored as it is: well-formed, without control characters, not too long, and cleaned once for all', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanName(text);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/\p{Cc}/u);
        expect(cleanName(clean)).toBe(clean);
      }),
    );
    expect(cleanName('я'.repeat(5000))).toHaveLength(LONGEST_TEXT);
  });

  it('cuts no character in two', () => {
    const long = `${'я'.repeat(LONGEST_TEXT - 1)}🚧`;
    expect(cleanName(long).isWellFormed()).toBe(true);
  });
});

describe('nameKey', () => {
  it.each([
    ['МФЦ «Мои документы»', 'мфц "мои документы"'],
    ['Ёлки – палки', 'елки - палки'],
  ])('%s is the same name as %s', (one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  it('of a key is itself', () => {
    fc.assert(fc.property(anyText, (text) => expect(nameKey(nameKey(text))).toBe(nameKey(text))));
  });
});

describe('paths', () => {
  it.each([
    ['Дороги / Ямы', { subject: 'Дороги', subsubject: 'Ямы' }],
    ['Дороги', { subject: 'Дороги' }],
    ['Колледж/техникум / Приём', { subject: 'Колледж/техникум', subsubject: 'Приём' }],
    ['Дороги / Ямы / Большие', { subject: 'Дороги', subsubject: 'Ямы / Большие' }],
    [' Дороги / ', { subject: 'Дороги /' }],
  ])('%s', (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  it('read back what they show', () => {
    const name = fc.constantFrom('Дороги', 'Ямы, выбоины', 'МФЦ "Мои документы"', 'а/б');
    fc.assert(
      fc.property(name, fc.option(name, { nil: undefined }), (subject, subsubject) => {
        const path = { subject, ...(subsubject === undefined ? {} : { subsubject }) };
        expect(parsePath(pathText(path))).toEqual(path);
        expect(pathKey(parsePath(pathText(path)))).toBe(pathKey(path));
      }),
    );
  });
});
