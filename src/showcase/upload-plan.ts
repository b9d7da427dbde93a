import type { ErrorCode } from '../model/error-codes.ts';
import type { UploadState } from './records.ts';

/** What decides an upload's next step. */
export interface UploadPlace {
  readonly state: UploadState;
  /** Milliseconds until the next try may begin; 0 or less: now. */
  readonly waitMs: number;
  readonly uploadId?: string;
  /** Place in the report: pages before it are stored. */
  readonly reportAfter?: string;
}

export type UploadStep =
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly ms: number }
  /** Send the file, or send it again under the same key. */
  | { readonly do: 'send' }
  | { readonly do: 'ask'; readonly uploadId: string; readonly after?: string };

/** The next step of one file on its way to the platform. Pure. */
export function nextUploadStep({ state, waitMs, uploadId, reportAfter }: UploadPlace): UploadStep {
  if (state === 'settled' || state === 'split' || state === 'failed') return { do: 'nothing' };
  if (waitMs > 0) return { do: 'wait', ms: waitMs };
  if (state !== 'polling' || uploadId === undefined) return { do: 'send' };
  return { do: 'ask', uploadId, ...(reportAfter === undefined ? {} : { after: reportAfter }) };
}

/** Parsing takes minutes to hours, sometimes days (contracts/platform-rest.md, section 6). */
const LONGEST_POLL_MS = 10 * 60_000;
const POLL_GROWTH = 0.1;

/**
 * Milliseconds until the report is asked for again: the first interval at first, a tenth of the upload's age later, at
 * most ten minutes (or the first interval, when that is longer).
 */
export function pollDelay(ageMs: number, firstMs: number): number {
  const cap = Math.max(LONGEST_POLL_MS, firstMs);
  return Math.round(Math.min(Math.max(ageMs * POLL_GROWTH, firstMs), cap));
}

/** Why the platform took nothing of a file. */
export interface WholeRefusal {
  readonly code: ErrorCode;
  readonly field?: string;
  /** The platform's own code, or ours when it gave none: what makes two refusals equal. */
  readonly platformCode: string;
  /** In words: the platform's code and message. */
  readonly detail?: string;
  /** Records that the refusal itself names as its cause, each with what is said of it. */
  readonly named?: ReadonlyMap<string, NamedRecord>;
}

export interface NamedRecord {
  readonly recordId: string;
  readonly field?: string;
  /** The platform's code and words. */
  readonly detail: string;
}

/** How an earlier piece of the same file ended. */
export interface PieceOutcome {
  readonly outcome: 'taken' | 'refused';
  readonly platformCode?: string;
  readonly field?: string;
}

export type Verdict =
  /** One cause for all of it: one incident, the records wait. */
  | 'incident'
  /** Its only record is the bad one. */
  | 'refuse-record'
  /** The named records are refused, the rest goes again. */
  | 'cut-out'
  | 'halve';

/** So many pieces that fail alike, and none taken, show a cause that lies in no single record. */
const PIECES_ALIKE = 8;

/**
 * What to do with a file that was refused whole. Pure.
 * @param pieces how the other pieces of the same original file ended; none for an original
 */
export function judgeRefusal(
  refusal: WholeRefusal,
  records: number,
  isPiece: boolean,
  pieces: readonly PieceOutcome[],
): Verdict {
  const isOversize = refusal.code === 'SHOWCASE_TOO_MANY_RECORDS';
  if (!isOversize && refusal.code !== 'SHOWCASE_FILE_REFUSED') return 'incident';
  if (isOversize) return records > 1 ? 'halve' : 'refuse-record';
  if ((refusal.named?.size ?? 0) > 0) return 'cut-out';
  if (isPiece && isOneCause(refusal, pieces)) return 'incident';
  return records > 1 ? 'halve' : 'refuse-record';
}

function isOneCause(refusal: WholeRefusal, pieces: readonly PieceOutcome[]): boolean {
  if (pieces.length + 1 < PIECES_ALIKE) return false;
  return pieces.every(
    ({ outcome, platformCode, field }) =>
      outcome === 'refused' && platformCode === refusal.platformCode && field === refusal.field,
  );
}

/** The platform's own code of a detail written as «code: message»; the whole of it when there is no message. */
export function platformCodeOf(detail: string | undefined, fallback: string): string {
  const code = (detail ?? '').split(':', 1)[0]?.trim() ?? '';
  return code === '' ? fallback : code;
}
