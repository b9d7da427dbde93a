export {
  addWorkingDays,
  isWorkingDay,
  knowsYear,
  type WorkCalendar,
  workingDaysBetween,
} from './calendar.ts';
export { type Day, dayInZone } from './days.ts';
export { computeDeadline, type Terms, workingDaysElapsed } from './deadline.ts';
export { loadTerms } from './load.ts';
export type { TermSubject } from './rules.ts';
