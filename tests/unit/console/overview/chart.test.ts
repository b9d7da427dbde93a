import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { barChart, rowChart } from '../../../../src/console/pages/overview/chart.ts';

const bars = fc.array(
  fc.record({
    label: fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    value: fc.oneof(fc.constant(0), fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })),
    text: fc.string({ unit: 'grapheme-ascii', maxLength: 10 }),
  }),
  { maxLength: 40 },
);

describe.each([
  ['upright bars', barChart],
  ['lying bars', rowChart],
])('%s', (_name, chart) => {
  it('are whole SVG within their picture, whatever is drawn', () => {
    fc.assert(
      fc.property(bars, fc.string({ unit: 'grapheme-ascii' }), (given, summary) => {
        const { markup } = chart({ summary, id: 'c', bars: given });
        expect(XMLValidator.validate(markup)).toBe(true);
        expect(markup).not.toMatch(/="[^"]*(NaN|Infinity|undefined)/);
        const [, width = '', height = ''] = /viewBox="0 0 (\d+) (\d+)"/.exec(markup) ?? [];
        for (const [, name = '', value = ''] of markup.matchAll(/ (x|y|width|height)="(-?[\d.]+)"/g)) {
          expect(Number(value)).toBeGreaterThanOrEqual(0);
          expect(Number(value)).toBeLessThanOrEqual(
            Number(name === 'x' || name === 'width' ? width : height),
          );
        }
      }),
    );
  });

  it('tell who does not see them what they show', () => {
    const { markup } = chart({
      summary: 'Больше всего в 10:00',
      id: 'c',
      bars: [{ label: '10', value: 3, text: '3 шт.' }],
    });
    expect(markup).toContain('role="img" aria-labelledby="c"');
    expect(markup).toContain('<title id="c">Больше всего в 10:00</title>');
  });
});

describe('upright bars', () => {
  const bar = (value: number) => ({ label: String(value), value, text: String(value) });
  const heights = (markup: string) =>
    [...markup.matchAll(/<rect[^>]* height="([\d.]+)"/g)].map(([, height]) => Number(height));

  it('are as high as their numbers, and the least one that is not nothing is seen', () => {
    const [none, least, half, most] = heights(
      barChart({ summary: '', id: 'c', bars: [0, 1, 500, 1000].map(bar) }).markup,
    );
    expect(none).toBe(0);
    expect(least).toBeGreaterThan(1);
    expect(half).toBeCloseTo((most ?? 0) / 2, 0);
  });

  it('name every n-th', () => {
    const { markup } = barChart({ summary: '', id: 'c', bars: [1, 2, 3, 4, 5].map(bar), labelEvery: 2 });
    expect([...markup.matchAll(/text-anchor="middle">(\d)</g)].map(([, label]) => label)).toEqual([
      '1',
      '3',
      '5',
    ]);
  });
});
