/** One status or answer on its way to the platform, in our words; mappings/platform.yaml spells them. */

export const STATUS_ROLES = [
  'takeToWork',
  'setExecutor',
  'postpone',
  'forwardToParent',
  'forwardToSubordinate',
  'return',
] as const;
export type StatusRole = (typeof STATUS_ROLES)[number];

export interface PersonName {
  readonly surname: string;
  readonly name?: string;
  readonly patronymic?: string;
  readonly position?: string;
}

export interface StatusPayload {
  readonly kind: 'status';
  readonly role: StatusRole;
  /** When it happened in the СЭД, RFC 3339. */
  readonly at: string;
  readonly card?: { readonly number: string; readonly date?: string };
  readonly executor?: PersonName;
  readonly comment?: string;
  /** New term, RFC 3339. */
  readonly postponedTo?: string;
  readonly forwardTo?: { readonly opaId?: string; readonly name: string };
  readonly reason?: string;
}

export interface AnswerPayload {
  readonly kind: 'answer';
  /** A key of `answerTypes` in mappings/platform.yaml. */
  readonly answerType: string;
  readonly comment: string;
  readonly number: string;
  /** Day, `YYYY-MM-DD`. */
  readonly date: string;
  readonly signer?: PersonName;
  readonly rejectReasonId?: string;
}

export type DeliveryPayload = StatusPayload | AnswerPayload;

export const DELIVERY_STATES = ['queued', 'sending', 'unknown', 'done', 'attention', 'cancelled'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** An entry of the platform's history, as far as deliveries are told apart by it. */
export interface HistoryEntry {
  readonly status: string;
  readonly comment?: string;
  readonly clientKey?: string;
  readonly answer?: {
    readonly answerType: string;
    readonly comment?: string;
    readonly fileIds: readonly string[];
  };
}

/** What the platform shows of one appeal now. */
export interface AppealOnPlatform {
  readonly status: string;
  readonly answerAt?: Date;
  readonly history: readonly HistoryEntry[];
}

export interface PostOutcome {
  /** The platform's id of the entry, when it tells one. */
  readonly id?: string;
}
