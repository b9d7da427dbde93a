import { Fault } from '../../model/errors.ts';
import type { ArchiveAccess, ArchiveQuery, SedArchive } from '../port.ts';
import { createCardReader } from './card.ts';
import { cardSelection, choicesOf } from './choice.ts';
import { createClient } from './client.ts';
import { apiNameOf, createShelf, readAll, readDictionaries } from './dictionaries.ts';
import { find } from './find.ts';
import { createHttp } from './http.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { mergeByIsn, readAhead } from './merge.ts';
import { addressOf, readPage } from './odata.ts';
import { type PageSource, pagesOf } from './pages.ts';
import { createSession } from './session.ts';
import { textOf } from './values.ts';
import { writeAll } from './write.ts';

export { loadDeloMapping, parseDeloMapping } from './mapping.ts';
export type { DeloMapping } from './mapping-schema.ts';

export interface DeloArchiveOptions {
  readonly baseUrl: string;
  readonly access: ArchiveAccess;
  readonly mapping: DeloMapping;
  /** IANA zone in which ДЕЛО writes dates. */
  readonly timeZone: string;
  /** Milliseconds for one whole call. */
  readonly timeoutMs: number;
  /** Cards a page. */
  readonly pageSize: number;
  /** Fields only, text static. Told of records without an ISN, which can be neither shown nor named. */
  readonly log?: { warn(fields: Record<string, unknown>, text: string): void };
  /** Monotonic clock in milliseconds; tests move it. */
  readonly now?: () => number;
  /** Milliseconds before the first short repeat of a read; tests shorten it. */
  readonly repeatDelayMs?: number;
}

/** An archive that can also tell how many cards a query chooses: for progress bars. */
export interface DeloArchive extends SedArchive {
  /** Undefined when the archive does not tell. @throws Fault */
  countCards(query: ArchiveQuery, signal?: AbortSignal): Promise<number | undefined>;
}

/** Names of rubrics, groups and requisites seldom change; a pass over the cards takes fresh ones. */
const FRESH_MS = 60_000;
const KEPT_MS = 3_600_000;

/** The archive of a ДЕЛО-WEB over SOAP (log-in) and OData (contracts/sev.md, section 2). Opens nothing before it is asked. */
export function createDeloArchive(options: DeloArchiveOptions): DeloArchive {
  const { access, mapping, timeZone, pageSize, log, now = () => performance.now(), repeatDelayMs } = options;
  const http = createHttp(options);
  const session = createSession({ http, mapping, access, now });
  const client = createClient({
    http,
    session,
    mapping,
    ...(repeatDelayMs !== undefined && { repeatDelayMs }),
  });
  const shelf = createShelf((signal) => readDictionaries(client, mapping, pageSize, signal), now);

  async function tools(maxAgeMs: number, signal: AbortSignal | undefined, withText = false) {
    const dictionaries = await shelf.get(maxAgeMs, signal);
    const read = createCardReader(mapping, dictionaries, timeZone, withText);
    return { client, mapping, dictionaries, read };
  }

  async function* cards(query: ArchiveQuery, signal?: AbortSignal) {
    if (query.cardfiles.length === 0) return;
    const { dictionaries, read } = await tools(FRESH_MS, signal, query.withText);
    // Without it a card that came from the platform would look like any other and be counted there twice.
    apiNameOf(dictionaries, mapping.requisites.posId);
    const source: PageSource = {
      client,
      mapping,
      read,
      pageSize,
      onUnreadable: (count) =>
        log?.warn({ count, entity: mapping.card.entity }, 'archive records without a key'),
    };
    const wanted = matcher(query);
    const streams = choicesOf(mapping, dictionaries, query, client.fits).map((choice) =>
      readAhead(pagesOf(source, choice, signal)),
    );
    for await (const page of mergeByIsn(streams, pageSize)) {
      const chosen = page.flatMap(({ card }) => (wanted(card) ? [card] : []));
      if (chosen.length > 0) yield chosen;
    }
  }

  return {
    cards,
    async countCards(query, signal) {
      if (query.cardfiles.length === 0) return 0;
      const { dictionaries } = await tools(FRESH_MS, signal);
      let sum = 0;
      for (const { criteria } of choicesOf(mapping, dictionaries, query, client.fits)) {
        const address = addressOf(mapping, cardSelection(mapping, { criteria, top: 1 }));
        const { total } = readPage(mapping, await client.read(address, signal));
        if (total === undefined) return undefined;
        sum += total;
      }
      return sum;
    },
    findCard: async (lookup, signal) => await find(await tools(KEPT_MS, signal), lookup, signal),
    writeRequisites: async (writes, signal) =>
      writes.length === 0
        ? []
        : await writeAll(client, mapping, await shelf.get(KEPT_MS, signal), writes, signal),
    async cardfiles(signal) {
      const { entity, due, name, flag, flagValue } = mapping.cardfiles;
      const rows = await readAll(
        client,
        mapping,
        { entity, orderBy: due, criteria: { [flag]: flagValue } },
        pageSize,
        signal,
      );
      return rows
        .filter((row) => textOf(row[flag]) === flagValue)
        .map((row) => ({ due: textOf(row[due]) ?? '', name: textOf(row[name]) ?? '' }));
    },
    async check(signal) {
      await session.renew(signal);
      const { dictionaries, read } = await tools(0, signal);
      const { posId, showcaseFlag, posStatus, posError } = mapping.requisites;
      for (const title of [posId, showcaseFlag, posStatus, posError]) apiNameOf(dictionaries, title);
      const address = addressOf(mapping, cardSelection(mapping, { top: 1 }));
      const { rows } = readPage(mapping, await client.read(address, signal));
      if (rows.some((row) => read(row) === undefined)) {
        const { entity, fields } = mapping.card;
        throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: `у записи ${entity} нет поля ${fields.isn}` });
      }
    },
    async close() {
      await session.close();
      http.close();
    },
  };
}

/** What the criteria of some archives cannot say is looked at here. */
function matcher({ showcaseFlag, posStatus }: ArchiveQuery) {
  return (card: { readonly showcaseFlag?: boolean; readonly posStatus?: string }) =>
    (showcaseFlag === undefined ||
      card.showcaseFlag === (showcaseFlag === 'unset' ? undefined : showcaseFlag)) &&
    (posStatus === undefined || card.posStatus === undefined);
}
