import { writeJournal } from '../alerts/journal.ts';
import { Fault, toFault } from '../model/errors.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { readOpenBackfills } from './backfill.ts';
import { blockCabinet, cabinetScope, credentialsMark, unblockCabinet } from './cabinets.ts';
import type { EligibilityRules } from './eligibility.ts';
import type { IntakeDeps, PolledCabinet } from './intake.ts';
import { keepPage, type ReadingPlace, StaleCursor } from './keep-page.ts';
import { extendLease } from './lease.ts';
import { readPage } from './read-page.ts';

/** What one reading of a cabinet's feed came to. */
export interface PollOutcome {
  readonly items: number;
  readonly fault?: Fault;
}

/**
 * Reads one cabinet's feed from its stored cursor to its end: page by page, each stored with the cursor in
 * one transaction. Never throws for the outside's sake: a fault is settled here and returned, so that one bad
 * cabinet never stops the others. Rejects only when our own database does.
 */
export async function pollCabinet(
  deps: IntakeDeps,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<PollOutcome> {
  const { config, access } = cabinet;
  let items = 0;
  let gaps = 0;
  try {
    for (;;) {
      const { cursor, rules, blocked } = await readPlace(deps, config.opaId);
      const query = { size: deps.pageSize, ...(cursor === null ? {} : { after: cursor }) };
      const page = await readPage(deps, cabinet, query, signal);
      if (blocked) await unblockCabinet(deps.db, deps.incidents, config);
      if (page.state === 'expired') {
        // Once: a platform that refuses its own oldest place too would lead us round for ever.
        if (gaps++ > 0)
          throw new Fault('PLATFORM_BAD_ANSWER', { detail: 'the oldest cursor expired at once' });
        await openGap(deps, cabinet, cursor, page.oldest ?? null);
        continue;
      }
      await keepPage(deps, config, page.items, rules, feedPlace(config.opaId, cursor, page.next ?? cursor));
      items += page.items.length;
      await extendLease(deps, config.opaId);
      if (page.last) break;
      // Stopped on the way: the end was not seen, so the moment of the last whole reading stays.
      if (signal.aborted) return { items };
    }
    await deps.db.query(`UPDATE cabinet SET polled_at = now(), poll_failures = 0 WHERE opa_id = $1`, [
      config.opaId,
    ]);
    await readOpenBackfills(deps, cabinet, signal);
    return { items };
  } catch (error) {
    const fault = toFault(error);
    if (signal.aborted) return { items, fault };
    if (error instanceof StaleCursor) return { items };
    if (fault.kind === 'credentials') {
      await blockCabinet(deps.db, deps.incidents, config, fault, await credentialsMark(access));
    }
    await deps.db.query(`UPDATE cabinet SET poll_failures = poll_failures + 1 WHERE opa_id = $1`, [
      config.opaId,
    ]);
    deps.log.warn({ cabinet: config.id, code: fault.code, detail: fault.detail }, 'feed not read');
    if (fault.kind === 'defect')
      deps.log.error({ cabinet: config.id, err: error }, 'defect while reading the feed');
    return { items, fault };
  }
}

async function readPlace(
  deps: IntakeDeps,
  opaId: string,
): Promise<{ cursor: string | null; rules: EligibilityRules; blocked: boolean }> {
  const rows = await deps.db.query<{ cursor: string | null; start_from: Date; blocked: boolean }>(
    `SELECT cursor, start_from, state = 'blocked' AS blocked FROM cabinet WHERE opa_id = $1`,
    [opaId],
  );
  const row = rows[0];
  if (row === undefined) throw new Fault('DEFECT', { detail: 'cabinet without a row' });
  const rules = { ...deps.statuses, startFrom: row.start_from, forced: false };
  return { cursor: row.cursor, rules, blocked: row.blocked };
}

/** The cursor of a cabinet's feed; the row stays locked to the end, so pages of one cabinet are stored in turn. */
function feedPlace(opaId: string, from: string | null, to: string | null): ReadingPlace {
  return {
    hold: (tx) => moveCursor(tx, opaId, from, from),
    move: (tx) => moveCursor(tx, opaId, from, to),
  };
}

async function moveCursor(
  tx: Queryable,
  opaId: string,
  from: string | null,
  to: string | null,
): Promise<void> {
  const rows = await tx.query(
    `UPDATE cabinet SET cursor = $3 WHERE opa_id = $1 AND cursor IS NOT DISTINCT FROM $2 RETURNING opa_id`,
    [opaId, from, to],
  );
  if (rows.length === 0) throw new StaleCursor();
}

/** Goes on from the oldest place the platform keeps and notes the gap, to be read by time of change. */
async function openGap(
  deps: IntakeDeps,
  cabinet: PolledCabinet,
  cursor: string | null,
  oldest: string | null,
): Promise<void> {
  if (oldest === cursor) {
    throw new Fault('PLATFORM_BAD_ANSWER', { detail: 'the oldest cursor is refused as expired too' });
  }
  const { opaId } = cabinet.config;
  await inTransaction(deps.dataSource, async (tx) => {
    await moveCursor(tx, opaId, cursor, oldest);
    // Clocks of two machines are never compared: an hour's margin at both ends covers any skew.
    await tx.query(
      `INSERT INTO backfill (opa_id, reason, changed_from, changed_to)
       SELECT opa_id, 'gap', coalesce(polled_at, start_from) - interval '1 hour', now() + interval '1 hour'
       FROM cabinet WHERE opa_id = $1`,
      [opaId],
    );
    await writeJournal(tx, [{ opaId, event: 'feed-gap', code: 'PLATFORM_CURSOR_EXPIRED' }]);
    await deps.incidents.open(tx, 'PLATFORM_CURSOR_EXPIRED', cabinetScope(cabinet.config));
  });
}
