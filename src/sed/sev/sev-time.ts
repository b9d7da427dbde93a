import { DateTime } from 'luxon';

/**
 * The calendar day of a moment in a cabinet's zone, `YYYY-MM-DD` (xs:date). Undefined for a moment whose
 * year XSD cannot write (outside 1 … 9999): the platform's garbage must not spoil the whole document.
 */
export function dayIn(moment: Date, timeZone: string): string | undefined {
  const local = DateTime.fromJSDate(moment, { zone: timeZone });
  if (!local.isValid || local.year < 1 || local.year > 9999) return undefined;
  return local.toISODate();
}

/** A moment as local time with the zone's offset, in milliseconds (xs:dateTime): `2025-03-01T12:00:00.000+03:00`. */
export function timeIn(moment: Date, timeZone: string): string {
  const local = DateTime.fromJSDate(moment, { zone: timeZone });
  // `Z` would be right too, but the СЭД's own messages always carry a numeric offset.
  return (
    local.toISO({ includeOffset: true, extendedZone: false })?.replace(/Z$/, '+00:00') ?? moment.toISOString()
  );
}
