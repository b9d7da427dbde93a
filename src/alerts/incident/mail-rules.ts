import { DateTime } from 'luxon';
import type { AlertsConfig } from '../../config/alerts-schema.ts';
import { codeEntry } from '../../model/code-entry.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import { cabinetsOf, peopleOf, readScope, type ScopeWorld } from './scope.ts';
import { RECORD_STATE_OF } from './sources.ts';

/** Whom to write to, and when: section `alerts` of the settings, and those of `smtp.to`. */
export interface AlertRules extends Pick<AlertsConfig, 'recipients' | 'timeZone' | 'waitTransient'> {
  readonly quietHours?: AlertsConfig['quietHours'];
  /** Written to about what none of the recipients wants. */
  readonly everybody: readonly string[];
}

/** Transient by kind, but nothing at all goes on while it lasts: told at any hour. */
const URGENT: ReadonlySet<ErrorCode> = new Set([
  'SPOOL_UNAVAILABLE',
  'DATABASE_UNREACHABLE',
  'EMBEDDED_DATABASE_FAILED',
]);

/**
 * Whether a mail may wait for the end of the quiet hours, and some minutes for the trouble to pass by itself: what is
 * repeated without anybody. Never what stops a cabinet (`credentials`) or waits for a person (`rejected`, `defect`).
 */
export function canWait(code: ErrorCode): boolean {
  const { kind } = codeEntry(code);
  return (kind === 'transient' || kind === 'unknown') && !URGENT.has(code);
}

/** Whether the hours are quiet at this moment. The same time twice is no quiet at all. */
export function isQuiet(
  { quietHours, timeZone }: Pick<AlertRules, 'quietHours' | 'timeZone'>,
  now: Date,
): boolean {
  if (quietHours === undefined) return false;
  const time = DateTime.fromJSDate(now, { zone: quietHours.timeZone ?? timeZone }).toFormat('HH:mm');
  const { from, to } = quietHours;
  return from <= to ? from <= time && time < to : time >= from || time < to;
}

/** An incident as far as mails are concerned. */
export interface ToTell {
  readonly code: ErrorCode;
  readonly scope: string;
  readonly openedAt: Date;
}

/** Nobody can be told by mail that mails do not go; records of a showcase stand in its own letter. */
export function isMailable({ code, scope }: Pick<ToTell, 'code' | 'scope'>): boolean {
  const { what } = readScope(scope);
  return what !== 'smtp' && !(what === 'showcase' && Object.hasOwn(RECORD_STATE_OF, code));
}

/** Whether the mail about an opening is due. */
export function isDue(rules: AlertRules, { code, openedAt }: ToTell, now: Date): boolean {
  if (!canWait(code)) return true;
  return !isQuiet(rules, now) && now.getTime() - openedAt.getTime() >= rules.waitTransient;
}

/**
 * Who is written to about an incident: each recipient whose cabinets, kinds and codes fit, and a showcase's own people;
 * nobody fits: everybody. What concerns the whole installation is not for those who asked for some cabinets only.
 */
export function recipientsOf(
  rules: AlertRules,
  { code, scope }: Pick<ToTell, 'code' | 'scope'>,
  world: ScopeWorld,
) {
  const concerned = cabinetsOf(scope, world);
  const found = rules.recipients.filter(
    ({ cabinets, kinds, codes }) =>
      (cabinets === undefined || (concerned ?? []).some((id) => cabinets.includes(id))) &&
      (kinds === undefined || kinds.includes(codeEntry(code).kind)) &&
      (codes === undefined || codes.includes(code)),
  );
  const to = [...found.flatMap((one) => one.to), ...peopleOf(scope, world)];
  return unique(to.length === 0 ? rules.everybody : to);
}

/** Who gets the digest: recipients without any limit, else everybody. */
export function digestRecipients(rules: Pick<AlertRules, 'recipients' | 'everybody'>): readonly string[] {
  const whole = rules.recipients.filter(
    ({ cabinets, kinds, codes }) => cabinets === undefined && kinds === undefined && codes === undefined,
  );
  return unique(whole.length === 0 ? rules.everybody : whole.flatMap(({ to }) => to));
}

/** The rules of the settings. */
export function alertRules(config: {
  readonly alerts: AlertsConfig;
  readonly smtp?: { readonly to: readonly string[] } | undefined;
}): AlertRules {
  const { recipients, timeZone, waitTransient, quietHours } = config.alerts;
  return {
    recipients,
    timeZone,
    waitTransient,
    everybody: config.smtp?.to ?? [],
    ...(quietHours === undefined ? {} : { quietHours }),
  };
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort();
}
