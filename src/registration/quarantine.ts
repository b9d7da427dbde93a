import type { DataSource } from 'typeorm';
import type { Said } from '../alerts/incident/note-resent.ts';
import type { Incidents } from '../alerts/incidents.ts';
import { writeJournal } from '../alerts/journal.ts';
import { writeAudit } from '../console/users/audit.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { IncomingMessage, SedExchange } from '../sed/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { outsideId } from '../text/outside-id.ts';

export interface QuarantineDeps {
  readonly dataSource: DataSource;
  readonly incidents: Incidents;
}

/** A message of the СЭД that was set aside, as its table names it. */
export interface SetAside {
  readonly channel: string;
  readonly message: string;
}

/**
 * Puts a message that could not be read back into its channel's folder, where a daemon reads it anew. It is settled before
 * it is put back, and for good only after: a daemon that finds it bad again at once waits for this transaction and then
 * tells of it anew.
 * @throws Fault SED_MESSAGE_UNREADABLE when no such message lies there, SED_FOLDER_UNAVAILABLE
 */
export async function retryQuarantined(
  deps: QuarantineDeps & { readonly sed: Pick<SedExchange, 'retryQuarantined'> },
  aside: SetAside,
  said: Said,
): Promise<void> {
  let isBack = false;
  await inTransaction(deps.dataSource, async (tx) => {
    await settle(deps, tx, 'SED_MESSAGE_UNREADABLE', aside);
    await tell(tx, 'quarantine-retried', aside, said);
    // A transaction in conflict runs again; the message is put back once.
    if (!isBack) await deps.sed.retryQuarantined(aside.channel, aside.message);
    isBack = true;
  });
}

/** Waits for a message no more, wherever it lies: it was dealt with by hand. Returns whether it was waited for. */
export async function dropQuarantined(
  deps: QuarantineDeps,
  code: ErrorCode,
  aside: SetAside,
  said: Said,
): Promise<boolean> {
  return await inTransaction(deps.dataSource, async (tx) => {
    if (!(await settle(deps, tx, code, aside))) return false;
    await tell(tx, 'quarantine-dropped', aside, said);
    return true;
  });
}

/** Messages that are read after all were put back by hand, or got their envelope. */
export async function settleRead(tx: Queryable, messages: readonly IncomingMessage[]): Promise<void> {
  await tx.query(
    `UPDATE quarantine q SET settled_at = now() FROM unnest($1::text[], $2::text[]) AS m (channel, message)
     WHERE q.channel = m.channel AND q.message_dir = m.message AND q.settled_at IS NULL`,
    [messages.map(({ channel }) => channel), messages.map(({ messageDir }) => messageDir)],
  );
}

async function settle(
  { incidents }: QuarantineDeps,
  tx: Queryable,
  code: ErrorCode,
  { channel, message }: SetAside,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE quarantine SET settled_at = now()
     WHERE channel = $1 AND message_dir = $2 AND code = $3 AND settled_at IS NULL RETURNING id`,
    [channel, message, code],
  );
  const [left] = await tx.query(
    'SELECT 1 FROM quarantine WHERE channel = $1 AND code = $2 AND settled_at IS NULL LIMIT 1',
    [channel, code],
  );
  if (left === undefined) await incidents.close(tx, code, `channel:${channel}`);
  return rows.length > 0;
}

async function tell(
  tx: Queryable,
  action: string,
  { channel, message }: SetAside,
  said: Said,
): Promise<void> {
  await writeJournal(tx, [{ event: action, data: { channel, ...said } }]);
  const data = { message: outsideId(message) };
  await writeAudit(tx, { ...said, action, object: `channel:${channel}`, data });
}
