import { DateTime } from 'luxon';
import { z } from 'zod';

/** A day of the calendar, `YYYY-MM-DD`, with no time and no zone. */
export type Day = string;

export const daySchema = z.iso.date('напишите существующий день как ГГГГ-ММ-ДД');

/**
 * The day on which a moment falls in a zone.
 * @param zone IANA name; settings are checked for it.
 * @throws {RangeError} for an invalid date or zone: an error of the caller.
 */
export function dayInZone(date: Date, zone: string): Day {
  const local = DateTime.fromJSDate(date, { zone });
  if (!local.isValid) throw new RangeError(`no day: ${local.invalidReason}`);
  return local.toISODate();
}

/** The day `count` calendar days later (earlier when negative). */
export function addDays(day: Day, count: number): Day {
  return format(parse(day).plus({ days: count }));
}

/** 1 = Monday … 7 = Sunday. */
export function weekday(day: Day): number {
  return parse(day).weekday;
}

export function yearOf(day: Day): number {
  return parse(day).year;
}

/** First moment of a day in a zone; where a clock change swallows midnight, the first that exists. */
export function startOfDay(day: Day, zone: string): Date {
  const local = DateTime.fromISO(day, { zone }).startOf('day');
  if (!local.isValid) throw new RangeError(`no day: ${local.invalidReason}`);
  return local.toJSDate();
}

function parse(day: Day): DateTime<true> {
  // Taken apart by hand: luxon's parsers are too slow for walking through years day by day.
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  const parsed = DateTime.utc(Number(year), Number(month), Number(date));
  if (!parsed.isValid) throw new RangeError('a day is written YYYY-MM-DD');
  return parsed;
}

function format(day: DateTime<true>): Day {
  return day.toISODate();
}
