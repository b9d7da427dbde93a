import { z } from 'zod';
import { Fault } from '../model/errors.ts';
import { addDays, type Day, daySchema, weekday, yearOf } from './days.ts';

const monthDay = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'напишите месяц и число как ММ-ДД в кавычках');

const yearSchema = z.strictObject({
  /** Document by which the year was checked; without it the year counts as unchecked. */
  basis: z.string().min(1).optional(),
  /** Days off moved by decree, and any other day off. */
  daysOff: z.array(daySchema).default([]),
  /** Saturdays (or others) that are worked by decree. */
  workingDays: z.array(daySchema).default([]),
  /** Holidays on a weekend whose day off the decree moved elsewhere: no automatic move for them. */
  movedByDecree: z.array(daySchema).default([]),
});

const yearsSchema = z
  .record(z.string().regex(/^20\d\d$/, 'год пишут четырьмя цифрами в кавычках'), yearSchema)
  .default({});

export const calendarSchema = z.strictObject({
  holidays: z.array(
    z.strictObject({
      day: monthDay,
      name: z.string().min(1),
      /** Whether a day off on a weekend moves to the next working day (Labour Code, art. 112, part 2). */
      moves: z.boolean().default(true),
    }),
  ),
  years: yearsSchema,
  regions: z
    .record(
      z.string(),
      z.strictObject({
        holidays: z.array(z.strictObject({ day: monthDay, name: z.string().min(1) })).default([]),
        years: yearsSchema,
      }),
    )
    .default({}),
});

export type CalendarData = z.infer<typeof calendarSchema>;
type YearData = z.infer<typeof yearSchema>;

/** A production calendar, with the days of each year worked out once. */
export interface WorkCalendar {
  readonly data: CalendarData;
  readonly years: Map<string, YearDays>;
}

interface YearDays {
  readonly off: ReadonlySet<Day>;
  readonly working: ReadonlySet<Day>;
}

/** Past this many days off in a row the data are wrong, not the year long. */
const LONGEST_REST = 60;

export function createCalendar(data: CalendarData): WorkCalendar {
  return { data, years: new Map() };
}

/** Whether the year stands in the calendar with its decree; else only the general rule of the law is applied. */
export function knowsYear(calendar: WorkCalendar, year: number): boolean {
  return calendar.data.years[String(year)]?.basis !== undefined;
}

/** Whether the day is worked: a five-day week, holidays, moved days, and the region's own days. */
export function isWorkingDay(calendar: WorkCalendar, day: Day, region?: string): boolean {
  const year = yearOf(day);
  const own = yearDays(calendar, year, region);
  if (own.working.has(day)) return true;
  // A day off of the last days of December may move into the next year.
  if (own.off.has(day) || yearDays(calendar, year - 1, region).off.has(day)) return false;
  return weekday(day) < 6;
}

/**
 * The day itself when it is worked, else the nearest worked one in that direction.
 * @throws {Fault} CONFIG_INVALID when the calendar knows no worked day for two months.
 */
export function nearestWorkingDay(
  calendar: WorkCalendar,
  day: Day,
  direction: 'previous' | 'next',
  region?: string,
): Day {
  const step = direction === 'next' ? 1 : -1;
  let current = day;
  for (let count = 0; count <= LONGEST_REST; count += 1) {
    if (isWorkingDay(calendar, current, region)) return current;
    current = addDays(current, step);
  }
  throw new Fault('CONFIG_INVALID', { detail: `calendar.yaml: нет рабочих дней около ${day}` });
}

/** The `count`-th working day after `day`; 0 gives the day itself, or the next working one. */
export function addWorkingDays(calendar: WorkCalendar, day: Day, count: number, region?: string): Day {
  if (!Number.isInteger(count) || count < 0) throw new RangeError('count is a whole number from 0');
  if (count === 0) return nearestWorkingDay(calendar, day, 'next', region);
  let current = day;
  for (let left = count; left > 0; left -= 1) {
    current = nearestWorkingDay(calendar, addDays(current, 1), 'next', region);
  }
  return current;
}

/** How many working days lie after `from` up to and with `to`; negative when `to` is earlier. */
export function workingDaysBetween(calendar: WorkCalendar, from: Day, to: Day, region?: string): number {
  if (to < from) {
    const back = workingDaysBetween(calendar, to, from, region);
    return back === 0 ? 0 : -back;
  }
  let count = 0;
  for (let day = from; day < to; ) {
    day = addDays(day, 1);
    if (isWorkingDay(calendar, day, region)) count += 1;
  }
  return count;
}

function yearDays(calendar: WorkCalendar, year: number, region: string | undefined): YearDays {
  const key = `${year}/${region ?? ''}`;
  const known = calendar.years.get(key);
  if (known !== undefined) return known;
  const made = workOut(calendar.data, year, region);
  calendar.years.set(key, made);
  return made;
}

function workOut(data: CalendarData, year: number, region: string | undefined): YearDays {
  const local = region === undefined ? undefined : data.regions[region];
  const parts: YearData[] = [data.years[year], local?.years[year]].flatMap((part) => part ?? []);
  const working = new Set(parts.flatMap((part) => part.workingDays));
  const holidays = data.holidays.map(({ day, moves }) => ({ day: `${year}-${day}`, moves }));
  const regional = (local?.holidays ?? []).map(({ day }) => `${year}-${day}`);
  const off = new Set([
    ...holidays.map(({ day }) => day),
    ...regional,
    ...parts.flatMap((part) => part.daysOff),
  ]);
  const byDecree = new Set(parts.flatMap((part) => part.movedByDecree));
  const moved = holidays
    .filter(({ day, moves }) => moves && isDay(day) && weekday(day) > 5 && !byDecree.has(day))
    .map(({ day }) => day)
    .sort();
  for (const day of moved) off.add(firstFree(day, off, working));
  return { off, working };
}

/** 29 February is a day of some years only. */
function isDay(day: Day): boolean {
  return daySchema.safeParse(day).success;
}

function firstFree(day: Day, off: ReadonlySet<Day>, working: ReadonlySet<Day>): Day {
  let current = addDays(day, 1);
  while (off.has(current) || (weekday(current) > 5 && !working.has(current))) current = addDays(current, 1);
  return current;
}
