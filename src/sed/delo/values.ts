import { dayInZone } from '../../terms/index.ts';

/** A value of the archive as text, cleaned; '' for none, undefined for what is no single value. */
export function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return clean(value);
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return value === null || value === undefined ? '' : undefined;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what no field of a card may hold
const UNPRINTABLE = /[\u0000-\u001f\u007f]+/g;

function clean(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, ' ').trim();
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const RUSSIAN = /^(\d\d)[./](\d\d)[./](\d{4})(?: \d{1,2}:\d\d(?::\d\d)?)?$/;
const TICKS = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/;

/**
 * The day `YYYY-MM-DD` of a date as ДЕЛО writes it; undefined for what is none. A date without an offset is the archive's
 * local one; with an offset it is turned to the archive's zone.
 */
export function dayOf(text: string, timeZone: string): string | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year = '', month = '', day = '', offset] = iso;
    if (!isDay(year, month, day)) return undefined;
    return offset === undefined
      ? `${year}-${month}-${day}`
      : dayAt(Date.parse(text.replace(' ', 'T')), timeZone);
  }
  const russian = RUSSIAN.exec(text);
  if (russian !== null) {
    const [, day = '', month = '', year = ''] = russian;
    return isDay(year, month, day) ? `${year}-${month}-${day}` : undefined;
  }
  const ticks = TICKS.exec(text);
  return ticks === null ? undefined : dayAt(Number(ticks[1]), timeZone);
}

function dayAt(time: number, timeZone: string): string | undefined {
  // Years of four digits only: what is beyond them is no date of a card.
  return time >= -62_135_596_800_000 && time < 253_402_214_400_000
    ? dayInZone(new Date(time), timeZone)
    : undefined;
}

function isDay(year: string, month: string, day: string): boolean {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year));
  return Number(year) > 0 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** Degrees within the limit, a comma being taken for a point; undefined for anything else. */
export function degreesOf(text: string, limit: number): number | undefined {
  if (!/^-?\d{1,3}([.,]\d{1,15})?$/.test(text)) return undefined;
  const value = Number(text.replace(',', '.'));
  return Math.abs(value) <= limit ? value : undefined;
}

/** An ISN, the archive's key of a card: a whole number above zero; undefined for anything else. */
export function isnOf(value: unknown): number | undefined {
  const isn = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof isn === 'number' && Number.isSafeInteger(isn) && isn > 0 ? isn : undefined;
}
