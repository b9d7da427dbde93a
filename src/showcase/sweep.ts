import { Fault } from '../model/errors.ts';
import { inTransaction } from '../store/data-source.ts';
import type { BuildDeps } from './deps.ts';
import { removeRows } from './rows.ts';
import type { Seen } from './seen.ts';

/** Rows of one transaction. */
const PAGE = 20_000;
/** Fewer questions may vanish whatever their share. */
const FEW = 100;

/** Rows that the pass did not see: the map goes to them, not they to the map, for there may be a million. */
const UNSEEN = `build_id < $2
  AND CASE WHEN id < octet_length($3::bytea)::bigint * 8 THEN get_bit($3::bytea, id) = 0 ELSE true END`;

/**
 * Takes off the showcase the questions of cards that a whole pass did not see: withdrawn from the archive, moved to
 * another cardfile, or out of the settings by now. What a later pass has written is left alone. Returns how many.
 * @throws Fault SHOWCASE_REMOVAL_HELD when more than half of them have vanished and nobody has confirmed it: an account
 *   that lost its rights sees an empty archive too
 */
export async function removeUnseen(
  { dataSource, db, confirmRemovals }: Pick<BuildDeps, 'dataSource' | 'db' | 'confirmRemovals'>,
  showcase: string,
  buildId: number,
  seen: Seen,
): Promise<number> {
  const map = [showcase, buildId, seen.bytes()];
  const [all] = await db.query<{ unseen: number; live: number }>(
    `SELECT count(*) FILTER (WHERE ${UNSEEN})::int AS unseen, count(*)::int AS live
     FROM showcase_record WHERE showcase = $1 AND verdict <> 'remove'`,
    map,
  );
  const { unseen, live } = all ?? { unseen: 0, live: 0 };
  if (unseen === 0) return 0;
  if (unseen > FEW && unseen * 2 > live && confirmRemovals !== true) {
    throw new Fault('SHOWCASE_REMOVAL_HELD', { detail: `не найдено ${unseen} из ${live} вопросов` });
  }
  for (let removed = 0; ; ) {
    const rows = await db.query<{ key: string; no: number }>(
      `SELECT card_key AS key, question_no AS no FROM showcase_record
       WHERE showcase = $1 AND verdict <> 'remove' AND ${UNSEEN} LIMIT ${PAGE}`,
      map,
    );
    if (rows.length === 0) return removed;
    await inTransaction(dataSource, (tx) => removeRows(tx, showcase, buildId, rows));
    removed += rows.length;
  }
}
