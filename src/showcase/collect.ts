import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault, toFault } from '../model/errors.ts';
import type { ArchiveCard, ArchiveQuery } from '../sed/port.ts';
import { dayInZone } from '../terms/index.ts';
import { beginBuild, endBuild, failBuild } from './build-log.ts';
import type { BuildDeps, Showcase } from './deps.ts';
import { keyOf, textOf } from './fields.ts';
import { createFlagWriter } from './flags.ts';
import { readKnown } from './known-rows.ts';
import { recordLimit } from './limit.ts';
import { withShowcaseLock } from './lock.ts';
import type { LookContext, OriginalCategory } from './look.ts';
import { organizationOgrn } from './organization.ts';
import { isExcluded, planCard } from './plan.ts';
import { createSeen, type Seen } from './seen.ts';
import { removeUnseen } from './sweep.ts';
import { createTermClock } from './terms.ts';
import { createRowWriter, type RowWriter } from './writer.ts';

/** What one pass over the archive has found. */
export interface CollectSummary {
  readonly buildId: number;
  readonly cards: number;
  /** Cards that stay out: by the requisite, or because they came from the platform. */
  readonly excluded: number;
  readonly questions: number;
  /** Questions that are new or of which something has changed. */
  readonly changed: number;
  /** Questions taken off: dropped, withdrawn, excluded, or of cards that are there no more. */
  readonly removed: number;
  /** Full files written on the way. */
  readonly files: number;
  readonly flags: { readonly written: number; readonly refused: number };
}

/** Cards looked at together. */
const BATCH = 500;
/** Cards looked at in one turn. */
const SLICE = 50;

/**
 * One pass over the archive: every card of the showcase is looked at anew, and what differs from the stored is stored, in
 * sets. Only a pass that came to its end takes off what it did not see. A pass that was cut anywhere is repaired by the
 * next one.
 * @throws Fault SHOWCASE_BUSY, DATABASE_UNREACHABLE, SPOOL_UNAVAILABLE, STOPPED, and what the archive throws
 */
export async function collectShowcase(
  deps: BuildDeps,
  showcase: Showcase,
  signal?: AbortSignal,
): Promise<CollectSummary> {
  return await withShowcaseLock(deps.dataSource, showcase.id, () => collect(deps, showcase, signal));
}

/** The same for a caller that holds the showcase's lock. */
export async function collect(
  deps: BuildDeps,
  showcase: Showcase,
  signal?: AbortSignal,
): Promise<CollectSummary> {
  const buildId = await beginBuild(deps, showcase.id);
  const counts = { cards: 0, excluded: 0, questions: 0, changed: 0, removed: 0 };
  const writer = createRowWriter(deps, showcase, buildId, await directFiles(deps, showcase));
  try {
    const flags = createFlagWriter(deps, showcase.includePlatformBorn);
    const seen = createSeen();
    const clock = createTermClock(
      deps.terms,
      showcase.region,
      dayInZone(new Date(deps.now()), showcase.timeZone),
    );
    const context: LookContext = {
      clock,
      mapper: deps.mapper,
      includePlatformBorn: showcase.includePlatformBorn,
    };
    const { cardfiles, docGroups, from } = showcase;
    const query: ArchiveQuery = {
      cardfiles,
      from,
      undated: true,
      ...(docGroups === undefined ? {} : { docGroups }),
      ...(deps.mapper.readsText ? { withText: true as const } : {}),
    };
    for await (const cards of batches(deps.archive.cards(query, signal), deps.batch ?? BATCH)) {
      if (signal?.aborted === true) throw new Fault('STOPPED');
      await lookAtCards(deps, showcase, context, { writer, seen, counts }, cards);
      await flags.write(cards, signal);
    }
    await writer.drain();
    counts.removed += await removeUnseen(deps, showcase.id, buildId, seen);
    await endBuild(deps, buildId, counts);
    return { buildId, ...counts, files: writer.files(), flags: flags.summary() };
  } catch (error) {
    await writer.abandon();
    await failBuild(deps, buildId, counts, toFault(error)).catch(() => undefined);
    throw error;
  }
}

interface Pass {
  readonly writer: RowWriter;
  readonly seen: Seen;
  readonly counts: { cards: number; excluded: number; questions: number; changed: number; removed: number };
}

async function lookAtCards(
  deps: BuildDeps,
  showcase: Showcase,
  context: LookContext,
  { writer, seen, counts }: Pass,
  given: readonly ArchiveCard[],
): Promise<void> {
  // A card that comes twice, though it should not, is looked at once, as it was last.
  const cards = new Map(given.map((card) => [keyOf(card.key), card]));
  const keys = [...cards.keys()];
  if (keys.some((key) => writer.holds(key))) await writer.drain();
  const known = await readKnown(deps.db, showcase.id, keys);
  const originals = await originalsOf(deps, showcase, given);
  let looked = 0;
  for (const [key, card] of cards) {
    looked += 1;
    // What is being stored meanwhile waits for its turns, and there are many of them in a file.
    if (looked % SLICE === 0) await nextTurn();
    const rows = known.get(key) ?? [];
    for (const { id } of rows) seen.add(id);
    const original = card.posId === undefined ? undefined : originals.get(card.posId);
    const plan = planCard(context, card, rows, original);
    counts.cards += 1;
    if (isExcluded(card, showcase.includePlatformBorn)) counts.excluded += 1;
    counts.questions += plan.questions;
    counts.changed += plan.added.length + plan.changed.length;
    counts.removed += plan.removed.length;
    await writer.add(plan);
  }
}

async function originalsOf(
  { originals }: BuildDeps,
  { includePlatformBorn }: Showcase,
  cards: readonly ArchiveCard[],
): Promise<ReadonlyMap<string, OriginalCategory>> {
  const posIds = cards
    .filter((card) => !isExcluded(card, includePlatformBorn))
    .flatMap(({ posId }) => {
      const text = textOf(posId);
      return text === undefined ? [] : [text];
    });
  return posIds.length === 0 || originals === undefined ? new Map() : await originals(posIds);
}

/** Pages of the archive put together to batches of useful size. */
async function* batches(
  pages: AsyncIterable<readonly ArchiveCard[]>,
  size: number,
): AsyncGenerator<readonly ArchiveCard[]> {
  let batch: ArchiveCard[] = [];
  for await (const page of pages) {
    for (const card of page) batch.push(card);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** What files written on the way need; without the organisation's number they wait for the pass's end. */
async function directFiles(
  deps: BuildDeps,
  showcase: Showcase,
): Promise<{ readonly ogrn: string; readonly limit: number } | undefined> {
  try {
    const ogrn = await organizationOgrn(deps, showcase);
    return { ogrn, limit: await recordLimit(deps.db, showcase.id, showcase.maxRecords) };
  } catch (error) {
    const { code } = toFault(error);
    if (code === 'DATABASE_UNREACHABLE' || code === 'STOPPED') throw error;
    deps.log.warn({ showcase: showcase.id, code }, 'organization of the showcase unknown');
    return undefined;
  }
}
