import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRubricCode, levelOf, lineage, normalCode, parentOf, stemOf } from '../../../src/rubrics/codes.ts';
import { shippedRubrics } from './support.ts';

const group = fc.integer({ min: 1, max: 9999 }).map((n) => String(n).padStart(4, '0'));
/** Any code of any level. */
const code = fc.array(group, { minLength: 1, maxLength: 5 }).map((groups) => {
  const filled = [...groups];
  while (filled.length < 4) filled.push('0000');
  return filled.join('.');
});

describe('normalCode', () => {
  it.each([
    ['0003.0009.0099.0742', '0003.0009.0099.0742'],
    [' 0003.0009.0099.0742 ', '0003.0009.0099.0742'],
    ['0003.0009.0099.0742.0000', '0003.0009.0099.0742'],
    ['0003.0009.0099.0742.0110', '0003.0009.0099.0742.0110'],
    ['0003.0009.0099.0742.0110.', '0003.0009.0099.0742.0110'],
    ['0003.0009', '0003.0009.0000.0000'],
    ['0003', '0003.0000.0000.0000'],
  ])('%s is %s', (text, expected) => {
    expect(normalCode(text)).toBe(expected);
  });

  it.each([
    '',
    '3.9.99.742',
    '0003-0009-0099-0742',
    '0000.0000.0000.0000',
    '0003.0009.0099.0742.0110.0001',
    'abc',
    '0003..0009.0099',
  ])('«%s» is no code', (text) => {
    expect(normalCode(text)).toBeUndefined();
  });

  it('leaves a code as it is, and its result is always one', () => {
    fc.assert(fc.property(code, (text) => expect(normalCode(text)).toBe(text)));
    fc.assert(
      fc.property(fc.string(), (text) => {
        const normal = normalCode(text);
        expect(normal === undefined || (isRubricCode(normal) && normalCode(normal) === normal)).toBe(true);
      }),
    );
  });
});

describe('levels', () => {
  it.each([
    ['0001.0000.0000.0000', 1],
    ['0001.0002.0000.0000', 2],
    ['0001.0002.0027.0000', 3],
    ['0001.0002.0027.0122', 4],
    ['0002.0013.0139.0325.0031', 5],
  ] as const)('%s is of level %i', (text, level) => {
    expect(levelOf(text)).toBe(level);
  });

  it('agree with the levels and parents of the shipped classifier', () => {
    const rubrics = shippedRubrics();
    const codes = new Set(rubrics.map((rubric) => rubric.code));
    expect(rubrics).toHaveLength(2108);
    for (const rubric of rubrics) {
      const parent = parentOf(rubric.code);
      expect(parent === undefined ? rubric.level : codes.has(parent)).toBe(parent === undefined ? 1 : true);
    }
  });

  it('a parent is one level higher, and its stem begins the code', () => {
    fc.assert(
      fc.property(code, (text) => {
        const parent = parentOf(text);
        if (parent === undefined) return expect(levelOf(text)).toBe(1);
        expect(levelOf(parent)).toBeLessThan(levelOf(text));
        expect(text.startsWith(`${stemOf(parent)}.`)).toBe(true);
      }),
    );
  });
});

describe('lineage', () => {
  it('goes from the question to its section', () => {
    expect(lineage('0003.0009.0099.0742.0110')).toEqual([
      '0003.0009.0099.0742.0110',
      '0003.0009.0099.0742',
      '0003.0009.0099.0000',
      '0003.0009.0000.0000',
      '0003.0000.0000.0000',
    ]);
  });

  it('has as many codes as the level, all different', () => {
    fc.assert(
      fc.property(code, (text) => {
        const line = lineage(text);
        expect(line).toHaveLength(levelOf(text));
        expect(new Set(line).size).toBe(line.length);
      }),
    );
  });
});
