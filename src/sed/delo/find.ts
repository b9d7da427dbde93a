import type { ArchiveCard, CardLookup } from '../port.ts';
import type { CardReader } from './card.ts';
import { cardSelection, criterionDay, rangeOf, requisiteCriterion } from './choice.ts';
import type { DeloClient } from './client.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { addressOf, readPage } from './odata.ts';

export interface FindTools {
  readonly client: DeloClient;
  readonly mapping: DeloMapping;
  readonly dictionaries: Dictionaries;
  readonly read: CardReader;
}

/** Cards of one appeal are one for each consideration; more than these say nothing. */
const MOST = 20;

/**
 * One card by «Номер ПОС» (of several with one number the one with this registration, if told), else by number, date and
 * group. What the archive shows is compared again here: it may take a sign in a value for a pattern.
 */
export async function find(
  tools: FindTools,
  lookup: CardLookup,
  signal?: AbortSignal,
): Promise<ArchiveCard | undefined> {
  const { mapping, dictionaries } = tools;
  const { posId, regNumber, regDate, docGroup } = lookup;
  const isRegistered = (card: ArchiveCard) =>
    (regNumber === undefined || card.regNumber === regNumber) &&
    (regDate === undefined || card.regDate === regDate);
  if (posId !== undefined && isPlain(mapping, posId)) {
    const criterion = requisiteCriterion(mapping, dictionaries, mapping.requisites.posId);
    const found = (await select(tools, { [criterion]: posId }, signal)).filter(
      (card) => card.posId === posId,
    );
    if (found.length === 1) return found[0];
    if (found.length > 1) {
      const registered = regNumber === undefined ? [] : found.filter(isRegistered);
      return registered.length === 1 ? registered[0] : undefined;
    }
  }
  if (regNumber === undefined || !isPlain(mapping, regNumber)) return undefined;
  const { fields } = mapping.card;
  const criteria = {
    [fields.regNumber]: regNumber,
    ...(regDate !== undefined && {
      [fields.regDate]: rangeOf(mapping, criterionDay(mapping, regDate), criterionDay(mapping, regDate)),
    }),
    ...(docGroup !== undefined && { [fields.docGroup]: docGroup }),
  };
  const found = (await select(tools, criteria, signal)).filter(
    (card) =>
      isRegistered(card) &&
      (docGroup === undefined || card.docGroup === docGroup) &&
      // A card with another «Номер ПОС» is another appeal's, whatever its number.
      (posId === undefined || card.posId === undefined),
  );
  return found.length === 1 ? found[0] : undefined;
}

async function select(
  { client, mapping, read }: FindTools,
  criteria: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<ArchiveCard[]> {
  const address = addressOf(mapping, cardSelection(mapping, { criteria, top: MOST }));
  const { rows } = readPage(mapping, await client.read(address, signal));
  return rows.flatMap((row) => read(row)?.card ?? []);
}

/** A value that holds a sign of the criteria's own language cannot be looked for. */
function isPlain({ odata }: DeloMapping, value: string): boolean {
  return value !== '' && !value.includes(odata.criteria.or);
}
