import { stemmer } from '@orama/stemmers/russian';

/** Words of a text of any length, in lower case, ё as е; digits count as words. */
export function wordsOf(text: string): readonly string[] {
  return (
    text
      .toLowerCase()
      .replaceAll('ё', 'е')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

const known = new Map<string, string>();
const MOST_KNOWN = 50_000;

/** Stem of a Russian word in lower case (Snowball). */
export function stemWord(word: string): string {
  const found = known.get(word);
  if (found !== undefined) return found;
  const stem = stemmer(word);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(word, stem);
  return stem;
}

/** Stems of a text's words, in their order. */
export function stemsOf(text: string): readonly string[] {
  return wordsOf(text).map(stemWord);
}
