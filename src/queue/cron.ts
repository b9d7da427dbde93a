import { PgBoss } from 'pg-boss';

/**
 * Whether the queue can read a schedule: five fields of cron. Its own reader decides, but takes more than is meant here:
 * with fewer or more fields it reads something else than was written, and `H` is another moment each time it is read.
 */
export function isCron(expression: string): boolean {
  if (expression.trim().split(/\s+/).length !== 5 || /\bH\b/i.test(expression)) return false;
  try {
    // Reading needs no database: this one is never opened.
    return new PgBoss('postgresql://').previewSchedule(expression, { count: 1 }).length > 0;
  } catch {
    return false;
  }
}
