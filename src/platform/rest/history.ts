import { z } from 'zod';
import type { AppealOnPlatform, HistoryEntry } from '../../model/delivery.ts';
import { Fault } from '../../model/errors.ts';
import type { CabinetAccess } from '../port.ts';
import type { RestClient } from './client.ts';
import { EXPECTED, id, list, maybe, object, required, shown } from './item-schema.ts';
import { cleanText } from './text.ts';
import { readTime } from './time.ts';
import { withoutMissing } from './without-missing.ts';

const MAX_ISSUES = 5;

/** Platforms that make their JSON of XML give an empty list as empty text. */
function entries<T extends z.ZodType>(element: T) {
  return z.preprocess((value) => (value === '' ? null : value), list(element));
}

const fileId = required(EXPECTED.id, (value) =>
  typeof value === 'string' || Number.isSafeInteger(value) ? lastPart(cleanText(String(value))) : undefined,
);

const appealSchema = object({
  posId: id,
  // An answer that does not even name the status is none: «not in the history» must never be read out of it.
  status: required(EXPECTED.text, (value) => (typeof value === 'string' ? cleanText(value) : undefined)),
  answerAt: z.unknown().optional(),
  history: entries(
    object({
      status: id,
      comment: shown,
      clientKey: id,
      answer: maybe(object({ answerType: id, comment: shown, fileIds: entries(fileId) })),
    }),
  ),
});

type WireEntry = z.infer<typeof appealSchema>['history'][number];

/** A file's id, which a history may give as a path: its last part (seen at a neighbour of the platform). */
export function lastPart(text: string): string {
  const [path = ''] = text.split(/[?#]/, 1);
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? text;
}

/**
 * One appeal with its history (contracts/platform-rest.md, section 2). One entry that cannot be read fails the whole
 * answer: it might be ours, and a history without it would send the delivery again.
 * @throws Fault PLATFORM_APPEAL_UNKNOWN when the cabinet has no such appeal, else as every read
 */
export async function readAppealHistory(
  client: RestClient,
  cabinet: CabinetAccess,
  posId: string,
  signal?: AbortSignal,
): Promise<AppealOnPlatform> {
  const { meaning, json } = await client.refusable(
    cabinet,
    { call: 'appeal', path: { posId }, ...(signal !== undefined && { signal }) },
    ['not-found'],
  );
  if (meaning === 'not-found') throw new Fault('PLATFORM_APPEAL_UNKNOWN');
  const result = appealSchema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.slice(0, MAX_ISSUES);
    throw badAppeal(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const { data } = result;
  if (data.posId !== undefined && data.posId !== posId) throw badAppeal('пришло другое обращение');
  const answerAt = readTime(data.answerAt, cabinet.timeZone);
  return {
    status: data.status,
    ...(answerAt !== undefined && { answerAt }),
    history: data.history.map(toEntry),
  };
}

function toEntry({ status = '', comment, clientKey, answer }: WireEntry): HistoryEntry {
  return {
    status,
    ...withoutMissing({ comment, clientKey }),
    ...(answer !== undefined && {
      answer: {
        answerType: answer.answerType ?? '',
        ...withoutMissing({ comment: answer.comment }),
        fileIds: answer.fileIds,
      },
    }),
  };
}

function badAppeal(detail: string): Fault {
  return new Fault('PLATFORM_BAD_ANSWER', { detail: `обращение с историей: ${detail}` });
}
