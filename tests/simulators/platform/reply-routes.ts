import { change } from './appeals.ts';
import type { Call } from './call.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Cabinet, clock, count, type PlatformState, rfc3339, type StoredAppeal } from './state.ts';
import { allowedFrom } from './transitions.ts';
import type { HistoryEntry, Person, WireAnswer } from './types.ts';
import {
  checkAnswer,
  checkStatus,
  type Detail,
  type Fields,
  fileIdsOf,
  isFields,
  textOf,
} from './validation.ts';
import { posIdOf } from './wire.ts';
import { REJECT_REASONS, statusText } from './words.ts';

interface Entry {
  readonly status: string;
  readonly fields: Partial<HistoryEntry>;
  readonly internal: Omit<NonNullable<HistoryEntry['internal']>, 'id' | 'repetition'>;
}

function parse(body: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function invalid(details: readonly Detail[]): Reply {
  return jsonReply(422, { error: 'validation', details });
}

function personOf(value: unknown): Person | undefined {
  if (!isFields(value)) return undefined;
  const patronymic = textOf(value, 'patronymic');
  const position = textOf(value, 'position');
  return {
    surname: textOf(value, 'surname') ?? '',
    name: textOf(value, 'name') ?? '',
    ...(patronymic === undefined ? {} : { patronymic }),
    ...(position === undefined ? {} : { position }),
  };
}

/** Only the fields that are there, as exact optional properties want it. */
function some<K extends string>(fields: Fields, names: readonly K[]): { [P in K]?: string } {
  const out: { [P in K]?: string } = {};
  for (const name of names) {
    const value = textOf(fields, name);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

function statusEntry(body: Fields): Entry {
  const executor = personOf(body['executor']);
  const card = isFields(body['card']) ? some(body['card'], ['number', 'date']) : undefined;
  const forwardTo = isFields(body['forwardTo']) ? textOf(body['forwardTo'], 'name') : undefined;
  return {
    status: textOf(body, 'status') ?? '',
    fields: some(body, ['comment']),
    internal: {
      ...some(body, ['postponedTo', 'reason']),
      ...(executor === undefined ? {} : { executor }),
      ...(card === undefined ? {} : { card }),
      ...(forwardTo === undefined ? {} : { forwardTo }),
    },
  };
}

function answerEntry(body: Fields): Entry {
  const reasonId = textOf(body, 'rejectReasonId');
  const reason = reasonId === undefined ? undefined : REJECT_REASONS[reasonId];
  const answer: WireAnswer = {
    answerType: textOf(body, 'answerType') ?? '',
    ...some(body, ['comment']),
    ...(reasonId === undefined || reason === undefined
      ? {}
      : { rejectReason: { id: reasonId, name: reason } }),
    fileIds: fileIdsOf(body).map(String),
  };
  const signer = personOf(body['signer']);
  return {
    status: 'SEND_RESPONSE',
    fields: { answer, ...(signer === undefined ? {} : { createdBy: signer }) },
    internal: some(body, ['number', 'date']),
  };
}

function commit(
  state: PlatformState,
  cabinet: Cabinet,
  appeal: StoredAppeal,
  entry: Entry,
  key: string | undefined,
): Reply {
  const acceptedAt = rfc3339(clock(state));
  const stored = { id: `h-${state.nextReplyNo++}`, acceptedAt };
  appeal.wire.status = entry.status;
  appeal.wire.statusText = statusText(entry.status);
  const keeps = state.settings.keyMode === 'keys' && key !== undefined;
  appeal.history.push({
    status: entry.status,
    statusText: statusText(entry.status),
    createdAt: acceptedAt,
    ...entry.fields,
    ...(keeps ? { clientKey: key } : {}),
    internal: { ...entry.internal, id: stored.id, repetition: appeal.repetition },
  });
  state.accepted.push({ opaId: cabinet.opaId, posId: appeal.wire.posId, status: entry.status });
  if (keeps) appeal.byKey.set(key, stored);
  count(state.counters.replies, entry.status);
  const term = entry.internal.postponedTo;
  if (entry.status === 'POSTPONE' && term !== undefined) {
    if (state.settings.echoTerm)
      change(state, cabinet.opaId, appeal.wire.posId, 'TERM_MOVED', { answerAt: term });
    else appeal.wire.answerAt = term;
  }
  return jsonReply(201, stored);
}

function take(
  call: Call,
  cabinet: Cabinet,
  check: (body: Fields) => Detail[],
  toEntry: (body: Fields) => Entry,
): Reply {
  const { state } = call;
  const appeal = cabinet.appeals.get(posIdOf(call.params[0]));
  if (appeal === undefined) return jsonReply(404, { error: 'not_found' });
  const header = call.headers['idempotency-key'];
  const key = typeof header === 'string' && header !== '' ? header : undefined;
  const known = state.settings.keyMode === 'keys' && key !== undefined ? appeal.byKey.get(key) : undefined;
  if (known !== undefined) return jsonReply(200, known);
  const body = parse(call.body);
  if (body === undefined) return invalid([{ field: '', message: 'ожидается объект JSON' }]);
  const details = check(body);
  if (details.length > 0) return invalid(details);
  const entry = toEntry(body);
  const allowed = allowedFrom(appeal.wire.status, appeal.withdrawn, state.settings.keyMode);
  if (!allowed.includes(entry.status)) {
    return jsonReply(409, { error: 'illegal_transition', current: appeal.wire.status, allowed });
  }
  return commit(state, cabinet, appeal, entry, key);
}

/** POST …/{posId}/statuses (contract, section 4). */
export function statusRoute(call: Call, cabinet: Cabinet): Reply {
  return take(call, cabinet, checkStatus, statusEntry);
}

/** POST …/{posId}/answers: the appeal becomes SEND_RESPONSE (contract, section 4). */
export function answerRoute(call: Call, cabinet: Cabinet): Reply {
  return take(call, cabinet, (body) => checkAnswer(body, cabinet, call.state.settings), answerEntry);
}
