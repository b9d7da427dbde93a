import { createHash } from 'node:crypto';
import type { Appeal, AttachmentRef, FeedItem } from '../../model/appeal.ts';
import { APPEAL_CHANGE_ROLES, APPEAL_CHANGES } from '../../model/appeal.ts';
import { itemSchema, posIdSchema, type WireItem } from './item-schema.ts';
import { itemHash, parseJson, toJson } from './json.ts';
import type { PlatformMapping } from './mapping.ts';
import { cleanText } from './text.ts';
import { withoutMissing } from './without-missing.ts';

/** Longest change identity kept as it came: it is a key of the store. */
const IDENTITY_LENGTH = 200;
const MAX_ISSUES = 20;
const SHOWN_VALUE_LENGTH = 60;

/** Reads one parsed element of a page; never throws. `zone`: IANA zone for times without an offset. */
export type ItemReader = (element: unknown, zone: string) => FeedItem;

/** The border for items of the feed (contracts/platform-rest.md, section 2), by this mapping's known values. */
export function createItemReader(mapping: PlatformMapping): ItemReader {
  return (element, zone) => readItem(mapping, element, toJson(element), zone);
}

/** The same border for the stored JSON text of one item; never throws. */
export function parseRawItem(mapping: PlatformMapping, raw: string, zone: string): FeedItem {
  try {
    return readItem(mapping, parseJson(raw), raw, zone);
  } catch {
    return {
      ok: false,
      changeIdentity: `sha256:${sha256(raw)}`,
      raw,
      issues: ['(весь текст): ожидался JSON'],
    };
  }
}

function readItem(mapping: PlatformMapping, element: unknown, raw: string, zone: string): FeedItem {
  const result = itemSchema(zone).safeParse(element);
  if (result.success) {
    const changeIdentity = identityOf(result.data.changeId, element, raw);
    return { ok: true, appeal: toAppeal(mapping, result.data, changeIdentity), raw };
  }
  const fields = typeof element === 'object' && element !== null ? (element as Record<string, unknown>) : {};
  const posId = posIdSchema.safeParse(fields['posId']);
  const changeId = typeof fields['changeId'] === 'string' ? cleanText(fields['changeId']) : undefined;
  return {
    ok: false,
    ...(posId.success && { posId: posId.data }),
    changeIdentity: identityOf(changeId || undefined, element, raw),
    raw,
    issues: result.error.issues
      .slice(0, MAX_ISSUES)
      .map((issue) => `${issue.path.join('.') || '(всё обращение)'}: ${issue.message}`),
  };
}

function identityOf(changeId: string | undefined, element: unknown, raw: string): string {
  if (changeId === undefined) return itemHash(element, raw);
  return changeId.length <= IDENTITY_LENGTH ? changeId : `sha256:${sha256(changeId)}`;
}

function toAppeal(mapping: PlatformMapping, wire: WireItem, changeIdentity: string): Appeal {
  const unknownValues: string[] = [];
  const note = (path: string, value: string) =>
    unknownValues.push(`${path}=${value.slice(0, SHOWN_VALUE_LENGTH).toWellFormed()}`);
  const open = (path: string, value: string | undefined, known: Readonly<Record<string, string>>): string => {
    if (value === undefined || !Object.hasOwn(known, value)) note(path, value ?? '');
    return value ?? '';
  };

  const { limits, itemDefaults } = mapping;
  if (wire.rating !== undefined && (wire.rating < limits.ratingMin || wire.rating > limits.ratingMax)) {
    note('rating', String(wire.rating));
  }
  const kind = open('kind', wire.kind, mapping.kinds) || itemDefaults.kind;
  const change = ourWord(mapping, open('change', wire.change, mapping.changes) || itemDefaults.change);
  const status = open('status', wire.status, mapping.statuses);
  if (wire.source !== undefined) open('source', wire.source, mapping.sources);

  return {
    posId: wire.posId,
    changeIdentity,
    kind,
    change,
    status,
    fastTrack: wire.fastTrack ?? false,
    category: withoutMissing({ id: wire.subjectId, name: wire.subjectName }),
    subcategory: withoutMissing({ id: wire.subsubjectId, name: wire.subsubjectName }),
    description: wire.description ?? '',
    location: withoutMissing(wire.location ?? {}),
    applicant: toApplicant(mapping, wire, note),
    customFields: wire.customFieldValues.map(({ customFieldId, name, value }) => ({
      ...(customFieldId !== undefined && { id: customFieldId }),
      name: name ?? customFieldId ?? '',
      value: value ?? '',
    })),
    attachments: wire.attachments.map((file, index) => toAttachment(file, index, note)),
    ...withoutMissing({
      statusText: wire.statusText,
      createdAt: wire.createdAt,
      receivedAt: wire.receivedAt,
      answerAt: wire.answerAt,
      coordinationAt: wire.coordinationAt,
      source: wire.source,
      organizationName: wire.organizationInfo?.name,
      repeatOf: wire.repeatOf,
      rating: wire.rating,
      ratingComment: wire.ratingComment,
      withdrawnReason: wire.withdrawnReason,
    }),
    unknownValues,
  };
}

/** The flows know changes by our own words; how the platform spells each is data. */
function ourWord(mapping: PlatformMapping, change: string): string {
  const role = APPEAL_CHANGE_ROLES.find((name) => mapping.changeRoles[name] === change);
  return role === undefined ? change : APPEAL_CHANGES[role];
}

type Note = (path: string, value: string) => void;

function toApplicant(mapping: PlatformMapping, wire: WireItem, note: Note): Appeal['applicant'] {
  const { kind, organization, ...person } = wire.applicant ?? {};
  const { person: personWord, legal: legalWord } = mapping.applicantKinds;
  if (kind !== undefined && kind !== personWord && kind !== legalWord) note('applicant.kind', kind);
  const company = withoutMissing(organization ?? {});
  const hasCompany = Object.keys(company).length > 0;
  const isLegal = kind === legalWord || (kind !== personWord && hasCompany);
  return {
    kind: isLegal ? 'LEGAL' : 'PERSON',
    ...withoutMissing(person),
    ...(hasCompany && { organization: company }),
  };
}

/** A checksum we cannot read is told and left out: the card must not wait for it. */
function toAttachment(
  { fileId, name, size, mimeType, sha256: digest }: WireItem['attachments'][number],
  index: number,
  note: Note,
): AttachmentRef {
  const isReadable = digest !== undefined && /^[0-9a-f]{64}$/i.test(digest);
  if (digest !== undefined && !isReadable) note(`attachments.${index}.sha256`, digest);
  return {
    fileId,
    name: name ?? fileId,
    ...withoutMissing({ size, mimeType, sha256: isReadable ? digest.toLowerCase() : undefined }),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
