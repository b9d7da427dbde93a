/** Shapes of the simulated showcase: names as in the REST contract, section 6. */

export type UploadState = 'RECEIVED' | 'PARSING' | 'DONE' | 'REFUSED';

export interface ReportError {
  recordId?: string;
  field?: string;
  code: string;
  message: string;
}

export type WireRecord = Record<string, unknown>;

/** One uploaded file and what became of it. */
export interface Upload {
  readonly id: string;
  readonly key: string | undefined;
  readonly receivedAt: string;
  readonly records: readonly WireRecord[];
  state: UploadState;
  polls: number;
  accepted: number;
  rejected: number;
  errors: readonly ReportError[];
}

/** What the platform has of one organisation. */
export interface Shelf {
  readonly uploads: Map<string, Upload>;
  /** Uploads by Idempotency-Key (mode `keys`). */
  readonly byKey: Map<string, string>;
  /** The newest accepted content of each record, REMOVED ones taken off. */
  readonly shown: Map<string, WireRecord>;
  /** Every record ever accepted, in order, as its JSON text. */
  readonly log: { readonly uploadId: string; readonly recordId: string; readonly json: string }[];
}

export function emptyShelf(): Shelf {
  return { uploads: new Map(), byKey: new Map(), shown: new Map(), log: [] };
}

/**
 * A whim of the platform: what happens when a record of the file has this value in this field (`equals` left out: has
 * the field at all). `record`: that record is rejected; `at-once`: the whole file gets 422; `file`: the whole file ends
 * as REFUSED and the report names no record; `file-named`: it names the bad ones.
 */
export interface ShowcaseRule {
  field: string;
  equals?: string | number | boolean;
  effect: 'record' | 'at-once' | 'file' | 'file-named';
  code?: string;
  message?: string;
}

export interface ShowcaseSettings {
  /** More records than this and the file is refused with 413. */
  showcaseMaxRecords: number;
  /** Reports asked for before the parsing is over; -1: only at the command `finishUploads`. */
  showcasePolls: number;
  showcaseRules: readonly ShowcaseRule[];
  /** Category ids that are known, `subject` or `subject/subsubject`; not given: those of the platform's own classifier. */
  showcaseCategories?: readonly string[] | undefined;
  /** Every file is refused with 422 for this field of its header. */
  showcaseHeaderFault?: string | undefined;
}

/** What a test or the demo sees of an upload. */
export type UploadSummary = Omit<Upload, 'records'> & { readonly records: number };
