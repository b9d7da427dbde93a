import type { Readable } from 'node:stream';
import type { FeedItem } from '../model/appeal.ts';
import type {
  AnswerPayload,
  AppealOnPlatform,
  DeliveryPayload,
  HistoryEntry,
  PostOutcome,
  StatusPayload,
} from '../model/delivery.ts';

/** What a driver needs to speak for one cabinet. The password is read at each log-in, never kept. */
export interface CabinetAccess {
  readonly opaId: string;
  /** Short name of the cabinet, for logs. */
  readonly cabinet: string;
  readonly identifier: string;
  readPassword(): Promise<string>;
  /** IANA zone in which times without an offset are read. */
  readonly timeZone: string;
}

export interface CabinetIdentity {
  readonly opaId?: string;
  readonly organization?: {
    readonly name?: string;
    readonly inn?: string;
    readonly ogrn?: string;
    readonly oktmo?: string;
  };
}

export type FeedPage =
  | {
      readonly state: 'page';
      readonly items: readonly FeedItem[];
      readonly next?: string;
      readonly last: boolean;
    }
  /** The platform no longer keeps the cursor; go on from `oldest` and back-fill. */
  | { readonly state: 'expired'; readonly oldest?: string };

export interface FeedQuery {
  readonly after?: string;
  readonly size: number;
  /** With `to`: the back-fill call, by time of change. */
  readonly changedFrom?: Date;
  readonly changedTo?: Date;
}

export interface FileStream {
  readonly stream: Readable;
  /** Bytes still to come, when the platform tells. */
  readonly length?: number;
  /** Where the stream starts: 0 when the platform ignored the asked offset. */
  readonly offset: number;
}

export interface UploadSource {
  readonly name: string;
  readonly mimeType: string;
  readonly size: number;
  /** Opens the bytes; called again when the upload is repeated. */
  open(): Readable;
}

/** An answer or status exactly as it would go over the wire; for dry runs and `explain`. */
export interface RenderedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The writing half, used by the flow of replies. Every method throws `Fault` and nothing else. */
export interface PlatformReplies {
  /** The appeal with its history (contracts/platform-rest.md, section 2): what settles an unknown outcome. */
  readAppeal(cabinet: CabinetAccess, posId: string, signal?: AbortSignal): Promise<AppealOnPlatform>;
  /**
   * Posts a status or answer under its key. An outcome that cannot be known is PLATFORM_OUTCOME_UNKNOWN; 409 is
   * PLATFORM_ILLEGAL_TRANSITION, 404 PLATFORM_APPEAL_UNKNOWN, 413/415/422 PLATFORM_REJECTED with the field.
   */
  postStatus(
    cabinet: CabinetAccess,
    posId: string,
    key: string,
    payload: StatusPayload,
    signal?: AbortSignal,
  ): Promise<PostOutcome>;
  postAnswer(
    cabinet: CabinetAccess,
    posId: string,
    key: string,
    payload: AnswerPayload,
    fileIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<PostOutcome>;
  /** Uploads one file of an answer, streamed; returns the platform's file id. 413 and 415 are PLATFORM_REJECTED. */
  uploadFile(cabinet: CabinetAccess, file: UploadSource, signal?: AbortSignal): Promise<string>;
  /** The call as it would be sent, without the token. */
  renderStatus(opaId: string, posId: string, key: string, payload: StatusPayload): RenderedCall;
  renderAnswer(
    opaId: string,
    posId: string,
    key: string,
    payload: AnswerPayload,
    fileIds: readonly string[],
  ): RenderedCall;
  /** Whether entry and payload say the same where the platform keeps no keys: status + comment; fileIds, else type + comment. */
  isSameEntry(entry: HistoryEntry, payload: DeliveryPayload, fileIds: readonly string[]): boolean;
}

/** Everything the flows need of the platform. Every method throws `Fault` and nothing else. */
export interface Platform {
  /** Logs in afresh, whatever token is held; the credential test of `posrednik check`. */
  checkCabinet(cabinet: CabinetAccess, signal?: AbortSignal): Promise<CabinetIdentity>;
  readFeed(cabinet: CabinetAccess, query: FeedQuery, signal?: AbortSignal): Promise<FeedPage>;
  /** Reads one stored raw item again (after an upgrade, or to make a card): the same border as the feed. */
  parseItem(raw: string, timeZone: string): FeedItem;
  openFile(cabinet: CabinetAccess, fileId: string, offset: number, signal?: AbortSignal): Promise<FileStream>;
  /** Forgets a cabinet's token, e.g. after its settings changed. */
  forget(opaId: string): void;
  close(): Promise<void>;
}

/** The platform's own categories of one region (contracts/platform-rest.md, section 5). */
export interface PlatformCategory {
  readonly subjectId: string;
  readonly subject: string;
  readonly subsubjectId?: string;
  readonly subsubject?: string;
}

export interface PlatformClassifier {
  /** All categories with their sub-categories; a category without any stands alone. */
  readClassifier(
    cabinet: CabinetAccess,
    regionId: string,
    signal?: AbortSignal,
  ): Promise<readonly PlatformCategory[]>;
}

/** What the platform says of an uploaded showcase file, one page of it. */
export interface ShowcaseReportPage {
  readonly state: 'RECEIVED' | 'PARSING' | 'DONE' | 'REFUSED';
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly {
    /** Absent: the error is about the whole file. */
    readonly recordId?: string;
    /** The error is about the file's first line, so no record of it is at fault. */
    readonly header?: true;
    readonly field?: string;
    readonly code: string;
    readonly message: string;
  }[];
  readonly next?: string;
  readonly last: boolean;
}

/** The showcase («Витрина данных», contracts/platform-rest.md, section 6). Every method throws `Fault` and nothing else. */
export interface PlatformShowcase {
  /**
   * Uploads one gzip file under its key, streamed. An outcome that cannot be known is PLATFORM_OUTCOME_UNKNOWN: repeat
   * with the same key. 413 is SHOWCASE_TOO_MANY_RECORDS; 422 is SHOWCASE_HEADER_REFUSED when a field of the file's first
   * line is at fault, else SHOWCASE_FILE_REFUSED, with the field and with the platform's code before the first «:» of the detail.
   */
  uploadShowcase(
    cabinet: CabinetAccess,
    key: string,
    file: { readonly size: number; open(): Readable },
    signal?: AbortSignal,
  ): Promise<{ readonly uploadId: string }>;
  /** One page of the report; SHOWCASE_UPLOAD_LOST when the platform does not know the upload (any more). */
  readShowcaseReport(
    cabinet: CabinetAccess,
    uploadId: string,
    page: { readonly after?: string; readonly size: number },
    signal?: AbortSignal,
  ): Promise<ShowcaseReportPage>;
}
