import type { DeliveryPayload, PersonName, PostOutcome } from '../../model/delivery.ts';
import { Fault } from '../../model/errors.ts';
import type { CabinetAccess, PlatformReplies, RenderedCall } from '../port.ts';
import type { RestClient } from './client.ts';
import { readAppealHistory } from './history.ts';
import type { PlatformMapping } from './mapping.ts';
import { answerCall, statusCall } from './reply-calls.ts';
import { REPLY_REFUSALS, replyRefusal } from './reply-refusal.ts';
import type { Said } from './safe-words.ts';
import { isSameEntry } from './same-entry.ts';
import { cleanText } from './text.ts';
import { uploadPlatformFile } from './upload.ts';

export interface RepliesOptions {
  readonly client: RestClient;
  readonly mapping: PlatformMapping;
  /** Milliseconds without a byte taken after which an upload is given up. */
  readonly idleTimeoutMs: number;
}

/**
 * The writing half of the platform (contracts/platform-rest.md, section 4). A POST of a status or answer goes out once;
 * only a 401, by which it was not taken, makes it go a second time.
 */
export function createReplies({ client, mapping, idleTimeoutMs }: RepliesOptions): PlatformReplies {
  return {
    readAppeal: (cabinet, posId, signal) => readAppealHistory(client, cabinet, posId, signal),
    async postStatus(cabinet, posId, key, payload, signal) {
      const rendered = statusCall(mapping, cabinet.opaId, posId, key, payload);
      return post(client, mapping, cabinet, { call: 'sendStatus', posId, rendered, payload }, signal);
    },
    async postAnswer(cabinet, posId, key, payload, fileIds, signal) {
      const rendered = answerCall(mapping, cabinet.opaId, posId, key, payload, fileIds);
      return post(client, mapping, cabinet, { call: 'sendAnswer', posId, rendered, payload }, signal);
    },
    uploadFile: (cabinet, file, signal) =>
      uploadPlatformFile(client, mapping, idleTimeoutMs, cabinet, file, signal),
    renderStatus: (opaId, posId, key, payload) => statusCall(mapping, opaId, posId, key, payload),
    renderAnswer: (opaId, posId, key, payload, fileIds) =>
      answerCall(mapping, opaId, posId, key, payload, fileIds),
    isSameEntry: (entry, payload, fileIds) => isSameEntry(mapping, entry, payload, fileIds),
  };
}

interface Reply {
  readonly call: 'sendStatus' | 'sendAnswer';
  readonly posId: string;
  readonly rendered: RenderedCall;
  readonly payload: DeliveryPayload;
}

async function post(
  client: RestClient,
  mapping: PlatformMapping,
  cabinet: CabinetAccess,
  { call, posId, rendered, payload }: Reply,
  signal: AbortSignal | undefined,
): Promise<PostOutcome> {
  const answer = await client.refusable(
    cabinet,
    {
      call,
      path: { posId },
      headers: rendered.headers,
      body: JSON.stringify(rendered.body),
      ...(signal !== undefined && { signal }),
    },
    REPLY_REFUSALS,
  );
  if (answer.meaning !== 'ok') throw replyRefusal(mapping, answer, saidIn(payload));
  const { id, acceptedAt } = answer.json;
  if (typeof id === 'number' && Number.isSafeInteger(id)) return { id: String(id) };
  if (typeof id === 'string' && id !== '') return { id: cleanText(id) };
  // Some proxies say 200 with a JSON of their own when the server behind them fails.
  if (typeof acceptedAt !== 'string') {
    throw new Fault('PLATFORM_OUTCOME_UNKNOWN', { detail: 'ответ не подтверждает приём: нет id' });
  }
  return {};
}

/** What the platform might say back to us of persons and texts. */
function saidIn(payload: DeliveryPayload): Said {
  if (payload.kind === 'answer') return { names: namesOf(payload.signer), texts: [payload.comment] };
  const { executor, comment = '', reason = '' } = payload;
  return { names: namesOf(executor), texts: [comment, reason] };
}

function namesOf(person: PersonName | undefined): string[] {
  if (person === undefined) return [];
  return [person.surname, person.name ?? '', person.patronymic ?? ''];
}
