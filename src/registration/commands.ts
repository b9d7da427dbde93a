import type { DataSource } from 'typeorm';
import { noteCards, type Said } from '../alerts/incident/note-resent.ts';
import { writeJournal } from '../alerts/journal.ts';
import { writeAudit } from '../console/users/audit.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';

/** What a command found for a number of the platform. */
export interface ResendOutcome {
  readonly posId: string;
  readonly cabinet: string;
  /** `again`: the same package once more; `corrected`: a new attempt after a refusal; `nothing`: nothing to send. */
  readonly action: 'again' | 'corrected' | 'nothing';
}

/** Narrows `resendCards` to one appeal, and tells who asked and why. */
export interface ResendOptions {
  readonly appealId?: string;
  /** A person: in journal and audit, and the groups of errors of the cards wait for how they end. */
  readonly said?: Said;
}

/**
 * Sends again what the СЭД has not registered: after a refusal as a new attempt with new identities, after silence as
 * the very same package (contracts/sev.md: `attempt` grows only after a Failure). A registered card is left alone.
 * The daemon's bell rings within a second.
 */
export async function resendCards(
  dataSource: DataSource,
  posId: string,
  { appealId, said }: ResendOptions = {},
): Promise<ResendOutcome[]> {
  return await inTransaction(dataSource, async (tx) => {
    const rows = await tx.query<{ id: string; opa_id: string; cabinet: string }>(
      `SELECT a.id::text AS id, a.opa_id, c.name AS cabinet FROM appeal a JOIN cabinet c USING (opa_id)
       WHERE a.pos_id = $1 AND ($2::bigint IS NULL OR a.id = $2) ORDER BY a.id FOR UPDATE OF a`,
      [posId, appealId ?? null],
    );
    const outcomes: ResendOutcome[] = [];
    for (const row of rows) {
      if (said !== undefined) await noteCards(tx, row.id, said);
      const action = await resendOne(tx, row.id);
      if (action !== 'nothing') {
        await writeJournal(tx, [
          {
            opaId: row.opa_id,
            appealId: row.id,
            event: 'card-resend-asked',
            data: { action, ...said },
          },
        ]);
        if (said !== undefined) {
          const object = `appeal:${row.id}`;
          await writeAudit(tx, { ...said, action: 'card-resent', object, data: { action } });
        }
        await tx.query(
          `UPDATE appeal SET error_code = NULL, error_detail = NULL, due_at = now() WHERE id = $1`,
          [row.id],
        );
      }
      outcomes.push({ posId, cabinet: row.cabinet, action });
    }
    return outcomes;
  });
}

async function resendOne(tx: Queryable, appealId: string): Promise<ResendOutcome['action']> {
  // A refused addition: the same content as a new attempt.
  const additions = await tx.query<{ id: string }>(
    `SELECT p.id::text AS id FROM package p JOIN card k ON k.id = p.card_id
     WHERE k.appeal_id = $1 AND p.part > 0 AND p.stage = 'failed'
       AND NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt)`,
    [appealId],
  );
  if (additions.length > 0) {
    await tx.query(`UPDATE package SET stage = 'again' WHERE id = ANY($1::bigint[])`, [
      additions.map((row) => row.id),
    ]);
    return 'corrected';
  }
  const refused = await tx.query(
    `UPDATE card SET stage = 'planned', error_code = NULL, error_detail = NULL
     WHERE appeal_id = $1 AND stage = 'attention' RETURNING id`,
    [appealId],
  );
  if (refused.length > 0) return 'corrected';
  const silent = await tx.query(
    `WITH p AS (
       UPDATE package p SET stage = 'writing' FROM card k
       WHERE k.id = p.card_id AND k.appeal_id = $1 AND p.stage IN ('sent', 'taken', 'received') AND p.part = 0
         AND k.stage IN ('sent', 'taken', 'received')
       RETURNING p.card_id)
     UPDATE card SET stage = 'planned' WHERE id IN (SELECT card_id FROM p) RETURNING id`,
    [appealId],
  );
  return silent.length > 0 ? 'again' : 'nothing';
}
