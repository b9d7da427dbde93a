import { DateTime } from 'luxon';

/** RFC 3339, section 5.6, with what platforms let pass: a space for the T, no seconds, no colon in the offset, no offset. */
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?$/;
const MINUTE_MS = 60_000;

/**
 * The moment a text of the platform names; without an offset it is read in the IANA `zone` (design.md, section 1).
 * Anything else, a 30th of February too, gives undefined.
 */
export function readTime(value: unknown, zone: string): Date | undefined {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  if (match === null) return undefined;
  const [text, year, month, day, hour, minute, second = '0', fraction = '0', sign, offsetHour, offsetMinute] =
    match;
  const ms = Math.trunc(Number(`0.${fraction}`) * 1000);
  // Date.UTC folds what is out of range into the next unit, and reads years under 100 as 19xx.
  const asUtc = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    ms,
  );
  const named = new Date(asUtc);
  const isReal =
    Number(second) < 60 &&
    Number(minute) < 60 &&
    named.getUTCFullYear() === Number(year) &&
    named.getUTCMonth() + 1 === Number(month) &&
    named.getUTCDate() === Number(day) &&
    named.getUTCHours() === Number(hour);
  if (!isReal) return undefined;
  if (sign !== undefined) {
    if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
    const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * MINUTE_MS;
    return new Date(asUtc + (sign === '+' ? -offset : offset));
  }
  if (/[Zz]$/.test(text)) return named;
  // Only here luxon is needed: it is twenty times dearer, and a page holds eight hundred times.
  const local = DateTime.fromISO(named.toISOString().slice(0, -1), { zone });
  return local.isValid ? local.toJSDate() : undefined;
}
