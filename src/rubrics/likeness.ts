import { stemWord, wordsOf } from './stems.ts';

/** A text with the weight that its words have. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

/** Likeness of a query to each of the documents, in their order; 0 is none. */
export type Likeness = (query: readonly WeightedText[]) => readonly number[];

/** BM25: how soon more of the same word stops to count, and how much a long text is held against it. */
const K1 = 1.2;
const B = 0.5;
/** Words of one root that the stemmer leaves apart («газ», «газификация») count for this much of a full likeness. */
const KIN = 0.5;
/** Shortest common beginning of such words. */
const SHORTEST_ROOT = 4;

/** Words that say nothing about a subject: function words, and those of which official names are full. */
const EMPTY_WORDS = new Set(
  `а без в во где для до за и из или иной иные иных к ко между на над не о об от по под при про с со то том у числе что
  это включая исключением вопрос вопросы вопросов другие других общие положения сфера сфере области
  российской федерации отдельных лиц граждан гражданам деятельность система системы порядок`.split(/\s+/),
);

/** Stems that count, each with the best weight that it has. */
function weigh(texts: readonly WeightedText[]): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { text, weight } of texts) {
    for (const word of wordsOf(text)) {
      if (word.length < 2 || EMPTY_WORDS.has(word)) continue;
      const stem = stemWord(word);
      weights.set(stem, Math.max(weights.get(stem) ?? 0, weight));
    }
  }
  return weights;
}

/**
 * Prepares documents for queries by likeness of words: BM25 over Russian stems, where a word counts as much as the part
 * of the text in which it stands. Pure; built once for many queries.
 */
export function createLikeness(documents: readonly (readonly WeightedText[])[]): Likeness {
  const weighed = documents.map(weigh);
  const lengths = weighed.map((weights) => sum(weights.values()));
  const average = sum(lengths) / Math.max(lengths.length, 1);
  const places = new Map<string, Map<number, number>>();
  for (const [at, weights] of weighed.entries()) {
    for (const [stem, weight] of weights) {
      const list = places.get(stem) ?? new Map<number, number>();
      places.set(stem, list.set(at, weight));
    }
  }
  const stems = [...places.keys()];
  const rarity = (documentsWithIt: number) =>
    Math.log(1 + (documents.length - documentsWithIt + 0.5) / (documentsWithIt + 0.5));

  function placesOf(stem: string): ReadonlyMap<number, number> {
    const found = new Map(places.get(stem));
    if (stem.length < SHORTEST_ROOT) return found;
    for (const other of stems) {
      if (other === stem || !areKin(stem, other)) continue;
      for (const [at, weight] of places.get(other) ?? []) {
        found.set(at, Math.max(found.get(at) ?? 0, weight * KIN));
      }
    }
    return found;
  }

  return (query) => {
    const scores = documents.map(() => 0);
    for (const [stem, weight] of weigh(query)) {
      const found = placesOf(stem);
      const worth = weight * rarity(found.size);
      for (const [at, frequency] of found) {
        const length = 1 - B + (B * (lengths[at] ?? 0)) / average;
        scores[at] = (scores[at] ?? 0) + (worth * (frequency * (K1 + 1))) / (frequency + K1 * length);
      }
    }
    return scores;
  };
}

/** Whether two stems begin alike for most of the shorter one. */
function areKin(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  if (shorter < SHORTEST_ROOT - 1) return false;
  let common = 0;
  while (common < shorter && a[common] === b[common]) common += 1;
  return common >= SHORTEST_ROOT ? common >= shorter * 0.7 : common === shorter;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
