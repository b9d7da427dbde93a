import type { HistoryEntry } from '../../tests/simulators/platform/index.ts';

/** What is wrong with one appeal's history on the platform. */
export interface Differences {
  /** Given by ДЕЛО, not there, and not let fall by the answer. */
  readonly lost: readonly string[];
  /** There more than once, or never given. */
  readonly doubled: readonly string[];
  /** Stand before what came earlier. */
  readonly outOfOrder: readonly string[];
}

const ANSWER = 'SEND_RESPONSE';

/** Names by which an entry is the same in ДЕЛО, in the store and on the platform. */
export const names = {
  takeToWork: (cardNumber: string) => `TAKE_TO_WORK ${cardNumber}`,
  setExecutor: (surname: string) => `SET_EXECUTOR ${surname}`,
  postpone: (day: string) => `POSTPONE ${day}`,
  answer: (number: string, files: number) => `${ANSWER} ${number} файлов ${files}`,
};

export function isAnswer(name: string): boolean {
  return name.startsWith(ANSWER);
}

/** An entry of the platform's history by its name; undefined for those of the platform itself. */
export function nameOf({ status, answer, internal }: HistoryEntry): string | undefined {
  if (internal === undefined) return undefined;
  switch (status) {
    case 'TAKE_TO_WORK':
      return names.takeToWork(internal.card?.number ?? '');
    case 'SET_EXECUTOR':
      return names.setExecutor(internal.executor?.surname ?? '');
    case 'POSTPONE':
      return names.postpone(internal.postponedTo?.slice(0, 10) ?? '');
    case ANSWER:
      return names.answer(internal.number ?? '', new Set(answer?.fileIds).size);
    default:
      return status;
  }
}

/**
 * Compares what ДЕЛО gave, in its order, with what the platform shows, in its order. Pure.
 * @param cancelled names of statuses that an answer let fall (contracts/platform-rest.md, section 4)
 */
export function compare(
  given: readonly string[],
  shown: readonly string[],
  cancelled: ReadonlySet<string>,
): Differences {
  const place = new Map(given.map((name, index) => [name, index]));
  const seen = new Set<string>();
  const doubled: string[] = [];
  const outOfOrder: string[] = [];
  let furthest = -1;
  for (const name of shown) {
    const index = place.get(name);
    if (index === undefined || seen.has(name)) {
      doubled.push(name);
      continue;
    }
    seen.add(name);
    if (index < furthest) outOfOrder.push(name);
    furthest = Math.max(furthest, index);
  }
  return { lost: given.filter((name) => !seen.has(name) && !cancelled.has(name)), doubled, outOfOrder };
}
