import type { DataSource } from 'typeorm';
import { resendCards } from '../../registration/commands.ts';
import { resendLocked } from '../../replies/commands.ts';
import { inTransaction, type Queryable } from '../../store/data-source.ts';
import type { IncidentRow } from './rows.ts';
import type { ScopeWorld } from './scope.ts';
import { type MemberKind, type MemberSource, sourcesOf } from './sources.ts';

/** Members given out in one transaction. */
const BATCH = 500;

interface Run extends Pick<IncidentRow, 'code' | 'scope' | 'fingerprint'> {
  readonly id: string;
  readonly who: string;
  readonly why: string;
}

/** Goes on with every wish that is not given out whole. Returns how many members were given out. */
export async function workResends(
  dataSource: DataSource,
  db: Queryable,
  world: ScopeWorld,
  signal?: AbortSignal,
) {
  const runs = await db.query<{ id: string }>(
    `SELECT r.id::text AS id FROM incident_resend r WHERE r.finished_at IS NULL ORDER BY r.id LIMIT 100`,
  );
  let given = 0;
  for (const { id } of runs) {
    while (signal?.aborted !== true) {
      const count = await giveOut(dataSource, id, world);
      given += count;
      if (count === 0) break;
    }
  }
  return given;
}

/**
 * Gives out one batch of a wish: each member once, also when it comes back refused. Two daemons never work on the same
 * wish at once. Returns how many were given out; 0 when it is through, or in another's hands.
 */
export async function giveOut(dataSource: DataSource, id: string, world: ScopeWorld): Promise<number> {
  const batch = await inTransaction(dataSource, async (tx) => {
    const [run] = await tx.query<Run>(
      `SELECT r.id::text AS id, r.who, r.why, i.code, i.scope, i.fingerprint
       FROM incident_resend r JOIN incident i ON i.id = r.incident_id
       WHERE r.id = $1 AND r.finished_at IS NULL FOR UPDATE OF r SKIP LOCKED`,
      [id],
    );
    if (run === undefined) return { given: 0, cards: [] };
    for (const source of sourcesOf(run, world)) {
      const taken = source.ref === null ? [] : await take(tx, run, source);
      if (taken.length === 0) continue;
      await note(tx, run, source.kind, taken);
      const cards = await resend(tx, run, source.kind, taken);
      return { given: taken.length, cards };
    }
    await tx.query('UPDATE incident_resend SET finished_at = now() WHERE id = $1', [id]);
    return { given: 0, cards: [] };
  });
  // A card's command is a transaction of its own; one that a death leaves out stays a member, and shows as refused again.
  for (const posId of batch.cards) await resendCards(dataSource, posId);
  return batch.given;
}

interface Taken {
  readonly id: string;
  readonly ref: string;
}

async function take(tx: Queryable, run: Run, { kind, from, params, ref }: MemberSource): Promise<Taken[]> {
  const last = params.length;
  // Rows of a view, and those whose command locks in its own order, are not locked here.
  const lock = kind === 'delivery' ? 'FOR UPDATE OF m SKIP LOCKED' : '';
  return await tx.query<Taken>(
    `SELECT m.id::text AS id, ${ref}::text AS ref ${from} AND NOT EXISTS (
       SELECT 1 FROM incident_resent r WHERE r.resend_id = $${last + 1} AND r.ref = ${ref})
     ORDER BY m.id LIMIT $${last + 2} ${lock}`,
    [...params, run.id, BATCH],
  );
}

async function note(tx: Queryable, run: Run, kind: MemberKind, taken: readonly Taken[]): Promise<void> {
  await tx.query(
    `INSERT INTO incident_resent (resend_id, ref, outcome) SELECT $1, unnest($2::bigint[]), $3 ON CONFLICT DO NOTHING`,
    // A record goes with the next upload of its showcase, hours away perhaps: its incident does not wait for that.
    [run.id, taken.map(({ ref }) => ref), kind === 'record' ? 'gone' : null],
  );
  await tx.query('UPDATE incident_resend SET given = given + $2 WHERE id = $1', [run.id, taken.length]);
}

/** Gives them back to their flow; returns the appeals whose cards are still to be sent again. */
async function resend(tx: Queryable, run: Run, kind: MemberKind, taken: readonly Taken[]): Promise<string[]> {
  const ids = taken.map(({ id }) => id);
  const refs = taken.map(({ ref }) => ref);
  switch (kind) {
    case 'delivery':
      await resendLocked(tx, ids, { why: run.why, who: run.who });
      return [];
    case 'appeal':
      await tx.query('UPDATE appeal SET due_at = now() WHERE id = ANY($1::bigint[])', [ids]);
      return [];
    case 'record':
      // Another file takes it up; what the platform refused is known no more.
      await tx.query(
        `UPDATE showcase_record r SET refused_hash = NULL, error_code = NULL, error_field = NULL, error_detail = NULL
         FROM (SELECT showcase, card_key, question_no FROM showcase_open WHERE id = ANY($1::bigint[]) AND state = 'refused'
               AND showcase = $2) o
         WHERE r.showcase = o.showcase AND r.card_key = o.card_key AND r.question_no = o.question_no`,
        [ids, run.scope.slice('showcase:'.length)],
      );
      return [];
    case 'card':
    case 'addition': {
      const rows = await tx.query<{ posId: string }>(
        `SELECT DISTINCT pos_id AS "posId" FROM appeal WHERE id = ANY($1::bigint[]) ORDER BY 1`,
        [refs],
      );
      return rows.map(({ posId }) => posId);
    }
    default:
      return [];
  }
}
