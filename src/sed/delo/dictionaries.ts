import { Fault } from '../../model/errors.ts';
import type { DeloClient } from './client.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { addressOf, type Row, readPage, type Selection } from './odata.ts';
import { requisiteKey } from './path.ts';
import { textOf } from './values.ts';

export interface Rubric {
  readonly code: string;
  readonly name: string;
}

/** What the archive calls its things: needed before a card can be read or written. */
export interface Dictionaries {
  /** By DUE. */
  readonly rubrics: ReadonlyMap<string, Rubric>;
  /** DUEs of all document groups and folders of groups. */
  readonly docGroups: readonly string[];
  /** DUEs of the groups of citizens' letters. */
  readonly citizenGroups: readonly string[];
  /** API names of requisites by `requisiteKey` of their titles. */
  readonly requisites: ReadonlyMap<string, string>;
}

/** A dictionary of a big region has some thousands of entries; one that never ends is a fault of the archive. */
const MAX_ENTRIES = 1_000_000;

/** Reads all entries of a dictionary, in the order of its key. @throws Fault */
export async function readAll(
  client: DeloClient,
  mapping: DeloMapping,
  selection: Selection & { readonly orderBy: string },
  pageSize: number,
  signal?: AbortSignal,
): Promise<Row[]> {
  const found = new Map<string, Row>();
  for (let skip = 0; skip < MAX_ENTRIES; ) {
    const address = addressOf(mapping, { ...selection, top: pageSize, skip });
    const { rows, junk, total } = readPage(mapping, await client.read(address, signal));
    const before = found.size;
    for (const row of rows) found.set(textOf(row[selection.orderBy]) ?? '', row);
    skip += rows.length + junk;
    // A server that ignores $skip gives the same page for ever.
    if (found.size === before || (total !== undefined && skip >= total)) break;
  }
  return [...found.values()];
}

/** @throws Fault SED_ARCHIVE_BAD_ANSWER when a dictionary that cannot be empty is */
export async function readDictionaries(
  client: DeloClient,
  mapping: DeloMapping,
  pageSize: number,
  signal?: AbortSignal,
): Promise<Dictionaries> {
  const { rubrics, docGroups, requisiteList } = mapping;
  const read = (entity: string, orderBy: string) =>
    readAll(client, mapping, { entity, orderBy }, pageSize, signal);
  const rubricRows = await read(rubrics.entity, rubrics.due);
  const groupRows = await read(docGroups.entity, docGroups.due);
  const requisiteRows = await read(requisiteList.entity, requisiteList.api);
  const groups = groupRows.map((row) => ({ due: text(row, docGroups.due), type: text(row, docGroups.type) }));
  const citizenGroups = groups.filter(({ type }) => type === docGroups.citizens).map(({ due }) => due);
  if (rubricRows.length === 0 || citizenGroups.length === 0) {
    // Taken for true it would take a whole showcase off the platform.
    const what = rubricRows.length === 0 ? `справочник ${rubrics.entity} пуст` : 'нет групп писем граждан';
    throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: what });
  }
  return {
    rubrics: new Map(
      rubricRows.map((row) => [
        text(row, rubrics.due),
        { code: text(row, rubrics.code), name: text(row, rubrics.name) },
      ]),
    ),
    docGroups: groups.map(({ due }) => due),
    citizenGroups,
    requisites: new Map(
      requisiteRows
        .map((row) => [requisiteKey(text(row, requisiteList.title)), text(row, requisiteList.api)] as const)
        .filter(([title, api]) => title !== '' && /^\w+$/.test(api)),
    ),
  };
}

/** API name of a requisite by its title. @throws Fault SED_REQUISITE_MISSING */
export function apiNameOf(dictionaries: Dictionaries, title: string): string {
  const api = dictionaries.requisites.get(requisiteKey(title));
  if (api === undefined)
    throw new Fault('SED_REQUISITE_MISSING', { detail: `реквизит «${title}»`, field: title });
  return api;
}

function text(row: Row, field: string): string {
  return textOf(row[field]) ?? '';
}

/** Dictionaries kept for a while. */
export interface DictionaryShelf {
  /** Not older than `maxAgeMs`. @throws Fault */
  get(maxAgeMs: number, signal?: AbortSignal): Promise<Dictionaries>;
}

export function createShelf(
  read: (signal?: AbortSignal) => Promise<Dictionaries>,
  now: () => number,
): DictionaryShelf {
  let kept: { readonly dictionaries: Dictionaries; readonly at: number } | undefined;
  return {
    async get(maxAgeMs, signal) {
      if (kept !== undefined && now() - kept.at <= maxAgeMs) return kept.dictionaries;
      const at = now();
      const dictionaries = await read(signal);
      kept = { dictionaries, at };
      return dictionaries;
    },
  };
}
