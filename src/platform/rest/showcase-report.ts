import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import type { ShowcaseReportPage } from '../port.ts';
import { asList } from './answer.ts';
import type { PlatformMapping } from './mapping.ts';
import { cleanText, codeWord } from './text.ts';

const MESSAGE_LENGTH = 300;
const NO_CODE = 'NO_CODE';

const word = z
  .union([z.string(), z.int()])
  .nullish()
  .transform((value) => {
    const text = value === null || value === undefined ? '' : cleanText(String(value)).trim();
    return text === '' ? undefined : text;
  });
const count = z
  .union([z.int(), z.string().regex(/^\d{1,9}$/)])
  .nullish()
  .transform((value) => Number(value ?? 0))
  .pipe(z.int().min(0));
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]).transform((value) => String(value) === 'true');

const errorSchema = z.object({ recordId: word, field: word, code: word, message: word });
const pageSchema = z.object({
  state: z.string(),
  accepted: count,
  rejected: count,
  errors: z.unknown().optional(),
  next: word,
  last: flag.nullish(),
});

/**
 * One page of an upload's report (contracts/platform-rest.md, section 6).
 * @throws Fault PLATFORM_BAD_ANSWER naming what is wrong, also for a page that would make its reader go round for ever
 */
export function readReportPage(
  mapping: PlatformMapping,
  json: Readonly<Record<string, unknown>>,
  after: string | undefined,
): ShowcaseReportPage {
  const page = pageSchema.safeParse(json);
  if (!page.success) throw badReport(page.error.issues[0]?.path.join('.') ?? '');
  const listed = asList(page.data.errors).filter((item) => item !== null);
  const errors = listed.map((item, index) => readError(mapping, item, index));
  const state = stateOf(mapping, page.data.state);
  const { next } = page.data;
  // While the file is parsed there is nothing to page through, and the mark may be missing.
  const last = page.data.last ?? (state === 'DONE' || state === 'REFUSED' ? undefined : true);
  if (last === undefined) throw badReport('last');
  if (!last && (next === undefined || next === after)) throw badReport('next');
  return {
    state,
    accepted: page.data.accepted,
    rejected: page.data.rejected,
    errors,
    ...(next !== undefined && { next }),
    last,
  };
}

function readError(
  mapping: PlatformMapping,
  item: unknown,
  index: number,
): ShowcaseReportPage['errors'][number] {
  const read = errorSchema.safeParse(item);
  if (!read.success) throw badReport(`errors.${index}.${read.error.issues[0]?.path.join('.') ?? ''}`);
  const { recordId, field, code, message } = read.data;
  const isHeader = recordId === undefined && isHeaderField(mapping, field);
  return {
    ...(recordId !== undefined && { recordId }),
    ...(isHeader && { header: true as const }),
    ...(field !== undefined && /^[\w.[\]-]{1,100}$/.test(field) && { field }),
    code: codeWord(code) ?? NO_CODE,
    message: (message ?? '').replace(/\s+/gu, ' ').slice(0, MESSAGE_LENGTH).toWellFormed(),
  };
}

/** Whether a field, or a part of it, stands in a file's first line. */
export function isHeaderField({ showcase }: PlatformMapping, field: string | undefined): boolean {
  return field !== undefined && showcase.headerFields.includes(field.split(/[.[]/)[0] ?? '');
}

function stateOf({ showcase }: PlatformMapping, word: string): ShowcaseReportPage['state'] {
  const { received, parsing, done, refused } = showcase.uploadStates;
  switch (word) {
    case received:
      return 'RECEIVED';
    case parsing:
      return 'PARSING';
    case done:
      return 'DONE';
    case refused:
      return 'REFUSED';
    default:
      throw badReport(`state (${codeWord(word) ?? 'непонятное слово'})`);
  }
}

function badReport(where: string): Fault {
  return new Fault('PLATFORM_BAD_ANSWER', { detail: `отчёт о файле витрины: ${where}` });
}
