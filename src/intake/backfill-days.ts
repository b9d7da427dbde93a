import { DateTime } from 'luxon';
import { Fault } from '../model/errors.ts';
import type { BackfillRequest } from './backfill.ts';

/**
 * A back-fill of whole days, both included, in the cabinet's zone. `fields`: what the person calls the two.
 * @throws Fault COMMAND_INVALID that says what to write instead
 */
export function backfillOfDays(
  cabinet: { readonly opaId: string; readonly timeZone: string },
  days: { readonly from: string; readonly to: string; readonly forceCards: boolean },
  fields: { readonly from: string; readonly to: string },
): BackfillRequest {
  const from = parseDay(days.from, cabinet.timeZone, fields.from);
  const last = parseDay(days.to, cabinet.timeZone, fields.to);
  if (last < from) {
    throw new Fault('COMMAND_INVALID', {
      detail: `${fields.to}: последний день раньше первого`,
      field: fields.to,
    });
  }
  const to = last.plus({ days: 1 });
  return { opaId: cabinet.opaId, from: from.toJSDate(), to: to.toJSDate(), forceCards: days.forceCards };
}

function parseDay(text: string, zone: string, field: string): DateTime {
  const day = DateTime.fromISO(text, { zone });
  if (day.isValid && /^\d{4}-\d{2}-\d{2}$/.test(text)) return day;
  throw new Fault('COMMAND_INVALID', { detail: `${field}: напишите день как 2026-01-31`, field });
}
