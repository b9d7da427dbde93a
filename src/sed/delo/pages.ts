import { Fault } from '../../model/errors.ts';
import type { CardReader, ReadCard } from './card.ts';
import { type Choice, cardSelection, rangeOf } from './choice.ts';
import type { DeloClient } from './client.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { addressOf, type RowPage, readPage } from './odata.ts';

export interface PageSource {
  readonly client: DeloClient;
  readonly mapping: DeloMapping;
  readonly read: CardReader;
  readonly pageSize: number;
  /** Told how many records of a page do not even tell their ISN. */
  onUnreadable(count: number): void;
}

/**
 * Cards of one choice in the order of their ISN, each once. Cards that are added, change or vanish while it reads move
 * no other card: a page starts after the last ISN seen (keyset), or overlaps the one before it and steps back when what
 * overlapped is gone ($skip).
 * @throws Fault; SED_ARCHIVE_BAD_ANSWER also when the archive heeds neither range nor order, for cards would be missed
 */
export async function* pagesOf(
  source: PageSource,
  choice: Choice,
  signal?: AbortSignal,
): AsyncGenerator<readonly ReadCard[]> {
  const pages = source.mapping.odata.paging === 'keyset' ? keysetPages : skipPages;
  for await (const cards of pages(source, choice, signal)) {
    // A DUE is a path, and an archive may take it for a whole branch.
    const own = cards.filter(({ card }) => card.cardfile === '' || choice.cardfiles.has(card.cardfile));
    if (own.length > 0) yield own;
  }
}

async function* keysetPages(
  source: PageSource,
  choice: Choice,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ReadCard[]> {
  const { mapping, pageSize } = source;
  let last = 0;
  for (;;) {
    const after = { [mapping.card.fields.isn]: rangeOf(mapping, String(last + 1), '') };
    const criteria = { ...choice.criteria, ...(last > 0 && after) };
    const { page, cards } = await readCards(source, { criteria, top: pageSize }, signal);
    if (cards.some(({ isn }) => isn <= last)) {
      throw outOfOrder('условие на ISN не действует, укажите в delo.yaml odata.paging: skip');
    }
    last = cards.at(-1)?.isn ?? last;
    if (cards.length > 0) yield cards;
    // A short page is no end: an archive may give fewer records than asked for.
    if (page.rows.length === 0 || (page.total !== undefined && page.rows.length + page.junk >= page.total))
      return;
  }
}

async function* skipPages(
  source: PageSource,
  choice: Choice,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ReadCard[]> {
  const { pageSize } = source;
  let skip = 0;
  let last = 0;
  for (;;) {
    const { page, cards } = await readCards(
      source,
      { criteria: choice.criteria, top: Math.max(pageSize, 2), skip },
      signal,
    );
    const [first] = cards;
    if (skip > 0 && (first === undefined || first.isn > last)) {
      skip = Math.max(0, skip - pageSize);
      continue;
    }
    const fresh = cards.filter(({ isn }) => isn > last);
    if (fresh.length > 0) yield fresh;
    else if (page.rows.length < 2) return;
    last = cards.at(-1)?.isn ?? last;
    skip += page.rows.length + page.junk - 1;
  }
}

async function readCards(
  { client, mapping, read, onUnreadable }: PageSource,
  page: Parameters<typeof cardSelection>[1],
  signal: AbortSignal | undefined,
): Promise<{ readonly page: RowPage; readonly cards: readonly ReadCard[] }> {
  const answer = readPage(
    mapping,
    await client.read(addressOf(mapping, cardSelection(mapping, page)), signal),
  );
  const cards = answer.rows.flatMap((row) => read(row) ?? []);
  const unreadable = answer.rows.length + answer.junk - cards.length;
  if (unreadable > 0) {
    if (cards.length === 0) {
      throw new Fault('SED_ARCHIVE_BAD_ANSWER', {
        detail: `ни у одной записи ${mapping.card.entity} нет поля ${mapping.card.fields.isn}`,
      });
    }
    onUnreadable(unreadable);
  }
  if (cards.some(({ isn }, index) => index > 0 && isn <= (cards[index - 1]?.isn ?? 0))) {
    throw outOfOrder('записи идут не по порядку ISN');
  }
  return { page: answer, cards };
}

function outOfOrder(detail: string): Fault {
  return new Fault('SED_ARCHIVE_BAD_ANSWER', { detail });
}
