import type { AnswerPayload, StatusPayload } from '../../model/delivery.ts';
import { Fault } from '../../model/errors.ts';
import type { RenderedCall } from '../port.ts';
import { fillPath, type PlatformMapping } from './mapping.ts';
import { cleanText } from './text.ts';

/*
 * Statuses and answers as they go over the wire (contracts/platform-rest.md, section 4). Sending and dry runs use the same
 * functions, so what a dry run shows is what would be sent.
 */

type ReplyCallName = 'sendStatus' | 'sendAnswer';

/** @throws Fault for a key or posId that cannot be sent */
export function statusCall(
  mapping: PlatformMapping,
  opaId: string,
  posId: string,
  key: string,
  payload: StatusPayload,
): RenderedCall {
  const { role, at, card, executor, comment, postponedTo, forwardTo, reason } = payload;
  const status = mapping.outgoing.statuses[role];
  return call(mapping, 'sendStatus', opaId, posId, key, {
    status,
    at,
    card,
    executor,
    comment,
    postponedTo,
    forwardTo,
    reason,
  });
}

/** @throws Fault CONFIG_INVALID for an answer type that the mapping does not know, else as `statusCall` */
export function answerCall(
  mapping: PlatformMapping,
  opaId: string,
  posId: string,
  key: string,
  payload: AnswerPayload,
  fileIds: readonly string[],
): RenderedCall {
  const { answerType, comment, number, date, signer, rejectReasonId } = payload;
  if (!Object.hasOwn(mapping.outgoing.answerTypes, answerType)) {
    const detail = `вида ответа «${answerType}» нет в разделе outgoing.answerTypes файла platform.yaml`;
    throw new Fault('CONFIG_INVALID', { field: 'answerType', detail });
  }
  return call(mapping, 'sendAnswer', opaId, posId, key, {
    answerType,
    comment,
    number,
    date,
    signer,
    fileIds,
    rejectReasonId,
  });
}

function call(
  mapping: PlatformMapping,
  name: ReplyCallName,
  opaId: string,
  posId: string,
  key: string,
  fields: Readonly<Record<string, unknown>>,
): RenderedCall {
  // The HTTP library silently drops from a header what is not printable, and two keys would become one.
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Fault('DEFECT', { detail: 'ключ отправки не годится для заголовка' });
  }
  const { method, path, contentType = 'application/json' } = mapping.calls[name];
  return {
    method,
    path: fillPath(path, { posId }),
    headers: {
      Accept: 'application/json',
      'Content-Type': contentType,
      [mapping.headers.cabinet]: opaId,
      [mapping.headers.idempotencyKey]: key,
    },
    body: withoutEmpty(fields) ?? {},
  };
}

/** The value without its empty parts, texts made well-formed; undefined when nothing is left. Empty is never sent. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value === 'string') {
    // Cleaned first: some of what XML forbids counts as white space.
    const text = cleanText(value);
    return text.trim() === '' ? undefined : text;
  }
  if (Array.isArray(value)) {
    const kept = value.map(withoutEmpty).filter((part) => part !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  if (typeof value !== 'object') return value;
  const kept = Object.entries(value ?? {}).flatMap(([name, part]) => {
    const full = withoutEmpty(part);
    return full === undefined ? [] : [[name, full] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
