import { addWorkingDays, isWorkingDay, nearestWorkingDay, type WorkCalendar } from './calendar.ts';
import { addDays, type Day, dayInZone, startOfDay } from './days.ts';
import { selectRule, type TermRule, type TermSubject } from './rules.ts';

/** Rules of terms and the calendar that they count by. */
export interface Terms {
  readonly rules: readonly TermRule[];
  readonly calendar: WorkCalendar;
}

/**
 * The last day of a term, counted from the day after registration. For appeals to which the platform gave no
 * answerAt: that one always wins.
 */
export function computeDeadline(terms: Terms, subject: TermSubject & { readonly registeredOn: Day }): Day {
  const { registeredOn, region } = subject;
  const rule = selectRule(terms.rules, subject);
  if (rule === undefined) throw new RangeError('no general rule: terms were not loaded by loadTerms');
  if (rule.count === 'working') return addWorkingDays(terms.calendar, registeredOn, rule.days, region);
  const last = addDays(registeredOn, rule.days);
  return rule.dayOff === 'keep' ? last : moveOff(terms.calendar, last, rule.dayOff, registeredOn, region);
}

function moveOff(
  calendar: WorkCalendar,
  last: Day,
  rule: 'previous-working' | 'next-working',
  registeredOn: Day,
  region: string | undefined,
): Day {
  const next = () => nearestWorkingDay(calendar, last, 'next', region);
  if (rule === 'next-working') return next();
  const previous = nearestWorkingDay(calendar, last, 'previous', region);
  // A short term inside long holidays must not end before it began.
  return previous < registeredOn ? next() : previous;
}

/**
 * How much of working days has passed between two moments: whole days off count nothing, a part of a working day
 * counts as that part of its 24 hours. Friday 16:00 to Monday 16:00 is 1. Not above zero when `now` is not later.
 * @param zone IANA zone whose midnights bound the days.
 */
export function workingDaysElapsed(
  calendar: WorkCalendar,
  from: Date,
  now: Date,
  zone: string,
  region?: string,
): number {
  if (now <= from) return 0;
  let elapsed = 0;
  let day = dayInZone(from, zone);
  const last = dayInZone(now, zone);
  let start = startOfDay(day, zone).getTime();
  for (; day <= last; day = addDays(day, 1)) {
    const end = startOfDay(addDays(day, 1), zone).getTime();
    if (isWorkingDay(calendar, day, region)) {
      const passed = Math.min(now.getTime(), end) - Math.max(from.getTime(), start);
      elapsed += Math.max(0, passed) / (end - start);
    }
    start = end;
  }
  return elapsed;
}
