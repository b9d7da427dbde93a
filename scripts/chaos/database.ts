import { join } from 'node:path';
import { Client } from 'pg';
import { findRunningEmbedded } from '../../src/store/embedded/index.ts';

/** Runs one statement on the database of a living daemon; undefined while there is none that answers. */
async function ask<T>(
  siteDir: string,
  sql: string,
  params: readonly unknown[] = [],
): Promise<T[] | undefined> {
  const url = await findRunningEmbedded(join(siteDir, 'state')).catch(() => undefined);
  if (url === undefined) return undefined;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 30_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(sql, [...params]);
    return rows as T[];
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What the daemon still has to do. */
export interface Unsettled {
  readonly deliveries: number;
  readonly events: number;
  readonly packages: number;
}

export async function countUnsettled(siteDir: string): Promise<Unsettled | undefined> {
  const rows = await ask<Unsettled>(
    siteDir,
    `SELECT (SELECT count(*)::int FROM delivery WHERE state IN ('queued', 'sending', 'unknown')) AS deliveries,
            (SELECT count(*)::int FROM sed_event WHERE handled_at IS NULL AND card_id IS NOT NULL) AS events,
            (SELECT count(*)::int FROM package WHERE stage = 'writing') AS packages`,
  );
  return rows?.[0];
}

export interface Cancelled {
  readonly opa_id: string;
  readonly pos_id: string;
  readonly role: string;
  readonly card: string | null;
  readonly executor: string | null;
  readonly postponed_to: string | null;
}

/** Statuses that an answer let fall, and that had nothing else against them. */
export async function findCancelled(siteDir: string): Promise<Cancelled[] | undefined> {
  return await ask<Cancelled>(
    siteDir,
    `SELECT a.opa_id, a.pos_id, d.payload ->> 'role' AS role, d.payload -> 'card' ->> 'number' AS card,
            d.payload -> 'executor' ->> 'surname' AS executor, d.payload ->> 'postponedTo' AS postponed_to
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id
     WHERE d.state = 'cancelled' AND d.kind = 'status'
       AND EXISTS (SELECT 1 FROM journal j WHERE j.appeal_id = a.id AND j.event = 'delivery-cancelled'
                   AND j.data ->> 'seq' = d.seq::text AND j.data ->> 'why' = 'answer')
       AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.appeal_id = a.id AND j.event = 'delivery-attention'
                       AND j.data ->> 'seq' = d.seq::text)`,
  );
}

/** One appeal as the store has it: card, deliveries, events, the end of its journal. */
export async function describeAppeal(siteDir: string, opaId: string, posId: string): Promise<string> {
  const rows = await ask<{ told: unknown }>(
    siteDir,
    `SELECT json_build_object('stage', a.stage, 'error', a.error_code, 'dueAt', a.due_at,
       'cards', (SELECT json_agg(json_build_object('stage', k.stage, 'uid', k.document_uid, 'error', k.error_code))
                 FROM card k WHERE k.appeal_id = a.id),
       'deliveries', (SELECT json_agg(json_build_object('seq', d.seq, 'rule', d.rule, 'state', d.state,
           'attempts', d.attempts, 'baseline', d.baseline, 'error', d.error_code, 'begun', d.begun_at, 'ended', d.ended_at,
           'settled', d.settled_at) ORDER BY d.seq) FROM delivery d WHERE d.appeal_id = a.id),
       'events', (SELECT json_agg(json_build_object('id', e.id, 'kind', e.kind, 'at', e.at, 'told', m.header_time,
           'stored', e.stored_at, 'handled', e.handled_at) ORDER BY e.id)
         FROM sed_event e JOIN card k ON k.id = e.card_id JOIN sed_message m ON m.id = e.message_id
         WHERE k.appeal_id = a.id),
       'journal', (SELECT json_agg(json_build_object('at', j.at, 'event', j.event, 'code', j.code, 'data', j.data) ORDER BY j.id)
         FROM journal j WHERE j.appeal_id = a.id)) AS told
     FROM appeal a WHERE a.opa_id = $1 AND a.pos_id = $2`,
    [opaId, posId],
  );
  if (rows === undefined) return 'база не отвечает';
  return rows[0] === undefined ? 'в базе этого обращения нет' : JSON.stringify(rows[0].told);
}
