/** One card of the simulated archive as it truly is: what a test compares the connector's view with. */
export interface ArchiveTruth {
  isn: number;
  regNumber: string;
  /** `YYYY-MM-DD`; '' when the clerk left it out. */
  regDate: string;
  cardfile: string;
  docGroup: string;
  /** Codes of the card's rubrics, of any level, in its order. */
  rubrics: string[];
  state: TrueState;
  kind: 'APPEAL_59FZ' | 'MESSAGE';
  result: '' | 'Поддержано' | 'Разъяснено' | 'Не поддержано';
  /** `YYYY-MM-DD` or ''. */
  dueDate: string;
  answeredDate: string;
  repeated: boolean;
  delivery: string;
  applicantKind: string;
  address: string;
  oktmo: string;
  latitude: string;
  longitude: string;
  /** '' unless the card came from the platform. */
  posId: string;
}

export type TrueState = 'NEW' | 'IN_WORK' | 'ANSWERED' | 'POSTPONED' | 'FORWARDED' | 'REMOVED';

export interface ArchiveOptions {
  /** How many cards; default 500. */
  readonly cards?: number;
  /** How many cardfiles they are spread over; default 5. */
  readonly cardfiles?: number;
  readonly seed?: number;
  /** Shares of all cards, 0 to 1. */
  readonly platformBorn?: number;
  readonly poor?: number;
  readonly severalQuestions?: number;
  /** Share of cards in a group that is no citizens' letter; default 0. */
  readonly foreign?: number;
  /** Path of a TSV with the columns code, level, parent, name; without it a small made-up tree serves. */
  readonly rubricsFile?: string;
  /** First and last day of registration, `YYYY-MM-DD`. */
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** The most records of one answer, whatever `$top` says. */
  readonly mostRecords?: number;
  /** The longest address that is taken; longer ones get 414. */
  readonly mostUrl?: number;
  /** Leaves `$TotalRecords` out. */
  readonly noTotals?: boolean;
  /** One change set for a whole batch is all that it knows: it answers as one. */
  readonly oneAnswerPerBatch?: boolean;
}

export const FAULT_KINDS = [
  /** The session is dropped and the call refused with `status` (401, 403 or 434). */
  'session-lost',
  /** Refused with `status` and a page of HTML; nothing is done. */
  'status',
  /** Answers after `ms`. */
  'slow',
  /** Never answers. */
  'hang',
  /** The connection ends before anything is done, after it is done, or in the midst of the answer. */
  'cut',
  'cut-after',
  'truncate',
  /** A business refusal with `message`. */
  'logic',
  /** An error of another type, 500. */
  'server-error',
  /** 200 with a page that is no answer. */
  'nonsense',
  /** The log-in is refused: 200 whose body holds `error:`. */
  'login-error',
] as const;
export type ArchiveFaultKind = (typeof FAULT_KINDS)[number];

export interface ArchiveFault {
  readonly kind: ArchiveFaultKind;
  /** Default: any. */
  readonly route?: 'login' | 'read' | 'batch';
  /** Reads of this entity only. */
  readonly entity?: string;
  /** How often; default: until cleared. */
  readonly times?: number;
  /** Lets that many matching calls pass first. */
  readonly skip?: number;
  readonly status?: number;
  readonly ms?: number;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
}

export interface ArchiveCounters {
  logins: number;
  refusedLogins: number;
  logoffs: number;
  reads: number;
  batches: number;
  merges: number;
  /** Characters of the longest address asked for. */
  longestUrl: number;
  /** Reads of cards by criteria: the DUEs of cardfiles in each. */
  cardfilesAsked: number[];
}
