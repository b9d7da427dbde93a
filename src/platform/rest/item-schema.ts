import { z } from 'zod';
import { asList } from './answer.ts';
import { parseJson } from './json.ts';
import { cleanText } from './text.ts';
import { readTime } from './time.ts';

/*
 * The shape of one appeal at the border. Unknown fields are ignored, null and empty text mean missing, and every message
 * is one of EXPECTED: an item's own values must never reach a log through an error text.
 */

/** All that can be wrong with a value, in the words shown to the administrator. */
export const EXPECTED = {
  object: 'ожидался объект',
  text: 'ожидалась строка',
  id: 'ожидалась строка или целое число',
  posId: 'ожидалось целое число или строка из цифр',
  flag: 'ожидалось true или false',
  time: 'ожидалось время RFC 3339',
  coordinate: 'ожидалось число',
  size: 'ожидалось целое неотрицательное число',
  scalar: 'ожидалось простое значение',
  missing: 'значение отсутствует',
} as const;

/** Reads a value that is there; undefined means that its shape is wrong. */
type Read<T> = (value: unknown) => T | undefined;

/**
 * `read`, or missing. Written by hand, for zod's unions try all branches and this runs for every field of every item.
 */
function optional<T>(expected: string, read: Read<T>) {
  return z
    .unknown()
    .transform((value, context): T | undefined =>
      isMissing(value) ? undefined : check(expected, read, value, context),
    )
    .optional();
}

export function required<T>(expected: string, read: Read<T>) {
  return z
    .unknown()
    .transform(
      (value, context): T => check(isMissing(value) ? EXPECTED.missing : expected, read, value, context),
    );
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function check<T>(expected: string, read: Read<T>, value: unknown, context: z.RefinementCtx): T {
  const result = isMissing(value) ? undefined : read(value);
  if (result !== undefined) return result;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}

const text = optional(EXPECTED.text, (value) => (typeof value === 'string' ? cleanText(value) : undefined));

/** Identifiers and codes: platforms change between numbers and strings for them. */
export const id = optional(EXPECTED.id, readId);
export const requiredId = required(EXPECTED.id, readId);

function readId(value: unknown): string | undefined {
  if (typeof value === 'string') return cleanText(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

export const posIdSchema = required(EXPECTED.posId, (value) => {
  const digits = readId(value);
  return digits !== undefined && /^\d{1,20}$/.test(digits) ? digits : undefined;
});

const flag = optional(EXPECTED.flag, (value) => {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
});

const size = optional(EXPECTED.size, (value) => {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
});

const coordinate = optional(EXPECTED.coordinate, (value) => {
  const isNumeric = typeof value === 'string' && /^\s*[+-]?\d{1,3}([.,]\d{1,30})?\s*$/.test(value);
  const number = isNumeric ? Number(value.replace(',', '.')) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
});

/** What a person filled into a field of the cabinet's form: shown as text whatever it is. */
export const shown = optional(EXPECTED.scalar, (value) => {
  const parts = asList(value).map((part) => (typeof part === 'object' ? undefined : String(part)));
  return parts.includes(undefined) ? undefined : cleanText(parts.join(', '));
});

export function object<S extends z.ZodRawShape>(shape: S) {
  return z.object(shape, { error: EXPECTED.object });
}

/** A list that may be missing, or stand as its one bare element. */
export function list<T extends z.ZodType>(element: T) {
  return z.preprocess((value) => asList(value).filter((part) => part !== null), z.array(element));
}

export function maybe<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (isMissing(value) ? undefined : value), schema.optional()).optional();
}

/** The platform's older interfaces give the place as text: an address, or the object's own JSON. */
function placeOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (!value.trimStart().startsWith('{')) return { address: value };
  try {
    return parseJson(value);
  } catch {
    return { address: value };
  }
}

const attachment = object({ fileId: requiredId, name: text, size, mimeType: text, sha256: text });
const customField = object({ customFieldId: id, name: text, value: shown });
const organization = object({ name: text, inn: id, ogrn: id });

const place = object({ address: text, oktmo: id, latitude: coordinate, longitude: coordinate });

function buildSchema(zone: string) {
  const time = optional(EXPECTED.time, (value) => readTime(value, zone));
  return object({
    posId: posIdSchema,
    changeId: id,
    kind: text,
    change: text,
    status: text,
    statusText: text,
    createdAt: time,
    receivedAt: time,
    answerAt: time,
    coordinationAt: time,
    source: text,
    fastTrack: flag,
    subjectId: id,
    subjectName: text,
    subsubjectId: id,
    subsubjectName: text,
    description: text,
    location: z
      .preprocess((value) => (isMissing(value) ? undefined : placeOf(value)), place.optional())
      .optional(),
    applicant: maybe(
      object({
        kind: text,
        epguId: id,
        surname: text,
        name: text,
        patronymic: text,
        email: text,
        phone: id,
        organization: maybe(organization),
      }),
    ),
    organizationInfo: maybe(object({ name: text })),
    customFieldValues: list(customField),
    attachments: list(attachment),
    repeatOf: id,
    rating: size,
    ratingComment: text,
    withdrawnReason: text,
  });
}

export type ItemSchema = ReturnType<typeof buildSchema>;
export type WireItem = z.infer<ItemSchema>;

const schemas = new Map<string, ItemSchema>();

/** The schema for items of a cabinet in this IANA zone; built once a zone, for building costs more than parsing. */
export function itemSchema(zone: string): ItemSchema {
  const known = schemas.get(zone);
  if (known !== undefined) return known;
  const built = buildSchema(zone);
  schemas.set(zone, built);
  return built;
}
