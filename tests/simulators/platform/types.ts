import type { ShowcaseSettings } from './showcase-types.ts';

/** Shapes of the simulated platform: names as in the REST contract, sections 1 to 5. */

export type ChangeKind = 'NEW' | 'RATED' | 'REPEATED' | 'WITHDRAWN' | 'TERM_MOVED' | 'AMENDED';

export interface WireAttachment {
  fileId: string;
  name: string;
  size: number;
  mimeType: string;
  sha256?: string;
}

export interface WireApplicant {
  kind?: string;
  epguId?: string;
  surname?: string;
  name?: string;
  patronymic?: string;
  email?: string;
  phone?: string;
  organization?: { name?: string; inn?: string; ogrn?: string };
}

export interface WireLocation {
  address?: string;
  oktmo?: string;
  latitude?: number;
  longitude?: number;
}

/** An item of the feed, whole. */
export interface WireAppeal {
  posId: number;
  changeId: string;
  kind: string;
  change: string;
  status: string;
  statusText: string;
  createdAt: string;
  receivedAt: string;
  answerAt: string;
  coordinationAt: string;
  source: string;
  fastTrack: boolean;
  subjectId: string;
  subjectName: string;
  subsubjectId: string;
  subsubjectName: string;
  description: string;
  location: WireLocation | string | null;
  applicant: WireApplicant;
  organizationPersonalAreaId: string;
  organizationInfo: Record<string, string>;
  customFieldValues: { customFieldId: string; name: string; fieldType: string; value: string }[];
  attachments: WireAttachment[];
  repeatOf?: number | null;
  rating?: number | null;
  ratingComment?: string | null;
  withdrawnReason?: string | null;
}

export interface Person {
  surname: string;
  name: string;
  patronymic?: string;
  position?: string;
}

export interface WireAnswer {
  answerType: string;
  comment?: string;
  rejectReason?: { id: string; name: string };
  fileIds?: string[];
}

/** One entry of `history`; what stands under `internal` is kept for pages and tests and never sent. */
export interface HistoryEntry {
  status: string;
  statusText: string;
  createdAt: string;
  comment?: string;
  createdBy?: Person;
  clientKey?: string;
  answer?: WireAnswer;
  internal?: {
    id?: string;
    card?: { number?: string; date?: string };
    executor?: Person;
    postponedTo?: string;
    forwardTo?: string;
    reason?: string;
    number?: string;
    date?: string;
    repetition: number;
  };
}

export interface FileInput {
  name: string;
  /** The bytes; a string is taken as UTF-8. */
  content?: Uint8Array | string;
  contentBase64?: string;
  /** With no content: that many bytes are made up on the fly, whatever the size. */
  size?: number;
  mimeType?: string;
  /** Send the checksum in the item; default: only when the bytes were given. */
  sha256?: boolean;
}

/** Anything not given gets a sane default; `null` is sent as null. */
export type AppealInput = { [K in keyof WireAppeal]?: WireAppeal[K] | null } & {
  files?: FileInput[];
  /** Time of the change, for the back-fill call, ms since the epoch; default: the platform's clock. */
  changedAtMs?: number;
};

export interface CabinetInput {
  opaId: string;
  identifier: string;
  password: string;
  name: string;
  inn?: string;
  kpp?: string;
  ogrn?: string;
  oktmo?: string;
  address?: string;
  /** Default true. */
  ready?: boolean;
}

export type KeyMode = 'keys' | 'nokeys';

export interface PlatformOptions extends Partial<ShowcaseSettings> {
  /** `keys`: keeps client keys and takes a repeated key once; `nokeys`: ignores the header. */
  keyMode?: KeyMode;
  /** One-element lists are sent as the bare element. */
  bareObject?: boolean;
  /** Added to every time the platform writes and to the `Date` header, ms. */
  clockOffsetMs?: number;
  /** Life of a token, seconds. */
  tokenSeconds?: number;
  maxFileBytes?: number;
  maxAnswerFiles?: number;
  allowedExtensions?: readonly string[];
  /** A POSTPONE comes back in the feed as TERM_MOVED. Default true. */
  echoTerm?: boolean;
  /** Default 0: any free port of 127.0.0.1. */
  port?: number;
  /** The true time, ms since the epoch; tests may move it. */
  now?: () => number;
}
