import { DateTime } from 'luxon';
import type { AlertsConfig } from '../../config/alerts-schema.ts';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import { cabinetsOf, type ScopeWorld } from './scope.ts';

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
  const { kind } = ERROR_CODES[code];
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

/** Nobody can be told by mail that mails do not go. */
export function isMailable({ scope }: Pick<ToTell, 'scope'>): boolean {
  return scope !== 'smtp';
}

/** Whether the mail about an opening is due. */
export function isDue(rules: AlertRules, { code, openedAt }: ToTell, now: Date): boolean {
  if (!canWait(code)) return true;
  return !isQuiet(rules, now) && now.getTime() - openedAt.getTime() >= rules.waitTransient;
}

/**
 * Who is written to about an incident: each recipient whose cabinets, kinds and codes fit; nobody fits: everybody. What
 * concerns the whole installation is not for those who asked for some cabinets only.
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
      (kinds === undefined || kinds.includes(ERROR_CODES[code].kind)) &&
      (codes === undefined || codes.includes(code)),
  );
  return unique(found.length === 0 ? rules.everybody : found.flatMap(({ to }) => to));
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
