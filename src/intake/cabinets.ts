import { randomBytes, scryptSync } from 'node:crypto';
import { DateTime } from 'luxon';
import type { DataSource } from 'typeorm';
import { closeOfRemovedCabinets } from '../alerts/incident/removed.ts';
import type { Incidents } from '../alerts/incidents.ts';
import { writeJournal } from '../alerts/journal.ts';
import type { CabinetConfig } from '../config/schema.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { type Fault, toFault } from '../model/errors.ts';
import type { CabinetAccess, Platform } from '../platform/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';

export type CabinetState = 'active' | 'paused' | 'blocked';

/** Codes after which no log-in is tried until «check» or a changed setting: more tries may lock the account. */
const NO_MORE_TRIES: ReadonlySet<ErrorCode> = new Set([
  'PLATFORM_CREDENTIALS_WRONG',
  'PLATFORM_CABINET_MISMATCH',
]);

/**
 * Makes the row of each configured cabinet. `start_from` is fixed at the first start, unless the
 * configuration gives a day: then that day's midnight in the cabinet's zone.
 */
export async function registerCabinets(db: Queryable, cabinets: readonly CabinetConfig[]): Promise<void> {
  for (const cabinet of cabinets) {
    const startFrom =
      cabinet.startFrom === undefined
        ? null
        : DateTime.fromISO(cabinet.startFrom, { zone: cabinet.timeZone }).toJSDate();
    await db.query(
      `INSERT INTO cabinet AS c (opa_id, name, start_from) VALUES ($1, $2, coalesce($3, now()))
       ON CONFLICT (opa_id) DO UPDATE SET name = excluded.name, start_from = coalesce($3, c.start_from)`,
      [cabinet.opaId, cabinet.id, startFrom],
    );
  }
}

export function cabinetScope(cabinet: { readonly id: string }): string {
  return `cabinet:${cabinet.id}`;
}

/**
 * Blocks a cabinet whose credentials the platform refused: stored, so it holds for every daemon; one incident.
 * Wrong identifier or password: no log-in until «check» or a changed setting; the others once an hour.
 */
export async function blockCabinet(
  db: Queryable,
  incidents: Incidents,
  cabinet: CabinetConfig,
  fault: Fault,
  mark: string | null,
): Promise<void> {
  const [before] = await db.query<{ state: CabinetState; state_code: ErrorCode | null }>(
    `SELECT state, state_code FROM cabinet WHERE opa_id = $1`,
    [cabinet.opaId],
  );
  if (before === undefined || before.state === 'paused') return;
  // The incident first: a cabinet that stands still with nothing before the administrator would stand for ever.
  const detail = `${cabinet.name} (${cabinet.id}), opaId ${cabinet.opaId}`;
  await incidents.open(db, fault.code, cabinetScope(cabinet), detail);
  const nextTry = NO_MORE_TRIES.has(fault.code) ? "'infinity'::timestamptz" : "now() + interval '1 hour'";
  await db.query(
    `UPDATE cabinet SET state = 'blocked', state_code = $2, state_detail = $3, next_poll_at = ${nextTry},
       credentials_mark = $4, state_since = CASE WHEN state = 'blocked' THEN state_since ELSE now() END
     WHERE opa_id = $1 AND state <> 'paused'`,
    [cabinet.opaId, fault.code, fault.detail ?? null, mark],
  );
  if (before.state === 'blocked' && before.state_code === fault.code) return;
  if (before.state_code !== null && before.state_code !== fault.code) {
    await incidents.close(db, before.state_code, cabinetScope(cabinet));
  }
  await writeJournal(db, [{ opaId: cabinet.opaId, event: 'cabinet-blocked', code: fault.code }]);
}

/**
 * Lets a blocked cabinet work again and closes its incident; a pause by a person stays, but is not a block any more
 * when it ends.
 */
export async function unblockCabinet(
  db: Queryable,
  incidents: Incidents,
  cabinet: Pick<CabinetConfig, 'id' | 'opaId'>,
): Promise<void> {
  const [blocked] = await db.query<{ state_code: ErrorCode | null }>(
    `SELECT state_code FROM cabinet WHERE opa_id = $1 AND ${IS_BLOCKED}`,
    [cabinet.opaId],
  );
  if (blocked === undefined) return;
  const code = blocked.state_code;
  // Before the state: a death in between leaves a blocked cabinet, which the next success unblocks again.
  if (code !== null) await incidents.close(db, code, cabinetScope(cabinet));
  const rows = await db.query(
    `UPDATE cabinet SET state = CASE state WHEN 'paused' THEN 'paused' ELSE 'active' END, state_code = NULL,
       state_detail = CASE state WHEN 'paused' THEN state_detail END, next_poll_at = now(), credentials_mark = NULL,
       state_since = CASE state WHEN 'paused' THEN state_since ELSE now() END
     WHERE opa_id = $1 AND ${IS_BLOCKED} RETURNING opa_id`,
    [cabinet.opaId],
  );
  if (rows.length === 0) return;
  await writeJournal(db, [
    { opaId: cabinet.opaId, event: 'cabinet-unblocked', ...(code === null ? {} : { code }) },
  ]);
  await ringCabinet(db, cabinet.opaId);
}

/** A pause keeps the code of the block that it found: to end it must not be one more wrong log-in. */
const IS_BLOCKED = `(state = 'blocked' OR (state = 'paused' AND state_code IS NOT NULL))`;

/** Its appeals waited without spending attempts; they go on at once. */
async function ringCabinet(db: Queryable, opaId: string): Promise<void> {
  await db.query(
    `UPDATE appeal SET due_at = now() WHERE opa_id = $1 AND stage = 'open' AND due_at IS NOT NULL`,
    [opaId],
  );
}

/**
 * A person stops a cabinet: stored, so it holds for every daemon until it is resumed. Nothing of it is read from the
 * platform or sent to it; cards already on their way to the СЭД go on. Returns false when it was paused before.
 */
export async function pauseCabinet(
  dataSource: DataSource,
  cabinet: Pick<CabinetConfig, 'opaId'>,
  why: string,
): Promise<boolean> {
  return await inTransaction(dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE cabinet SET state = 'paused', state_detail = $2, state_since = now()
       WHERE opa_id = $1 AND state <> 'paused' RETURNING opa_id`,
      [cabinet.opaId, why],
    );
    if (rows.length === 0) return false;
    await writeJournal(tx, [{ opaId: cabinet.opaId, event: 'cabinet-paused', data: { why } }]);
    return true;
  });
}

/**
 * Ends a person's pause and rings for what waited. A cabinet that was blocked when it was paused is blocked again: the
 * log-in that the platform refused must not be tried once more by the way. Returns the state it is in now.
 */
export async function resumeCabinet(
  dataSource: DataSource,
  cabinet: Pick<CabinetConfig, 'opaId'>,
): Promise<{ readonly state: CabinetState; readonly changed: boolean }> {
  return await inTransaction(dataSource, async (tx) => {
    const [row] = await tx.query<{ state: CabinetState }>(
      `UPDATE cabinet SET state = CASE WHEN state_code IS NULL THEN 'active' ELSE 'blocked' END, state_detail = NULL,
         state_since = now(), next_poll_at = CASE WHEN state_code IS NULL THEN now() ELSE next_poll_at END
       WHERE opa_id = $1 AND state = 'paused' RETURNING state`,
      [cabinet.opaId],
    );
    if (row === undefined) {
      return { state: await stateOf(tx, cabinet.opaId), changed: false };
    }
    await writeJournal(tx, [{ opaId: cabinet.opaId, event: 'cabinet-resumed', data: { state: row.state } }]);
    if (row.state === 'active') await ringCabinet(tx, cabinet.opaId);
    return { state: row.state, changed: true };
  });
}

/**
 * Ends the block and the incidents of cabinets that are in the settings no more: nobody can mend them there, and one
 * that is put back starts afresh. `cabinets`: those of the settings in force.
 */
export async function releaseRemovedCabinets(
  db: Queryable,
  incidents: Incidents,
  cabinets: readonly Pick<CabinetConfig, 'id' | 'opaId'>[],
): Promise<void> {
  const rows = await db.query<{ opa_id: string; name: string }>(
    `SELECT opa_id, name FROM cabinet WHERE state = 'blocked' AND NOT (opa_id = ANY($1))`,
    [cabinets.map((cabinet) => cabinet.opaId)],
  );
  for (const row of rows) await unblockCabinet(db, incidents, { opaId: row.opa_id, id: row.name });
  await closeOfRemovedCabinets({ db, incidents }, cabinets);
}

/** The state of a cabinet; one that has no row yet is not held up by anything. */
export async function stateOf(db: Queryable, opaId: string): Promise<CabinetState> {
  const [row] = await db.query<{ state: CabinetState }>(`SELECT state FROM cabinet WHERE opa_id = $1`, [
    opaId,
  ]);
  return row?.state ?? 'active';
}

/** Logs in afresh and settles the cabinet's state by the outcome; what `check` and a changed setting do. */
export async function recheckCabinet(
  db: Queryable,
  incidents: Incidents,
  platform: Platform,
  cabinet: CabinetConfig,
  access: CabinetAccess,
  signal?: AbortSignal,
): Promise<Fault | undefined> {
  platform.forget(cabinet.opaId);
  try {
    await platform.checkCabinet(access, signal);
  } catch (error) {
    const fault = toFault(error);
    if (fault.kind === 'credentials') {
      await blockCabinet(db, incidents, cabinet, fault, await credentialsMark(access));
    } else {
      // Nothing learnt of the credentials: the one try they were granted is left to the next poll.
      await pollSoon(db, cabinet);
    }
    return fault;
  }
  await unblockCabinet(db, incidents, cabinet);
  await pollSoon(db, cabinet);
  return undefined;
}

/** Settings that were just changed count at once, not after an interval of the old ones. */
async function pollSoon(db: Queryable, cabinet: CabinetConfig): Promise<void> {
  await db.query(
    `UPDATE cabinet SET next_poll_at = least(next_poll_at, now()) WHERE opa_id = $1 AND state <> 'paused'`,
    [cabinet.opaId],
  );
}

/** Cabinets blocked for wrong credentials whose identifier or password is another one by now. */
export async function findMendedCabinets(
  db: Queryable,
  accesses: readonly CabinetAccess[],
): Promise<CabinetAccess[]> {
  const rows = await db.query<{ opa_id: string; credentials_mark: string | null }>(
    `SELECT opa_id, credentials_mark FROM cabinet WHERE state = 'blocked'`,
  );
  const mended: CabinetAccess[] = [];
  for (const row of rows) {
    const access = accesses.find((candidate) => candidate.opaId === row.opa_id);
    if (access === undefined) continue;
    const mark = await credentialsMark(access, row.credentials_mark?.split(':')[0]);
    if (mark !== null && mark !== row.credentials_mark) mended.push(access);
  }
  return mended;
}

/**
 * A mark by which a changed identifier or password is noticed after a restart. Only 16 bits of a salted slow
 * hash are kept: enough to see a change, useless for finding the password. Null when the secret cannot be read.
 */
export async function credentialsMark(access: CabinetAccess, salt?: string): Promise<string | null> {
  try {
    const password = await access.readPassword();
    const usedSalt = salt ?? randomBytes(8).toString('hex');
    const hash = scryptSync(`${access.identifier}\0${password}`, usedSalt, 2).toString('hex');
    return `${usedSalt}:${hash}`;
  } catch {
    return null;
  }
}
