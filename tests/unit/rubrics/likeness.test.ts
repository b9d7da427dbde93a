import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLikeness } from '../../../src/rubrics/likeness.ts';
import { stemsOf } from '../../../src/rubrics/stems.ts';

const text = (words: string, weight = 1) => [{ text: words, weight }];

/** Places of the documents, likeliest first, without those that are not alike at all. */
function ranked(documents: readonly string[], query: string): readonly number[] {
  const scores = createLikeness(documents.map((each) => text(each)))(text(query));
  return scores
    .map((score, at) => ({ score, at }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ at }) => at);
}

describe('likeness', () => {
  it.each([
    ['forms of a word', ['Автобусы', 'Дороги'], 'ремонт дороги', [1]],
    ['ё and case', ['Ёлки', 'Дороги'], 'ЕЛКА', [0]],
    [
      'a rarer word tells more',
      ['Ремонт школ', 'Ремонт дорог', 'Ремонт домов', 'Уборка дорог'],
      'ремонт школы',
      [0],
    ],
    ['words of one root', ['Газификация', 'Транспорт'], 'газоснабжение и газификационные работы', [0]],
    ['words that say nothing', ['Вопросы в сфере', 'Дороги'], 'иные вопросы в сфере', []],
    ['nothing in common', ['Дороги'], 'медицина', []],
    ['an empty query', ['Дороги'], '', []],
  ])('%s', (_what, documents, query, expected) => {
    expect(ranked(documents, query).slice(0, Math.max(expected.length, 1))).toEqual(expected);
  });

  it('a word counts as much as its part of the text', () => {
    const scores = createLikeness([text('дороги', 1), text('дороги', 0.3), text('реки')])(text('дорога'));
    expect(scores[0]).toBeGreaterThan(scores[1] ?? 0);
    const weak = createLikeness([text('дороги'), text('реки')])([
      { text: 'дороги', weight: 0.2 },
      { text: 'реки', weight: 1 },
    ]);
    expect(weak[1]).toBeGreaterThan(weak[0] ?? 0);
  });

  it('a long text does not win by its length', () => {
    const [short, long] = createLikeness([
      text('лекарства'),
      text('лекарства и многое другое о больницах врачах аптеках санаториях лечении'),
      text('дороги'),
    ])(text('лекарства'));
    expect(short).toBeGreaterThan(long ?? 0);
  });

  it('no documents, and any texts, are no fault', () => {
    expect(createLikeness([])(text('дороги'))).toEqual([]);
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
        fc.string({ unit: 'binary' }),
        (documents, query) => {
          const scores = createLikeness(documents.map((each) => text(each)))(text(query));
          expect(scores).toHaveLength(documents.length);
          for (const score of scores) expect(score >= 0 && Number.isFinite(score)).toBe(true);
        },
      ),
    );
  });
});

it('stems are the same for all forms of a word', () => {
  const [first, ...others] = ['дорога', 'дороги', 'дорогой', 'ДОРОГАМИ'].map((word) => stemsOf(word).join());
  for (const other of others) expect(other).toBe(first);
  expect(stemsOf('Дом № 5, кв. 7')).toEqual(['дом', '5', 'кв', '7']);
});
