import type { Card } from '../../tests/simulators/delo/index.ts';
import type { HistoryEntry, PlatformControl } from '../../tests/simulators/platform/index.ts';

/** What has come to the platform for one appeal. */
export interface AppealReplies {
  readonly statuses: readonly Entry[];
  readonly answers: readonly Entry[];
}

export interface Entry {
  readonly status: string;
  /** Consideration that it belongs to: 0, then 1 after it was sent back. */
  readonly repetition: number;
  /** RFC 3339. */
  readonly at: string;
}

const ANSWERED = 'SEND_RESPONSE';
/** ДЕЛО writes its times without an offset, as in Moscow. */
const DELO_OFFSET = '+03:00';

/** Reads the histories of all appeals: only what came from outside counts, not what the citizen did. */
export function readReplies(
  platform: Pick<PlatformControl, 'appeals' | 'history'>,
): Map<string, AppealReplies> {
  return new Map(
    platform.appeals().map(({ posId, organizationPersonalAreaId }) => {
      const entries = platform.history(organizationPersonalAreaId, posId).flatMap(toEntry);
      return [
        String(posId),
        {
          statuses: entries.filter(({ status }) => status !== ANSWERED),
          answers: entries.filter(({ status }) => status === ANSWERED),
        },
      ];
    }),
  );
}

function toEntry({ status, createdAt, internal }: HistoryEntry): Entry[] {
  return internal === undefined ? [] : [{ status, at: createdAt, repetition: internal.repetition }];
}

/** Entries that stand there more than once in one consideration: there must be none. */
export function doubledReplies(replies: ReadonlyMap<string, AppealReplies>): string[] {
  return [...replies].flatMap(([posId, { statuses, answers }]) => {
    const keys = [...statuses, ...answers].map(({ status, repetition }) => `${status} ${repetition}`);
    return new Set(keys).size < keys.length ? [posId] : [];
  });
}

/**
 * Seconds that each of an appeal's answers took from the clerk to the platform, oldest first; those that have not come
 * are left out.
 */
export function answerSeconds(
  cards: readonly Pick<Card, 'answers'>[],
  replies: AppealReplies | undefined,
): number[] {
  const given = cards
    .flatMap((card) => card.answers.map(({ at }) => Date.parse(`${at}${DELO_OFFSET}`)))
    .sort();
  return (replies?.answers ?? []).flatMap(({ at }, index) => {
    const from = given[index];
    return from === undefined ? [] : [Math.max(0, Date.parse(at) - from) / 1000];
  });
}
