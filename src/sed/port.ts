import type { Appeal } from '../model/appeal.ts';

/** A folder pair of one ДЕЛО and who stands at its two ends (contracts/sev.md, section 1). */
export interface SedChannel {
  readonly id: string;
  /** We write, the СЭД takes away. */
  readonly out: string;
  /** The СЭД writes, we take away. */
  readonly in: string;
  readonly address: string;
  readonly number: string;
  readonly recipient: SedParty;
  readonly sender: SedParty;
  /** Days for which the СЭД goes on reporting about a card (`Subscriptions@StopDayCount`). */
  readonly stopDayCount: number;
}

export interface SedParty {
  readonly organizationUid: string;
  readonly organizationName: string;
  readonly edmsUid: string;
}

export interface CardCabinet {
  readonly opaId: string;
  readonly name: string;
  readonly organizationName: string;
  readonly region?: string;
  readonly timeZone: string;
  /** The showcase counts its cards too, though they came from the platform: their «Выгрузка в витрину ПОС». */
  readonly showsPlatformBorn?: boolean;
}

export interface CardFile {
  /** Stable identity of the file inside the card: file UIDs come from it. */
  readonly fileId: string;
  /** As the citizen named it. */
  readonly name: string;
  readonly size: number;
  /** Where its bytes lie in the spool. */
  readonly path: string;
  readonly sha256: string;
}

/** Which document of ours, and which writing of it: all identities follow from these (contracts/sev.md). */
export interface PackageKey {
  readonly opaId: string;
  readonly posId: string;
  /** '' for the first consideration, else the identity of the change that opened the repetition. */
  readonly repetition: string;
  /** 0 = the card itself (MainDoc), 1.. = additions (AddToDoc). */
  readonly part: number;
  /** Grows only after a Failure of the current attempt. */
  readonly attempt: number;
}

export interface PackageIdentity {
  readonly documentUid: string;
  readonly messageId: string;
  readonly returnId: string;
  /** Name of the message's folder and, with `.env`, of its envelope. */
  readonly messageDir: string;
}

export interface EarlierCard {
  readonly documentUid: string;
  readonly number: string;
  /** Day, `YYYY-MM-DD`. */
  readonly date: string;
}

/** One package to the СЭД, in our words; the driver gives it the СЭД's shape by mappings/card.yaml. */
export interface CardRequest {
  readonly key: PackageKey;
  readonly channel: string;
  readonly cabinet: CardCabinet;
  readonly appeal: Appeal;
  /** Stored with the attempt, so that writing again after a crash is byte-equal. */
  readonly headerTime: Date;
  /** Why an addition is sent; absent for the card itself. */
  readonly addition?: 'late-file' | 'amended' | 'withdrawn' | 'term-moved' | 'rated';
  readonly files: readonly CardFile[];
  /** Files that did not come, with the reason in words for the clerk. */
  readonly missingFiles: readonly { readonly name: string; readonly reason: string }[];
  /** Repeated consideration or `repeatOf`: the earlier document to link to. */
  readonly earlier?: EarlierCard;
  /** Term to show when the appeal brings none; the appeal's answerAt wins. Day, `YYYY-MM-DD`. */
  readonly computedDeadline?: string;
}

/** A package as it will stand on disk, ready to be looked at (dry run) or written. */
export interface RenderedPackage {
  readonly identity: PackageIdentity;
  /** The message itself first. */
  readonly files: readonly {
    readonly name: string;
    readonly content: Uint8Array | { readonly path: string; readonly sha256: string };
  }[];
  readonly envelope: Uint8Array;
}

/** A document by which the СЭД answers one of ours, as its message named it. */
export interface AnswerDocument {
  /** As written; '' when the СЭД gave none. */
  readonly documentUid: string;
  /** MessageID and ReturnID of the message that brought it, as written. */
  readonly messageId: string;
  readonly returnId: string;
  readonly number: string;
  /** Day, `YYYY-MM-DD`. */
  readonly date: string;
  readonly group?: { readonly name: string; readonly uid?: string };
}

/** What we tell the СЭД about its answer document, as a partner should (contracts/sev.md, «We report back»). */
export type PartnerReportRequest = {
  readonly channel: string;
  /** UID of our document that is answered: one letter may answer several, and each is reported for itself. */
  readonly documentUid: string;
  readonly answer: AnswerDocument;
  /** Tells several reports of one kind apart; '' when there can be only one. */
  readonly subject: string;
  /** Stored with the report, so that writing again after a crash is byte-equal. */
  readonly headerTime: Date;
  readonly timeZone: string;
} & (
  | { readonly kind: 'reception' }
  /** The other side took it: under this number, on this day (`YYYY-MM-DD`). */
  | {
      readonly kind: 'registration';
      readonly registration: { readonly number: string; readonly date: string };
    }
  /** `code` is a whole number whose first digit is the group of contracts/sev.md; `text` is for the clerk. */
  | { readonly kind: 'failure'; readonly failure: { readonly code: number; readonly text: string } }
);

export const SED_EVENT_KINDS = [
  'reception',
  'failure',
  'registration',
  'forwarding',
  'consideration',
  'report',
  'redirection',
  'deadline',
  'answer-announced',
  'answer',
] as const;
export type SedEventKind = (typeof SED_EVENT_KINDS)[number];

/** One fact the СЭД told. Its identity is (documentUid, kind, subject), never the message it came in. */
export interface SedEvent {
  readonly kind: SedEventKind;
  /** UID of our document. */
  readonly documentUid: string;
  readonly subject: string;
  /** When it happened, as the СЭД says. */
  readonly at?: Date;
  /** Plain values of the fact (number, date, code, text, …), JSON-safe. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface IncomingFile {
  /** As named in ResourceList: data, never a path. */
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

/** A whole message read from the `in` folder; its files already lie in the spool. */
export interface IncomingMessage {
  readonly channel: string;
  readonly messageDir: string;
  readonly messageId: string;
  readonly returnId: string;
  /** 'Report' | 'Reception' | 'Failure' | 'MainDoc' | 'AddToDoc' | …, open. */
  readonly messageType: string;
  readonly time?: Date;
  /** The XML as it came. */
  readonly raw: string;
  readonly files: readonly IncomingFile[];
  readonly events: readonly SedEvent[];
}

/** Where the driver puts what it reads; given by the flow, backed by the store and the spool. */
export interface SedSink {
  /** Copies a file into the spool (fsync) and returns its content address. */
  spool(path: string): Promise<{ readonly sha256: string; readonly size: number }>;
  /** Stores message and events in one transaction; resolves only when they are durable. Doubled messages are fine. */
  accept(message: IncomingMessage): Promise<void>;
  /** Whether a message of this folder is stored already (its envelope may have been deleted before we died). */
  known(channel: string, messageId: string): Promise<boolean>;
  /**
   * Told when a message was moved to quarantine (messageDir is its name there), at least once for each, or when a
   * folder lies there without an envelope. `detail` is the reason in Russian.
   */
  trouble(
    channel: string,
    messageDir: string,
    code: 'SED_MESSAGE_UNREADABLE' | 'SED_MESSAGE_NO_ENVELOPE',
    detail: string,
  ): Promise<void>;
}

export type WriteOutcome = 'written' | 'already-written';

/** The exchange half of a СЭД driver. Every method throws `Fault` and nothing else. */
export interface SedExchange {
  /** Identities of a package; pure. */
  identify(key: PackageKey): PackageIdentity;
  /** The package as it would be written; sends nothing. */
  render(request: CardRequest): RenderedPackage;
  /** Writes the package: temporary folder, fsync, rename, envelope last. Safe to repeat. */
  write(request: CardRequest, signal?: AbortSignal): Promise<WriteOutcome>;
  /** A report about the СЭД's answer document as it would be written; sends nothing. */
  renderReport(request: PartnerReportRequest): RenderedPackage;
  /** Writes such a report, in the same way as a package. Safe to repeat: equal requests are equal messages. */
  report(request: PartnerReportRequest, signal?: AbortSignal): Promise<WriteOutcome>;
  /** Of these message folders, those that still wait in `out` (folder or envelope there). */
  waiting(channel: string, messageDirs: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Reads the `in` folder until aborted: a watch plus a sweep each `sweepMs`. A folder that is away and a sink
   * that refuses are told as a Fault to `onFault` and tried again; nothing is removed before the sink has it.
   */
  read(
    channel: string,
    sink: SedSink,
    options: { signal: AbortSignal; sweepMs: number; onFault(fault: unknown): void },
  ): Promise<void>;
  /** Puts a quarantined message back to be read again. */
  retryQuarantined(channel: string, messageDir: string): Promise<void>;
  /** Rights of both folders, tried for real; throws SED_FOLDER_UNAVAILABLE naming the folder. */
  checkChannel(channel: string): Promise<void>;
}

/** How a question of a card stands, in the platform's words (contracts/platform-rest.md, section 6). */
export const CARD_STATES = ['NEW', 'IN_WORK', 'ANSWERED', 'POSTPONED', 'FORWARDED', 'REMOVED'] as const;
export type CardState = (typeof CARD_STATES)[number];

/**
 * A registration card as the archive of the СЭД shows it. No name, contact or text of a citizen is in it, but for `text`,
 * which is there only when it was asked for.
 */
export interface ArchiveCard {
  /** Stable key of the card: the requisite that mappings/delo.yaml names, else the ISN. */
  readonly key: string;
  /** The СЭД's own number of the card: what is written to. */
  readonly isn: string;
  readonly regNumber: string;
  /** Day, `YYYY-MM-DD`; '' when the card has none. */
  readonly regDate: string;
  /** DUE of the cardfile of its registration (DUE_CARD). */
  readonly cardfile: string;
  readonly docGroup: string;
  /** All rubrics of the card, of any level, in its own order. */
  readonly rubrics: readonly { readonly code: string; readonly name: string }[];
  readonly kind: 'APPEAL_59FZ' | 'MESSAGE';
  /** Withdrawn or excluded by a clerk: REMOVED. */
  readonly state: CardState;
  readonly result?: 'SUPPORTED' | 'EXPLAINED' | 'NOT_SUPPORTED';
  readonly dueDate?: string;
  readonly answeredDate?: string;
  /** By the clerk's link to an earlier card. */
  readonly repeated: boolean;
  readonly oktmo?: string;
  readonly address?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly channel?: string;
  readonly applicantKind?: string;
  readonly organization?: string;
  /** What the card is about, for rules that look for a word: it may be personal, and is neither kept nor told. */
  readonly text?: string;
  /** The requisite «Номер ПОС»: the card came from the platform itself. */
  readonly posId?: string;
  /** The requisite «Выгрузка в витрину ПОС»; undefined when it was never filled. */
  readonly showcaseFlag?: boolean;
  /** The requisite «Статус ПОС»; undefined when it was never filled. */
  readonly posStatus?: string;
  /**
   * What could not be read; the fields named are absent, empty or at their default. Absent when all is well. Such a card
   * is given all the same, so that its questions stand in the log with this reason (SED_CARD_UNREADABLE).
   */
  readonly issues?: readonly CardIssue[];
}

/** A part of a card that does not fit: the field by our name, what is wrong in Russian, without the value. */
export interface CardIssue {
  readonly field: string;
  readonly problem: string;
}

export interface ArchiveQuery {
  /** DUEs of cardfiles, any number of them. */
  readonly cardfiles: readonly string[];
  /** DUEs of document groups; all groups of citizens' letters when left out. */
  readonly docGroups?: readonly string[];
  /** Days of registration, both inclusive, `YYYY-MM-DD`. */
  readonly from?: string;
  readonly to?: string;
  /** With `from` or `to`: cards without a day of registration too, so that none is missing without a word. */
  readonly undated?: true;
  /** Only cards with this value of «Выгрузка в витрину ПОС»; `unset` = never filled. */
  readonly showcaseFlag?: boolean | 'unset';
  /** Only cards whose «Статус ПОС» was never filled. */
  readonly posStatus?: 'unset';
  /** Cards come with their `text`. */
  readonly withText?: true;
}

export type Requisite = 'showcaseFlag' | 'posStatus' | 'posError';

export interface RequisiteWrite {
  readonly isn: string;
  /** `showcaseFlag` is 'true' or 'false'; a text longer than the archive takes is cut at a word; '' empties. */
  readonly values: Readonly<Partial<Record<Requisite, string>>>;
}

export interface CardLookup {
  readonly posId?: string;
  readonly regNumber?: string;
  readonly regDate?: string;
  readonly docGroup?: string;
}

/** What a driver needs to log in to an archive. The password is read at each log-in, never kept. */
export interface ArchiveAccess {
  readonly user: string;
  readPassword(): Promise<string>;
}

/** The archive half of a СЭД driver: what is in the СЭД already. Every method throws `Fault` and nothing else. */
export interface SedArchive {
  /** Cards in pages, each card once, memory flat whatever the number of cards and of cardfiles. */
  cards(query: ArchiveQuery, signal?: AbortSignal): AsyncIterable<readonly ArchiveCard[]>;
  /** Finds one card by «Номер ПОС», else by number, date and group; undefined when there is none or more than one. */
  findCard(lookup: CardLookup, signal?: AbortSignal): Promise<ArchiveCard | undefined>;
  /** Writes requisites; outcomes in the order of `writes`: a business refusal is one write's, a fault is thrown. */
  writeRequisites(
    writes: readonly RequisiteWrite[],
    signal?: AbortSignal,
  ): Promise<readonly ({ readonly ok: true } | { readonly ok: false; readonly message: string })[]>;
  /** The cardfiles that there are. */
  cardfiles(signal?: AbortSignal): Promise<readonly { readonly due: string; readonly name: string }[]>;
  /** Logs in afresh and reads one card: the test of `posrednik check`. */
  check(signal?: AbortSignal): Promise<void>;
  /** Logs off. */
  close(): Promise<void>;
}
