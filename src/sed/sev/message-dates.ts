import { DateTime } from 'luxon';

/**
 * A moment as the СЭД writes it (xs:dateTime or xs:date, up to seven digits of a second). A time without an offset
 * is local time of the given zone; a day is its first moment there. Undefined for what is no date.
 */
export function readMoment(value: string | undefined, zone: string): Date | undefined {
  if (value === undefined) return undefined;
  const local = /^\d{4}-\d{2}-\d{2}(?:Z|[+-]\d{2}:\d{2})$/.test(value) ? value.slice(0, 10) : value;
  const moment = DateTime.fromISO(local, { zone });
  return moment.isValid ? moment.toJSDate() : undefined;
}

/** The day of an xs:date or xs:dateTime as written, `YYYY-MM-DD`; undefined for what is no date. */
export function readDay(value: string | undefined): string | undefined {
  const day = value === undefined ? undefined : /^\d{4}-\d{2}-\d{2}(?!\d)/.exec(value)?.[0];
  return day !== undefined && DateTime.fromISO(day, { zone: 'utc' }).isValid ? day : undefined;
}

/**
 * The time as it stands on the СЭД's wall, to the second: a part of an event's identity. It depends neither on our
 * setting of the zone nor on how many digits or which offset form this version of the СЭД prints.
 */
export function wallClock(value: string | undefined): string {
  return value === undefined
    ? ''
    : value.replace(/^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2}))?.*$/, joinClock);
}

function joinClock(_whole: string, day: string, time?: string): string {
  return time === undefined || time === '' ? day : `${day}T${time}`;
}
