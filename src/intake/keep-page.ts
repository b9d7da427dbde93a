import type { CabinetConfig } from '../config/schema.ts';
import type { FeedItem } from '../model/appeal.ts';
import { inTransaction, type Queryable, StatementError } from '../store/data-source.ts';
import { cabinetScope } from './cabinets.ts';
import type { EligibilityRules } from './eligibility.ts';
import type { IntakeDeps } from './intake.ts';
import { type PageOutcome, storeItems } from './store-page.ts';

/** Another daemon moved the place meanwhile: its reading counts, ours is dropped. */
export class StaleCursor extends Error {}

/** A place in the feed or in a back-fill. Both throw StaleCursor when it is not where the page was read from. */
export interface ReadingPlace {
  /** Makes sure that it has not moved, and that it does not before the transaction ends. */
  hold(tx: Queryable): Promise<void>;
  /** Moves it behind the page, by compare-and-set. */
  move(tx: Queryable): Promise<void>;
}

/**
 * Stores a page and moves the place behind it in one transaction. A page that the database refuses is stored item
 * by item, so that one bad item never stops the others.
 * @throws StaleCursor; whatever the database throws that is not about the data
 */
export async function keepPage(
  deps: IntakeDeps,
  cabinet: CabinetConfig,
  items: readonly FeedItem[],
  rules: EligibilityRules,
  place: ReadingPlace,
): Promise<void> {
  const keep = (part: readonly FeedItem[], before: (tx: Queryable) => Promise<void>) =>
    inTransaction(deps.dataSource, async (tx) => {
      await before(tx);
      const outcome = await storeItems(tx, deps.queue, cabinet.opaId, part, rules, new Date(deps.now()));
      await tellUnread(deps, tx, cabinet, outcome);
    });
  try {
    await keep(items, place.move);
  } catch (error) {
    if (!isDataError(error)) throw error;
    deps.log.error({ cabinet: cabinet.id, err: error }, 'page not stored whole, storing item by item');
    for (const item of items) await keepOne(item, (part) => keep(part, place.hold));
    await inTransaction(deps.dataSource, place.move);
  }
}

/** What does not fit the store even alone is kept as an unreadable change of its appeal. */
async function keepOne(item: FeedItem, keep: (part: readonly FeedItem[]) => Promise<void>): Promise<void> {
  try {
    await keep([item]);
  } catch (error) {
    if (!isDataError(error)) throw error;
    const posId = item.ok ? item.appeal.posId : item.posId;
    await keep([
      {
        ok: false,
        ...(posId === undefined ? {} : { posId }),
        changeIdentity: item.ok ? item.appeal.changeIdentity : item.changeIdentity,
        raw: item.raw,
        issues: ['(всё обращение): база данных не приняла значения'],
      },
    ]);
  }
}

/** Items nobody could read open one incident a cabinet; the last one mended closes it. */
async function tellUnread(
  deps: IntakeDeps,
  tx: Queryable,
  cabinet: CabinetConfig,
  outcome: PageOutcome,
): Promise<void> {
  if (outcome.unread > 0) {
    const detail = `${cabinet.name} (${cabinet.id})`;
    await deps.incidents.open(tx, 'APPEAL_SHAPE_UNKNOWN', cabinetScope(cabinet), detail);
    deps.log.warn({ cabinet: cabinet.id, items: outcome.unread }, 'items of unknown shape stored');
  }
  if (outcome.mended === 0) return;
  const left = await tx.query(
    `(SELECT 1 FROM appeal WHERE opa_id = $1 AND error_code = 'APPEAL_SHAPE_UNKNOWN' LIMIT 1)
     UNION ALL (SELECT 1 FROM unread_item WHERE opa_id = $1 AND settled_at IS NULL LIMIT 1)`,
    [cabinet.opaId],
  );
  if (left.length === 0) await deps.incidents.close(tx, 'APPEAL_SHAPE_UNKNOWN', cabinetScope(cabinet));
}

/** SQLSTATE classes 22, 23 and 54: the data itself (unfit, in conflict, too long for an index), not the server. */
function isDataError(error: unknown): boolean {
  return error instanceof StatementError && /^(22|23|54)/.test(error.sqlState);
}
