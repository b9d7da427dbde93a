/** Longer texts are told apart by their beginnings, characters. */
const LONGEST = 160;
/** What stands behind it is of no more use, characters. */
const MOST_READ = 2000;
const HIDDEN = '…';

/** What a failure says of itself. */
export interface Failure {
  /** Path of the field at fault, as the other side names it. */
  readonly field?: string | null | undefined;
  readonly detail?: string | null | undefined;
}

/**
 * The cause of a failure in words that equal failures share: its field and its text without what differs from one item
 * to the next. `names`: file names and the like that the text may hold. Holds no personal data.
 */
export function causeOf({ field, detail }: Failure, names: readonly string[] = []): string {
  const path = (field ?? '').replace(/\d+/g, 'N');
  const text = fingerprintOf(detail ?? '', names);
  return clip([path, text].filter((part) => part !== '').join(': '));
}

/** The cause for which a message of the СЭД was set aside: without an envelope is one cause, whatever is said of it. */
export function causeOfMessage(code: string, detail: string): string {
  return code === 'SED_MESSAGE_UNREADABLE' ? fingerprintOf(detail) : '';
}

/**
 * A text without ids: quoted texts, file names and addresses become «…», uids and numbers N. Made to hide too much
 * rather than too little: two causes taken for one are seen on the page, one taken for thousands is a storm of mails.
 */
export function fingerprintOf(text: string, names: readonly string[] = []): string {
  let bare = text.slice(0, MOST_READ).toWellFormed();
  // The longest first: one name may be a part of another.
  for (const name of names.toSorted((a, b) => b.length - a.length)) {
    if (name.length > 1) bare = bare.replaceAll(name.toWellFormed(), HIDDEN);
  }
  bare = bare.replace(CONTROLS, ' ');
  for (const [what, by] of RULES) bare = bare.replace(what, by);
  return clip(bare.trim());
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what no line may hold
const CONTROLS = /[\u0000-\u001f\u007f\s]+/g;

/** In this order: a name in quotes is no word any more when the words are looked at. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/«[^»]*»|"[^"]*"|“[^”]*”|'[^']*'|`[^`]*`/gu, '«…»'],
  [/\b(?:https?|ftp|file):\/\/\S+/gu, HIDDEN],
  [/\S*@\S+/gu, HIDDEN],
  // «Ответ, часть 2.pdf: …»: blanks and commas are of the name, up to the colon behind its ending.
  [/^.*\.\p{L}[\p{L}\p{N}]{0,7}(?=: )/u, HIDDEN],
  // «нет файла: а, б».
  [/(файл[а-яё]*): .*$/iu, `$1: ${HIDDEN}`],
  [/[^\s:;,«»()]+\.\p{L}[\p{L}\p{N}]{0,7}(?=$|[\s:;,)])/gu, HIDDEN],
  [/(?<![\p{L}\p{N}])(?=[\da-f-]*\d)[\da-f]{8,}(?:-[\da-f]{4,})*(?![\p{L}\p{N}])/giu, 'N'],
  // The platform's own code of its answer is no id: 400 and 422 are two causes.
  [/(?<!код ответа \d{0,2})\d+(?:[.,:/_-]\d+)*/gu, 'N'],
  [/…(?:[\s,;/-]*…)+/gu, HIDDEN],
];

function clip(text: string): string {
  return [...text].slice(0, LONGEST).join('').trim();
}
