/** One exchange with a partner: two folders (contracts/sev.md, section 1). */
export interface DeloChannel {
  readonly id: string;
  /** The partner writes, ДЕЛО takes away. */
  readonly out: string;
  /** ДЕЛО writes, the partner takes away. */
  readonly in: string;
}

/** A person as written on a document. */
export interface Person {
  readonly fio: string;
  readonly post?: string;
  readonly organization?: string;
  readonly uid?: string;
}

export interface CardFile {
  /** As the citizen named it (`File/Description`), else the resource's name. */
  readonly name: string;
  /** Name inside the message folder. */
  readonly resource: string;
  readonly size: number;
  readonly sha256: string;
  /** Where the bytes lie, when they are kept. */
  readonly path?: string;
  /** MessageID of the message that brought it. */
  readonly messageId: string;
}

export interface CardAuthor {
  readonly kind: 'person' | 'organization' | 'unknown';
  readonly name: string;
  readonly address?: string;
  readonly contacts: readonly { readonly type: string; readonly value: string }[];
}

export interface CardLink {
  readonly type: string;
  readonly documentUid?: string;
  readonly number: string;
  readonly date: string;
}

export interface Addition {
  readonly messageId: string;
  readonly at: string;
  readonly annotation?: string;
  readonly note?: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly CardFile[];
}

export interface Resolution {
  readonly taskId: string;
  readonly uid: string;
  readonly at: string;
  readonly text: string;
  readonly author: Person;
  readonly executors: readonly Executor[];
  /** Day. */
  readonly term?: string;
  readonly project: boolean;
  readonly private: boolean;
  /** Task that this one is a part of. */
  readonly parent?: string;
}

export interface Executor extends Person {
  readonly responsible: boolean;
  readonly report?: { readonly text: string; readonly at: string };
}

export interface Redirection {
  readonly organization: string;
  readonly organizationUid?: string;
  readonly type: string;
  readonly at: string;
}

/** What the partner told us about an answer of ours. */
export interface PartnerReport {
  readonly type: string;
  readonly at: string;
  readonly number?: string;
  readonly date?: string;
  readonly code?: number;
  readonly text?: string;
}

export interface Answer {
  readonly documentUid: string;
  readonly documentId: string;
  readonly returnId: string;
  readonly number: string;
  readonly date: string;
  readonly group: string;
  readonly access: string;
  readonly text?: string;
  readonly note?: string;
  readonly signer: Person;
  readonly fields: Readonly<Record<string, string>>;
  readonly linkType: string;
  /** Cards that it answers, the first one being the card it was made in. */
  readonly cardIds: readonly string[];
  readonly files: readonly { readonly name: string; readonly content: Buffer }[];
  readonly at: string;
  readonly documentSent: number;
  readonly announced: boolean;
  readonly partner: readonly PartnerReport[];
}

/** Which notices the partner asked for (`Subscriptions`). */
export type Subscription =
  | 'Reception'
  | 'Registration'
  | 'Forwarding'
  | 'Consideration'
  | 'Report'
  | 'Redirection'
  | 'Answer';

/** A registration card, as the clerk sees it. */
export interface Card {
  /** ДЕЛО's own number of the document: `DocumentID` in its messages. */
  readonly id: string;
  readonly channel: string;
  readonly state: 'received' | 'registered';
  readonly documentUid: string;
  /** Number and day of the card; absent until it is registered. */
  readonly number?: string;
  readonly date?: string;
  /** `RegistrationInfo` of the partner's document: the platform's number. */
  readonly posId: string;
  readonly posDate: string;
  readonly group: string;
  readonly annotation: string;
  readonly note?: string;
  readonly author: CardAuthor;
  readonly rubrics: readonly { readonly name: string; readonly uid?: string }[];
  readonly fields: Readonly<Record<string, string>>;
  /** Requisites that the clerk filled in: ДЕЛО's own documents show them. */
  readonly requisites?: Readonly<Record<string, string>>;
  readonly files: readonly CardFile[];
  /** Day. */
  readonly deadline?: string;
  readonly links: readonly CardLink[];
  readonly additions: readonly Addition[];
  readonly resolutions: readonly Resolution[];
  readonly redirections: readonly Redirection[];
  readonly answers: readonly Answer[];
  readonly partner: readonly PartnerReport[];
  readonly messageId: string;
  readonly returnId: string;
  readonly subscriptions: readonly Subscription[];
  readonly takenAt: string;
  readonly registeredAt?: string;
  readonly reportsSent: number;
}

export interface Complaint {
  readonly channel: string;
  readonly messageDir: string;
  /** Short and stable, e.g. `xsd`, `bom`, `file-size`. */
  readonly code: string;
  readonly text: string;
}

export interface Counters {
  taken: number;
  cards: number;
  registered: number;
  additions: number;
  doubles: number;
  refusals: number;
  partnerReports: number;
  strayEnvelopes: number;
  /** Messages written whole to `in`, doubles of ours and nonsense included. */
  written: number;
  reports: number;
  answers: number;
  nonsense: number;
  withheld: number;
}

export interface Double {
  readonly channel: string;
  readonly documentUid: string;
  readonly messageId: string;
  readonly posId: string;
  readonly why: 'document-uid' | 'message-id';
}

export interface Refusal {
  readonly channel: string;
  readonly documentUid: string;
  readonly posId: string;
  readonly messageId: string;
  readonly code: number;
  readonly text: string;
}

export const NONSENSE_KINDS = [
  'truncated',
  'not-xml',
  'dtd',
  'unknown-return-id',
  'unknown-uid',
  'huge',
  'deep',
  'no-envelope',
  'missing-file',
] as const;
export type NonsenseKind = (typeof NONSENSE_KINDS)[number];

/** How ДЕЛО misbehaves. A share is the probability 0..1 that one message is hit. */
export interface Behaviour {
  /** Takes nothing from `out`. */
  readonly silent?: boolean;
  /** Refuses registration; the default code is 39. */
  readonly refuse?: false | { readonly code?: number; readonly text?: string; readonly share?: number };
  readonly takeDelayMs?: number;
  readonly registerDelayMs?: number;
  /** `command`: the card waits for the clerk. */
  readonly registration?: 'auto' | 'command';
  /** Share of messages that are sent a second time, under the same MessageID. */
  readonly twice?: number;
  /** Share of messages that are held back, so that later ones overtake them. */
  readonly reorder?: number;
  /** Share of messages behind which nonsense is sent. */
  readonly nonsense?: number;
  readonly nonsenseKinds?: readonly NonsenseKind[];
  /** The message's folder stays without its envelope until `release()`. */
  readonly noEnvelope?: boolean;
  /** A file named in ResourceList is not there until `release()`. */
  readonly missingFile?: boolean;
}

export interface DeloOptions {
  readonly channels: readonly DeloChannel[];
  readonly host?: string;
  /** 0 = any free port. */
  readonly port?: number;
  readonly seed?: number;
  /** false: files are hashed and their bytes forgotten. Default true. */
  readonly keepFiles?: boolean;
  /** Where taken messages go, folder and envelope; kept when the simulator stops. Default: beside `out`, removed. */
  readonly takenDir?: string;
  /** Safety net under the watch of the folders. */
  readonly pollMs?: number;
  readonly timeZone?: string;
  readonly now?: () => Date;
  readonly behaviour?: Behaviour;
  /** Organisations that the page's form of redirection offers; the first stands in it. */
  readonly organizations?: readonly string[];
  /** Size of the `huge` nonsense. */
  readonly hugeBytes?: number;
}
