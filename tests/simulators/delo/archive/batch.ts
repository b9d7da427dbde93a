import { randomUUID } from 'node:crypto';
import { writeRequisite } from './control.ts';
import { MOST_SIGNS, REQUISITES } from './names.ts';
import { json, logicError, odataError, page, type Reply } from './reply.ts';
import { type ArchiveState, cardOf } from './state.ts';

interface Operation {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

const TITLES = new Map(Object.entries(REQUISITES).map(([title, api]) => [api, title]));

/** `POST CoreHost/OData/$batch`: each change set is done whole or not at all, and answered in its place. */
export function serveBatch(state: ArchiveState, contentType: string, body: string): Reply {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return page(400, 'no boundary');
  const changeSets = partsOf(body, boundary).map(({ head, content }) => {
    const inner = boundaryOf(head);
    return inner === undefined ? [content] : partsOf(content, inner).map((part) => part.content);
  });
  if (changeSets.length === 0) return page(400, 'empty batch');
  const outer = `batchresponse_${randomUUID()}`;
  const sets = state.options.oneAnswerPerBatch === true ? [changeSets.flat()] : changeSets;
  const text = sets.map((messages) => `--${outer}\r\n${answerSet(state, messages)}`).join('');
  return {
    status: 202,
    type: `multipart/mixed; boundary=${outer}`,
    text: `${text}--${outer}--\r\n`,
  };
}

function answerSet(state: ArchiveState, messages: readonly string[]): string {
  const operations = messages.map(operationOf);
  const refusal = operations
    .map((operation) => refusalOf(state, operation))
    .find((reply) => reply !== undefined);
  // One refused operation undoes its whole set, which then gets one answer.
  if (refusal !== undefined) return httpPart(refusal);
  for (const operation of operations) apply(state, operation);
  if (state.options.oneAnswerPerBatch === true) return httpPart({ status: 204, type: '', text: '' });
  const inner = `changesetresponse_${randomUUID()}`;
  const parts = operations
    .map(() => `--${inner}\r\n${httpPart({ status: 204, type: '', text: '' })}`)
    .join('');
  return `Content-Type: multipart/mixed; boundary=${inner}\r\n\r\n${parts}--${inner}--\r\n`;
}

function httpPart({ status, type, text }: Reply): string {
  const words = status === 204 ? 'No Content' : 'Error';
  const head = type === '' ? '' : `Content-Type: ${type}\r\n`;
  return `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 ${status} ${words}\r\n${head}\r\n${text}\r\n`;
}

function refusalOf(state: ArchiveState, operation: Operation | undefined): Reply | undefined {
  if (operation === undefined) return json({}, 400);
  if (operation.method !== 'MERGE') return odataError('System.NotSupportedException', operation.method, 405);
  const isn = isnOf(operation.target);
  if (isn === undefined || cardOf(state, isn) === undefined) {
    return odataError('System.Data.ObjectNotFoundException', operation.target, 404);
  }
  const refused = state.refusing.get(isn);
  if (refused !== undefined) return logicError(refused);
  for (const [api, value] of Object.entries(valuesOf(operation.body))) {
    const title = TITLES.get(api);
    if (title === undefined || state.missingRequisites.has(title)) {
      return odataError('Microsoft.Data.OData.ODataException', `no property ${api}`, 400);
    }
    if (String(value ?? '').length > MOST_SIGNS)
      return logicError(`Реквизит "${title}": слишком длинное значение`);
  }
  return undefined;
}

function apply(state: ArchiveState, operation: Operation | undefined): void {
  const isn = operation === undefined ? undefined : isnOf(operation.target);
  if (operation === undefined || isn === undefined) return;
  state.counters.merges += 1;
  for (const [api, value] of Object.entries(valuesOf(operation.body))) {
    writeRequisite(state, isn, TITLES.get(api) ?? api, value === null ? '' : String(value));
  }
}

function isnOf(target: string): number | undefined {
  const match = /^AR_RC_VALUE\((\d+)\)$/.exec(target);
  return match === null ? undefined : Number(match[1]);
}

function valuesOf(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return { broken: body };
  }
}

function operationOf(message: string): Operation | undefined {
  const [first = '', ...rest] = message.split('\r\n');
  const match = /^(\w+) (\S+) HTTP\/1\.1$/.exec(first);
  const blank = rest.indexOf('');
  if (match === null || blank < 0) return undefined;
  return {
    method: match[1] ?? '',
    target: match[2] ?? '',
    body: rest
      .slice(blank + 1)
      .join('\r\n')
      .trim(),
  };
}

function boundaryOf(contentType: string): string | undefined {
  return /boundary="?([^";\r\n]+)"?/i.exec(contentType)?.[1];
}

/** Parts of a multipart text: what stands before the first blank line, and what after it. */
function partsOf(text: string, boundary: string): { head: string; content: string }[] {
  const pieces = text.split(`--${boundary}`).slice(1);
  const parts = pieces.filter((piece) => !piece.startsWith('--'));
  return parts.map((piece) => {
    const trimmed = piece.replace(/^\r\n/, '');
    const blank = trimmed.indexOf('\r\n\r\n');
    if (blank < 0) return { head: trimmed, content: '' };
    return { head: trimmed.slice(0, blank), content: trimmed.slice(blank + 4).replace(/\r\n$/, '') };
  });
}
