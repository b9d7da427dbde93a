import { DateTime } from 'luxon';
import type { MailBlock } from '../mail/render.ts';

/** Lines of one table; more would be read by nobody. */
export const MOST_LINES = 20;

export function paragraph(text: string): MailBlock {
  return { kind: 'paragraph', text };
}

/** A table of at most `MOST_LINES` rows, and how many more there are. `total`: when the rows are cut already. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  total = rows.length,
): MailBlock[] {
  const shown = rows.slice(0, MOST_LINES);
  const more = total - shown.length;
  return [{ kind: 'table', head, rows: shown }, ...(more > 0 ? [paragraph(`И ещё ${more}.`)] : [])];
}

/** «22.11.2026 08:00» in a zone; '' for none. */
export function at(date: Date | null | undefined, timeZone: string): string {
  return date === null || date === undefined
    ? ''
    : DateTime.fromJSDate(date, { zone: timeZone }).toFormat('dd.MM.yyyy HH:mm');
}

/** «22.11.2026» in a zone. */
export function dayOf(date: Date, timeZone: string): string {
  return DateTime.fromJSDate(date, { zone: timeZone }).toFormat('dd.MM.yyyy');
}
