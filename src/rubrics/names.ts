import type { CategoryPath } from './types.ts';

/** Longest name, condition or note that is kept, in characters. */
export const LONGEST_TEXT = 1000;

/** Control characters and what PostgreSQL or XML would refuse. */
const UNFIT = /[\p{Cc}\uFFFE\uFFFF]+/gu;

/** Blanks of all sorts, the invisible ones of spreadsheets included. */
const BLANKS = /[\s\u00A0\u200B\uFEFF]+/g;

/** A name as it is shown: well-formed, one blank between words, none at the ends. */
export function cleanName(text: string): string {
  const clean = text.toWellFormed().replace(UNFIT, ' ').replace(BLANKS, ' ').trim();
  // A cut may leave the first half of a character.
  return clean.length <= LONGEST_TEXT
    ? clean
    : clean
        .slice(0, LONGEST_TEXT)
        .replace(/[\uD800-\uDBFF]$/, '')
        .trim();
}

/** What is equal for names that a person takes for the same: case, ё, quotes and blanks do not matter. */
export function nameKey(text: string): string {
  return cleanName(text)
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[«»“”„"']/g, '"')
    .replace(/[‐‑–—]/g, '-');
}

/** «Категория / Подкатегория», as it is shown and written by a person. */
export function pathText({ subject, subsubject }: CategoryPath): string {
  return subsubject === undefined ? subject : `${subject} / ${subsubject}`;
}

/** What is equal for paths of the same names. */
export function pathKey({ subject, subsubject }: CategoryPath): string {
  return nameKey(subsubject === undefined ? subject : `${subject} / ${subsubject}`);
}

/** Splits «Категория / Подкатегория»; a slash without blanks around it is part of a name. */
export function parsePath(text: string): CategoryPath {
  const [subject = '', ...rest] = cleanName(text).split(/ \/ /);
  const subsubject = rest.join(' / ').trim();
  return subsubject === '' ? { subject: subject.trim() } : { subject: subject.trim(), subsubject };
}
