import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutAtWord } from '../../../src/text/cut.ts';

describe('cutAtWord', () => {
  it.each([
    ['короткий', 20, 'короткий'],
    ['ровно', 5, 'ровно'],
    ['один два три', 9, 'один два'],
    ['один два три', 8, 'один два'],
    ['один два три', 10, 'один два'],
    ['один\nдва', 6, 'один'],
    ['слово  два', 6, 'слово'],
    ['длинноеслово', 5, 'длинн'],
    ['а длинноеслово', 6, 'а длин'],
  ])('%j to %i gives %j', (text, limit, expected) => {
    expect(cutAtWord(text, limit)).toBe(expected);
  });

  it('never cuts inside a code point', () => {
    expect(cutAtWord('ааа😀😀', 4)).toBe('ааа');
    expect(cutAtWord('😀😀😀', 3)).toBe('😀');
  });

  it('gives a prefix within the limit, well-formed, and loses no more than half of it', () => {
    const texts = fc.string({ unit: fc.constantFrom('а', 'б', ' ', '\n', '😀', 'é'), maxLength: 60 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, limit) => {
        const cut = cutAtWord(text, limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(true);
        if (text.length <= limit) expect(cut).toBe(text);
        else expect(text.slice(cut.length, Math.floor(limit / 2) - 1).trim()).toBe('');
      }),
      { numRuns: 500 },
    );
  });
});
