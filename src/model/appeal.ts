/** The platform's words as our types. Text is already well-formed (no lone surrogate, no U+0000). */

/** Our own words for what a feed item tells; mappings/platform.yaml says how the platform spells each. */
export const APPEAL_CHANGES = {
  new: 'NEW',
  rated: 'RATED',
  repeated: 'REPEATED',
  withdrawn: 'WITHDRAWN',
  termMoved: 'TERM_MOVED',
  amended: 'AMENDED',
} as const;
export const APPEAL_CHANGE_ROLES = ['new', 'rated', 'repeated', 'withdrawn', 'termMoved', 'amended'] as const;

export interface CategoryRef {
  readonly id?: string;
  readonly name?: string;
}

export interface Applicant {
  readonly kind: 'PERSON' | 'LEGAL';
  readonly epguId?: string;
  readonly surname?: string;
  readonly name?: string;
  readonly patronymic?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly organization?: { readonly name?: string; readonly inn?: string; readonly ogrn?: string };
}

export interface AppealLocation {
  readonly address?: string;
  readonly oktmo?: string;
  readonly latitude?: number;
  readonly longitude?: number;
}

export interface AttachmentRef {
  readonly fileId: string;
  /** As the citizen named it: data, never a path. */
  readonly name: string;
  readonly size?: number;
  readonly mimeType?: string;
  readonly sha256?: string;
}

export interface CustomField {
  readonly id?: string;
  readonly name: string;
  readonly value: string;
}

/** One whole item of the platform's feed (contracts/platform-rest.md, section 2). */
export interface Appeal {
  readonly posId: string;
  /** Identity of the change this item tells of: the platform's changeId, else a hash of the item. */
  readonly changeIdentity: string;
  /** 'MESSAGE' | 'APPEAL_59FZ', open: an unknown value passes as it came. */
  readonly kind: string;
  /** One of APPEAL_CHANGES, or as it came when unknown. */
  readonly change: string;
  readonly status: string;
  readonly statusText?: string;
  readonly createdAt?: Date;
  readonly receivedAt?: Date;
  /** The term the platform sets; it wins over any computed one. */
  readonly answerAt?: Date;
  readonly coordinationAt?: Date;
  readonly source?: string;
  readonly fastTrack: boolean;
  readonly category: CategoryRef;
  readonly subcategory: CategoryRef;
  readonly description: string;
  readonly location: AppealLocation;
  readonly applicant: Applicant;
  readonly organizationName?: string;
  readonly customFields: readonly CustomField[];
  readonly attachments: readonly AttachmentRef[];
  readonly repeatOf?: string;
  readonly rating?: number;
  readonly ratingComment?: string;
  readonly withdrawnReason?: string;
  /** Values of open sets that this version does not know, as `path=value`; a journal line each. */
  readonly unknownValues: readonly string[];
}

/** What became of one element of a page at the border. */
export type FeedItem =
  | { readonly ok: true; readonly appeal: Appeal; readonly raw: string }
  | {
      readonly ok: false;
      /** Known when the item at least names itself. */
      readonly posId?: string;
      readonly changeIdentity: string;
      readonly raw: string;
      /** `path: what is wrong`, no values. */
      readonly issues: readonly string[];
    };
