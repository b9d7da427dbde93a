import { writeJournal } from '../alerts/journal.ts';
import { Fault } from '../model/errors.ts';
import type { Queryable } from '../store/data-source.ts';
import { cabinetScope } from './cabinets.ts';
import type { IntakeDeps, PolledCabinet } from './intake.ts';
import { keepPage, type ReadingPlace, StaleCursor } from './keep-page.ts';
import { extendLease } from './lease.ts';
import { readPage } from './read-page.ts';

export interface BackfillRequest {
  readonly opaId: string;
  readonly from: Date;
  readonly to: Date;
  /** True on a person's command: items before startFrom and answered ones get cards too. */
  readonly forceCards: boolean;
}

interface BackfillRow {
  readonly id: string;
  readonly reason: string;
  readonly changed_from: Date;
  readonly changed_to: Date;
  readonly force_cards: boolean;
  readonly cursor: string | null;
  readonly start_from: Date;
}

/** Asks for a reading by time of change; the cabinet's next poll does it, across restarts. */
export async function requestBackfill(db: Queryable, request: BackfillRequest): Promise<void> {
  await db.query(
    `INSERT INTO backfill (opa_id, reason, changed_from, changed_to, force_cards) VALUES ($1, 'command', $2, $3, $4)`,
    [request.opaId, request.from, request.to, request.forceCards],
  );
  await db.query(`UPDATE cabinet SET next_poll_at = now() WHERE opa_id = $1 AND state = 'active'`, [
    request.opaId,
  ]);
}

/** Reads the open gaps of a cabinet to their ends, page by page; each page with its place in one transaction. */
export async function readOpenBackfills(
  deps: IntakeDeps,
  cabinet: PolledCabinet,
  signal: AbortSignal,
): Promise<void> {
  const { opaId } = cabinet.config;
  const open = await deps.db.query<BackfillRow>(
    `SELECT b.*, c.start_from FROM backfill b JOIN cabinet c USING (opa_id)
     WHERE b.opa_id = $1 AND b.finished_at IS NULL ORDER BY b.id`,
    [opaId],
  );
  for (const row of open) {
    const rules = { ...deps.statuses, startFrom: row.start_from, forced: row.force_cards };
    let cursor = row.cursor;
    for (let last = false; !last; ) {
      if (signal.aborted) return;
      const query = {
        size: deps.pageSize,
        changedFrom: row.changed_from,
        changedTo: row.changed_to,
        ...(cursor === null ? {} : { after: cursor }),
      };
      const page = await readPage(deps, cabinet, query, signal);
      if (page.state === 'expired')
        throw new Fault('PLATFORM_BAD_ANSWER', { detail: 'a back-fill has no cursor to expire' });
      last = page.last;
      const next = page.next ?? null;
      await keepPage(deps, cabinet.config, page.items, rules, {
        hold: (tx) => holdPlace(tx, opaId, row.id, cursor),
        move: (tx) =>
          movePlace(deps, tx, cabinet, row, { from: cursor, to: next, items: page.items.length, last }),
      } satisfies ReadingPlace);
      await extendLease(deps, opaId);
      cursor = next;
    }
  }
}

/** Also locks the cabinet, as a page of the feed does: what both bring of one appeal is folded in turn. */
async function holdPlace(tx: Queryable, opaId: string, id: string, from: string | null): Promise<void> {
  await tx.query(`SELECT 1 FROM cabinet WHERE opa_id = $1 FOR NO KEY UPDATE`, [opaId]);
  const rows = await tx.query(
    `SELECT 1 FROM backfill WHERE id = $1 AND cursor IS NOT DISTINCT FROM $2 AND finished_at IS NULL FOR UPDATE`,
    [id, from],
  );
  if (rows.length === 0) throw new StaleCursor();
}

/** With the last page the gap is closed in the same transaction: a death on the next line leaves nothing open. */
async function movePlace(
  deps: IntakeDeps,
  tx: Queryable,
  cabinet: PolledCabinet,
  row: BackfillRow,
  step: {
    readonly from: string | null;
    readonly to: string | null;
    readonly items: number;
    readonly last: boolean;
  },
): Promise<void> {
  const { opaId } = cabinet.config;
  await holdPlace(tx, opaId, row.id, step.from);
  await tx.query(
    `UPDATE backfill SET cursor = $2, items = items + $3, finished_at = CASE WHEN $4 THEN now() END WHERE id = $1`,
    [row.id, step.to, step.items, step.last],
  );
  if (!step.last) return;
  await writeJournal(tx, [{ opaId, event: 'backfill-finished', data: { reason: row.reason } }]);
  const gaps = await tx.query(
    `SELECT 1 FROM backfill WHERE opa_id = $1 AND reason = 'gap' AND finished_at IS NULL LIMIT 1`,
    [opaId],
  );
  if (gaps.length > 0) return;
  await deps.incidents.close(tx, 'PLATFORM_CURSOR_EXPIRED', cabinetScope(cabinet.config));
}
