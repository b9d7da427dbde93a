/** What XML 1.0 (section 2.2, Char) forbids, surrogates aside. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are the very thing looked for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/** Makes text from outside fit for PostgreSQL and XML 1.0: lone surrogates and forbidden characters become U+FFFD. */
export function cleanText(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return formed.replace(NOT_XML, '\uFFFD');
}

/** A word of the platform shown in a log or an error: only if it looks like a code, so that no personal data slips through. */
export function codeWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][\w.-]{0,59}$/.test(value) ? value : undefined;
}
