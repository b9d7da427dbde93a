import type { AppealOnPlatform } from '../model/delivery.ts';
import type { RepliesDeps } from './deps.ts';
import type { Delivery, RepliesState } from './state.ts';

type Comparing = { readonly platform: Pick<RepliesDeps['platform'], 'isSameEntry'> };

/** How many entries of the history say what this delivery says. */
export function countEqual(deps: Comparing, appeal: AppealOnPlatform, delivery: Delivery): number {
  const ids = fileIds(delivery);
  return appeal.history.filter((entry) => deps.platform.isSameEntry(entry, delivery.payload, ids)).length;
}

/** Where the platform keeps client keys this decides at once. */
export function hasKey(appeal: AppealOnPlatform, { key }: Delivery): boolean {
  return appeal.history.some((entry) => entry.clientKey === key);
}

/**
 * Whether the platform has the entry: by its key, else by there being more equal ones than before the attempt
 * (contracts/platform-rest.md, section 4).
 */
export function isThere(
  deps: Comparing,
  state: RepliesState,
  appeal: AppealOnPlatform,
  delivery: Delivery,
): boolean {
  if (hasKey(appeal, delivery)) return true;
  if (appeal.history.some((entry) => entry.clientKey !== undefined)) return false;
  return countEqual(deps, appeal, delivery) > (delivery.baseline ?? 0) + countOwnSince(state, delivery);
}

/** Equal entries of ours that were accepted since this one was begun: it stood in attention, and they passed it. */
function countOwnSince(state: RepliesState, delivery: Delivery): number {
  const since = delivery.begunAt ?? Number.POSITIVE_INFINITY;
  return state.cards
    .flatMap((card) => card.deliveries)
    .filter(
      (d) => d.id !== delivery.id && d.state === 'done' && (d.begunAt ?? 0) > since && isEqual(d, delivery),
    ).length;
}

function isEqual({ payload: one, files }: Delivery, { payload: other, files: others }: Delivery): boolean {
  if (one.kind === 'status') {
    return (
      other.kind === 'status' && one.role === other.role && (one.comment ?? '') === (other.comment ?? '')
    );
  }
  // Answers with files are told apart by the files, each uploaded for itself.
  if (other.kind === 'status' || files.length > 0 || others.length > 0) return false;
  return one.answerType === other.answerType && one.comment === other.comment;
}

/** What the platform calls the files of an answer, as far as they are uploaded. */
export function fileIds(delivery: Delivery): string[] {
  return delivery.files.flatMap((file) => (file.platformFileId === null ? [] : [file.platformFileId]));
}
