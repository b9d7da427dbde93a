import type { ReadCard } from './card.ts';

/** Asks for the next page while the one given is being worked on: the archive and we do not wait for each other. */
export async function* readAhead<T>(pages: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = pages.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = pages.next();
      // Whoever asks for it hears of its failure; until then it is no unhandled one.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await pages.return(undefined);
  }
}

interface Head {
  readonly pages: AsyncGenerator<readonly ReadCard[]>;
  page: readonly ReadCard[];
  at: number;
}

/**
 * Joins streams that each go by ISN into one that does, in pages of `pageSize` at most. Joined so, a card that moves from
 * one cardfile to another meanwhile still comes once: two streams can show it only side by side.
 */
export async function* mergeByIsn(
  streams: readonly AsyncGenerator<readonly ReadCard[]>[],
  pageSize: number,
): AsyncGenerator<readonly ReadCard[]> {
  const heads: Head[] = streams.map((pages) => ({ pages, page: [], at: 0 }));
  try {
    let open = await advanced(heads);
    let last = 0;
    let batch: ReadCard[] = [];
    while (open.length > 0) {
      let lowest = open[0];
      for (const head of open) if (isnAt(head) < isnAt(lowest)) lowest = head;
      const card = lowest?.page[lowest.at];
      if (lowest === undefined || card === undefined) break;
      if (card.isn > last) batch.push(card);
      last = card.isn;
      lowest.at += 1;
      if (batch.length >= pageSize) {
        yield batch;
        batch = [];
      }
      if (lowest.at >= lowest.page.length) open = await advanced(open);
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.allSettled(heads.map(({ pages }) => pages.return(undefined)));
  }
}

function isnAt(head: Head | undefined): number {
  return head?.page[head.at]?.isn ?? Number.POSITIVE_INFINITY;
}

/** Streams that still have a card, each standing on its next one. */
async function advanced(heads: readonly Head[]): Promise<Head[]> {
  const open: Head[] = [];
  for (const head of heads) {
    while (head.at >= head.page.length) {
      const { done, value } = await head.pages.next();
      if (done === true) break;
      head.page = value;
      head.at = 0;
    }
    if (head.at < head.page.length) open.push(head);
  }
  return open;
}
