import type { Card } from '../../tests/simulators/delo/index.ts';
import type { WireAppeal } from '../../tests/simulators/platform/index.ts';
import type { BoardRow, BoardState, ShowcaseCounts } from './board.ts';
import { type AppealReplies, doubledReplies } from './replies.ts';

/** What stands on both sides at one moment. */
export interface Sight {
  /** The platform's appeals. */
  readonly appeals: readonly Pick<WireAppeal, 'posId' | 'attachments'>[];
  /** ДЕЛО's cards. */
  readonly cards: readonly Pick<Card, 'posId' | 'state' | 'number' | 'files'>[];
  readonly board: BoardState;
  /** What has come to the platform, by posId. */
  readonly replies: ReadonlyMap<string, AppealReplies>;
  /** Appeals that the demo's clerk answers. */
  readonly toAnswer: ReadonlySet<string>;
}

export interface Verdict {
  readonly appeals: number;
  /** Appeals that have a card with a number in ДЕЛО. */
  readonly cards: number;
  /** Appeals, cards or deliveries that need attention, and items that could not even be told apart. */
  readonly attention: number;
  /** Citizens' files that reached ДЕЛО unchanged. */
  readonly files: number;
  /** Statuses and answers that the platform has of ДЕЛО. */
  readonly statuses: number;
  readonly answers: number;
  /** Deliveries cut in the middle, of which the daemon found out what became of them. */
  readonly unknownSettled: number;
  readonly showcase: ShowcaseCounts;
  /** Appeals with more than one card. */
  readonly doubled: readonly string[];
  /** Appeals with a status or answer that stands twice on the platform. */
  readonly doubledReplies: readonly string[];
  /** Appeals on which something is still to be done. */
  readonly waiting: readonly string[];
  readonly settled: boolean;
}

/** Judges a moment by what the two sides themselves show; only «needs attention» is the daemon's own word. */
export function judge({ appeals, cards, board, replies, toAnswer }: Sight): Verdict {
  const rows = new Map(board.rows.map((row) => [row.posId, row]));
  const cardsOf = Map.groupBy(
    cards.filter((card) => card.state === 'registered'),
    (card) => card.posId,
  );
  const waiting: string[] = [];
  let withCard = 0;
  let files = 0;
  for (const { posId, attachments } of appeals) {
    const row = rows.get(String(posId));
    const own = cardsOf.get(String(posId)) ?? [];
    const here = countArrived(attachments, own);
    files += here;
    if (own.length > 0) withCard += 1;
    const known = own.some((card) => card.number === row?.cardNumber) && row?.cardStage === 'registered';
    const told = !toAnswer.has(String(posId)) || (replies.get(String(posId))?.answers.length ?? 0) > 0;
    const whole = known && here === attachments.length && told;
    if (!needsAttention(row) && !whole) waiting.push(String(posId));
  }
  const all = [...replies.values()];
  const { deliveries, showcase } = board;
  const { records, accepted, refused, unmapped, passes } = showcase;
  return {
    appeals: appeals.length,
    cards: withCard,
    attention: board.rows.filter(needsAttention).length + board.unread + deliveries.attention,
    files,
    statuses: all.reduce((sum, { statuses }) => sum + statuses.length, 0),
    answers: all.reduce((sum, { answers }) => sum + answers.length, 0),
    unknownSettled: deliveries.unknownSettled,
    showcase,
    doubled: [...cardsOf].filter(([, own]) => own.length > 1).map(([posId]) => posId),
    doubledReplies: doubledReplies(replies),
    waiting,
    settled:
      waiting.length === 0 &&
      deliveries.open === 0 &&
      passes > 0 &&
      accepted + refused + unmapped === records,
  };
}

/** How many of the citizen's files lie in these cards, byte for byte. */
export function countArrived(
  attachments: Sight['appeals'][number]['attachments'],
  cards: readonly Pick<Card, 'files'>[],
): number {
  const arrived = new Set(cards.flatMap((card) => card.files.map((file) => file.sha256)));
  return attachments.filter(({ sha256 }) => sha256 !== undefined && arrived.has(sha256)).length;
}

/** Whether the appeal, or its newest card, waits for a person. */
export function needsAttention(row: BoardRow | undefined): boolean {
  return row?.stage === 'attention' || row?.cardStage === 'attention';
}
