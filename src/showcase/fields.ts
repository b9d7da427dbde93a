import { daySchema } from '../terms/days.ts';

/** A field that keeps a record out of the showcase: its name in the record, and what is wrong, never its value. */
export interface FieldFault {
  readonly code: 'SHOWCASE_FIELD_MISSING' | 'SHOWCASE_FIELD_INVALID' | 'SED_CARD_UNREADABLE';
  readonly field: string;
  readonly problem: string;
}

/** A fault with one field missing. */
export function missing(field: string): FieldFault {
  return { code: 'SHOWCASE_FIELD_MISSING', field, problem: 'не заполнено' };
}

export function invalid(field: string, problem: string): FieldFault {
  return { code: 'SHOWCASE_FIELD_INVALID', field, problem };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a record may not hold
const UNFIT = /[\u0000-\u001f\u007f\ud800-\udfff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a record may not hold
const UNPRINTABLE = /[\u0000-\u001f\u007f]+/g;

/** The text as it goes into a record: well-formed, without control characters and blanks around; undefined for ''. */
export function textOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = (UNFIT.test(value) ? value.toWellFormed().replace(UNPRINTABLE, ' ') : value).trim();
  return text === '' ? undefined : text;
}

/** Days that are remembered as checked: cards of many years have few different ones. */
const MOST_DAYS = 50_000;
const days = new Map<string, boolean>();

/** Days outside of these are slips of the pen. */
const FIRST_DAY = '1900-01-01';
const LAST_DAY = '2199-12-31';

/** Whether the text is an existing day of our times, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const found = days.get(text);
  if (found !== undefined) return found;
  const fits = daySchema.safeParse(text).success && text >= FIRST_DAY && text <= LAST_DAY;
  if (days.size < MOST_DAYS) days.set(text, fits);
  return fits;
}

/** Whether the text is a code of ОКТМО: 8 digits of a municipality, or 11 of a settlement. */
export function isOktmo(text: string): boolean {
  return /^\d{8}(\d{3})?$/.test(text);
}

/** A key or code as the database can hold it: what it refuses, and our own separator, become U+FFFD. */
export function keyOf(value: string): string {
  return UNFIT.test(value) ? value.toWellFormed().replace(UNPRINTABLE, '\uFFFD') : value;
}
