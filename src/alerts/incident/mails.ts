import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { inTransaction, type Queryable } from '../../store/data-source.ts';
import { enqueueMail } from '../mail/outbox.ts';
import { type AlertRules, canWait, isDue, isMailable, isQuiet, recipientsOf } from './mail-rules.ts';
import { type MailedIncident, MOST_APART, mailOf } from './mail-words.ts';
import type { ScopeWorld } from './scope.ts';

export interface IncidentMailDeps {
  readonly dataSource: DataSource;
  readonly log: Logger;
  /** The rules in force; without anybody to write to nothing is sent, and incidents wait. */
  rules(): AlertRules;
  world(): ScopeWorld;
  /** Address of the console for links, without a slash at its end. */
  readonly publicUrl?: string;
  now(): Date;
}

/** Incidents told of in one turn. */
const MOST_AT_ONCE = 1000;

/**
 * Puts into the outbox what is to be told: one mail when an incident opens, one to the same people when it ends, none
 * between. Many at once to the same people are one mail. What ends, or is taken up by a person, before its mail went
 * sends none. To be called from time to time by any number of daemons; returns how many mails were stored.
 */
export async function tellIncidents(deps: IncidentMailDeps): Promise<number> {
  const sent = await inTransaction(deps.dataSource, async (tx) => {
    await tx.query(
      `UPDATE incident SET mail_state = 'none'
       WHERE mail_state = 'waiting' AND (closed_at IS NOT NULL OR acknowledged_at IS NOT NULL)`,
    );
    if (deps.rules().everybody.length === 0 && deps.rules().recipients.length === 0) return 0;
    return (await tellOpened(deps, tx)) + (await tellClosed(deps, tx));
  });
  if (sent > 0) deps.log.info({ mails: sent }, 'incident mails stored');
  return sent;
}

interface Row extends MailedIncident {
  readonly toldTo: readonly string[];
}

const COLUMNS = `id::text AS id, code, scope, detail, count::text AS count, opened_at AS "openedAt", closed_at AS "closedAt",
  told_to AS "toldTo"`;

async function tellOpened(deps: IncidentMailDeps, tx: Queryable): Promise<number> {
  const now = deps.now();
  const rules = deps.rules();
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM incident i WHERE mail_state = 'waiting' AND closed_at IS NULL
       AND (snoozed_until IS NULL OR snoozed_until <= $1)
     ORDER BY i.id LIMIT ${MOST_AT_ONCE} FOR UPDATE SKIP LOCKED`,
    [now],
  );
  const due = rows.filter((row) => !isMailable(row) || isDue(rules, row, now));
  const mailed = due.map((row) => ({
    row,
    to: isMailable(row) ? recipientsOf(rules, row, deps.world()) : [],
  }));
  let sent = 0;
  for (const { to, group } of together(mailed)) {
    for (const part of to.length === 0 ? [] : apart(group)) {
      sent += Number(await enqueueMail(tx, { to, ...mailOf('opened', part, deps) }));
    }
    const told = to.length > 0 ? 'told' : 'none';
    await mark(tx, group, told, to);
  }
  return sent;
}

async function tellClosed(deps: IncidentMailDeps, tx: Queryable): Promise<number> {
  const quiet = isQuiet(deps.rules(), deps.now());
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM incident i WHERE mail_state = 'told' AND closed_at IS NOT NULL
     ORDER BY i.id LIMIT ${MOST_AT_ONCE} FOR UPDATE SKIP LOCKED`,
  );
  // Good news of what could wait wait as well.
  const due = rows.filter((row) => !(quiet && canWait(row.code))).map((row) => ({ row, to: row.toldTo }));
  let sent = 0;
  for (const { to, group } of together(due)) {
    for (const part of apart(group)) {
      sent += Number(await enqueueMail(tx, { to, ...mailOf('closed', part, deps) }));
    }
    await mark(tx, group, 'ended', to);
  }
  return sent;
}

interface Group {
  readonly to: readonly string[];
  readonly group: Row[];
}

/** Incidents by the people who are to be told of them. */
function together(list: readonly { readonly row: Row; readonly to: readonly string[] }[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { row, to } of list) {
    const key = JSON.stringify(to);
    const group = groups.get(key) ?? { to, group: [] };
    group.group.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A few are told one by one: each of their mails can be answered and filed; many are one mail. */
function apart(group: readonly Row[]): readonly (readonly Row[])[] {
  return group.length <= MOST_APART ? group.map((row) => [row]) : [group];
}

async function mark(
  tx: Queryable,
  group: readonly Row[],
  state: string,
  to: readonly string[],
): Promise<void> {
  await tx.query(`UPDATE incident SET mail_state = $2, told_to = $3 WHERE id = ANY($1::bigint[])`, [
    group.map(({ id }) => id),
    state,
    to,
  ]);
}
