import { cleanText, codeWord } from './text.ts';

/** What the platform may echo in a message of its own. */
export interface Said {
  /** Persons' names and file names: none of their words may come back, in whatever case or ending. */
  readonly names: readonly string[];
  /** Texts: three words in a row are an echo. */
  readonly texts: readonly string[];
}

const LENGTH = 200;
const ECHO_WORDS = 3;
const HIDDEN = '…';

/**
 * A message of the platform as it may stand in an error: what was quoted, echoes of what we sent, and what looks like a
 * name, a contact or a date is replaced by «…». Made to hide too much rather than too little; undefined when nothing
 * worth reading is left.
 */
export function safeWords(message: unknown, said: Said): string | undefined {
  if (typeof message !== 'string') return undefined;
  const text = cleanText(message)
    .replace(/\s+/gu, ' ')
    .replace(/«([^»]*)»|"([^"]*)"|“([^”]*)”|'([^']*)'/gu, (quote, ...inner: unknown[]) =>
      inner.slice(0, 4).some((word) => codeWord(word) !== undefined) ? quote : `«${HIDDEN}»`,
    )
    .replace(/\+?\d[\d ()-]{8,}\d/g, HIDDEN)
    .replace(/\d{1,4}([./-])\d{1,2}\1\d{1,4}/g, HIDDEN)
    .slice(0, LENGTH)
    .toWellFormed()
    .trim();
  const words = text.split(' ');
  const stems = said.names.flatMap(wordsOf).map((name) => name.slice(0, Math.max(3, name.length - 2)));
  const isPersonal = words.map((word, i) => {
    if (word.includes('@') || stems.some((stem) => wordsOf(word).some((part) => part.startsWith(stem))))
      return true;
    const startsSentence = i === 0 || /\p{Ll}{2}[.!?]$/u.test(words[i - 1] ?? '');
    if (!startsSentence) return looksLikeName(word);
    // «Поле не заполнено», but «Иванов И. И. не найден».
    return looksLikeName(word) && looksLikeName(words[i + 1] ?? '');
  });
  const echoed = echoes(words, said.texts);
  const shown = words
    .map((word, i) => (isPersonal[i] || echoed.has(i) ? HIDDEN : word))
    .filter((word, i, all) => word !== HIDDEN || all[i - 1] !== HIDDEN)
    .join(' ');
  return /\p{L}/u.test(shown) ? shown : undefined;
}

/** A capital and small letters, initials, or a long Cyrillic word in capitals; not «ГГГГ-ММ-ДД», not «JSON». */
function looksLikeName(word: string): boolean {
  return /^\P{L}*(\p{Lu}\p{Ll}|\p{Lu}\.)/u.test(word) || /^\P{L}*[А-ЯЁ]{5,}\P{L}*$/u.test(word);
}

/** Places of words that stand in a row in one of the texts too; a text shorter than the row counts whole. */
function echoes(words: readonly string[], texts: readonly string[]): Set<number> {
  const places = new Set<number>();
  const plain = words.map((word) => wordsOf(word).join(' '));
  for (const text of texts) {
    const sent = wordsOf(text);
    const count = Math.min(ECHO_WORDS, sent.length);
    const rows = new Set(sent.slice(0, sent.length - count + 1).map((_, i) => row(sent, i, count)));
    if (count === 0) continue;
    for (let i = 0; i + count <= plain.length; i += 1) {
      if (rows.has(row(plain, i, count))) for (let k = i; k < i + count; k += 1) places.add(k);
    }
  }
  return places;
}

function row(words: readonly string[], start: number, count: number): string {
  return words.slice(start, start + count).join(' ');
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
}
