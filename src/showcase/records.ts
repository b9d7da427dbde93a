import type { CardState } from '../sed/port.ts';

/**
 * One line of a showcase file: one question of one card (contracts/platform-rest.md, section 6). Keys in the order in
 * which they are written; what has no value is left out. Days are `YYYY-MM-DD`.
 */
export interface ShowcaseRecord {
  /** `{card key}#{question number}`, stable. */
  readonly recordId: string;
  readonly regNumber: string;
  readonly regDate: string;
  readonly kind: 'APPEAL_59FZ' | 'MESSAGE';
  readonly questionNo: number;
  readonly questionsTotal: number;
  readonly otkCode: string;
  readonly subjectId: string;
  readonly subsubjectId?: string;
  readonly state: CardState;
  readonly dueDate?: string;
  readonly answeredDate?: string;
  readonly overdue?: true;
  readonly repeated?: true;
  readonly oktmo?: string;
  readonly address?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly channel?: string;
  readonly applicantKind?: string;
  readonly result?: 'SUPPORTED' | 'EXPLAINED' | 'NOT_SUPPORTED';
}

/**
 * What the last look at a card said of a question; only building writes it. `send`: `content` should be on the platform;
 * `remove`: it should be off it (`content` has the state REMOVED); `refuse`: our own validation says no; `unmapped`: its
 * code has no category.
 */
export const VERDICTS = ['send', 'remove', 'refuse', 'unmapped'] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * Where a question stands on its way into the showcase. The column is computed by the database from the facts (the
 * verdict and four hashes, migration 0004), never written:
 * `sent`: `sent_hash` is set, that is, its line is in the file `upload_id` whose report is not settled;
 * `refused`, `unmapped`: by the verdict, or the platform refused exactly this content;
 * `accepted`: the platform has exactly this content; `gone`: taken off and the platform knows, or it never had it;
 * `ready`: any other content, which the platform does not have yet.
 *
 * Whoever puts a record into a file sets `upload_id` and `sent_hash = hash`. Whoever settles the file sets, for every
 * record of it that is still in flight, `accepted_hash = sent_hash` or `refused_hash = sent_hash` with the error columns,
 * then `sent_hash = NULL` and, when accepted and `hash = sent_hash` and the verdict is `send` or `remove`,
 * `since = NULL`. What building has found meanwhile then shows by itself: another content is `ready` again. To send a refused
 * content once more: `refused_hash = NULL`. The file moves (a split): `upload_id` alone. A hash is `contentHash` of the line.
 * The log of what is not in the showcase, with its reason: the view `showcase_open`.
 */
export const RECORD_STATES = ['ready', 'sent', 'accepted', 'refused', 'unmapped', 'gone'] as const;
export type RecordState = (typeof RECORD_STATES)[number];

/**
 * Where a file stands. `ready`: lies in the spool; `sending`: a call is under way or its outcome unknown (repeated with
 * the same key); `polling`: the platform has it and is asked for its report; `settled`: the report is read to its end and
 * applied; `split`: refused whole and cut in two; `failed`: refused whole and not cut further, its records wait.
 */
export const UPLOAD_STATES = ['ready', 'sending', 'polling', 'settled', 'split', 'failed'] as const;
export type UploadState = (typeof UPLOAD_STATES)[number];
