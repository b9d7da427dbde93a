import type { DeliveryPayload, HistoryEntry } from '../../model/delivery.ts';
import { lastPart } from './history.ts';
import type { PlatformMapping } from './mapping.ts';
import { cleanText } from './text.ts';

/**
 * Whether an entry of the history says what this payload says, for a platform that keeps no keys
 * (contracts/platform-rest.md, section 4): a status: status and comment; an answer: its files, else type and comment.
 */
export function isSameEntry(
  mapping: PlatformMapping,
  { status, comment, answer }: HistoryEntry,
  payload: DeliveryPayload,
  fileIds: readonly string[],
): boolean {
  if (payload.kind === 'status') {
    if (answer !== undefined || status !== mapping.outgoing.statuses[payload.role]) return false;
    return plain(comment) === plain(payload.comment);
  }
  if (answer === undefined) return false;
  if (fileIds.length > 0) return isSameSet(answer.fileIds.map(lastPart), fileIds.map(lastPart));
  // An entry that hides its type may be ours: to call it another's would send the answer twice.
  const isSameType = answer.answerType === '' || answer.answerType === payload.answerType;
  return isSameType && plain(answer.comment) === plain(payload.comment);
}

/** The words alone: white space and line ends change on their way through forms and databases. */
function plain(text = ''): string {
  return cleanText(text).normalize('NFC').replace(/\s+/gu, ' ').trim();
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  const [a, b] = [new Set(left), new Set(right)];
  return a.size === b.size && [...a].every((id) => b.has(id));
}
