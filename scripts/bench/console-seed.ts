import { Client } from 'pg';

export interface ConsoleSeed {
  readonly appeals: number;
  /** Deliveries that wait for a person: members of incidents. */
  readonly attention: number;
  readonly cabinets: number;
}

/** Number of the platform of the n-th seeded appeal: not in the order of receipt, as on the platform itself. */
export const seededPosId = (n: number) => String(10_000_000 + ((n * 7919) % 89_999_999));
/** Name and opaId of the n-th seeded cabinet, from 1. */
export const seededCabinet = (n: number) => ({ id: `lko-${n}`, opaId: String(700_000 + n) });

/** Codes of what waits; each is an incident of its own. */
const CODES = ['PLATFORM_REJECTED', 'ANSWER_FILE_REFUSED', 'PLATFORM_ILLEGAL_TRANSITION', 'ANSWER_EMPTY'];

/**
 * Fills the tables with two years of work by generate_series: each appeal with its change, card, events, answer and
 * journal; every third of one large cabinet. No triggers and no checks of references: the rows refer as they should.
 */
export async function seedConsole(url: string, seed: ConsoleSeed): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SET session_replication_role = replica`);
    await client.query(`SET synchronous_commit = off`);
    await client.query(`SET work_mem = '128MB'`);
    await withoutIndexes(client, async () => {
      for (const statement of statements(seed)) await client.query(statement);
    });
    await client.query('VACUUM (ANALYZE)');
  } finally {
    await client.end();
  }
}

/** Indexes that no constraint stands on are made anew after `fill`: many times faster than row by row. */
async function withoutIndexes(client: Client, fill: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
     WHERE t.relname = ANY($1) AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)`,
    [
      [
        'appeal',
        'appeal_change',
        'card',
        'package',
        'sed_message',
        'sed_event',
        'delivery',
        'journal',
        'audit',
      ],
    ],
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  await fill();
  for (const { definition } of rows) await client.query(definition);
}

function statements({ appeals, attention, cabinets }: ConsoleSeed): string[] {
  const every = Math.max(1, Math.floor(appeals / Math.max(1, attention)));
  const codes = `(ARRAY['${CODES.join("','")}'])`;
  const recent = `received_at > now() - interval '40 days'`;
  return [
    `INSERT INTO cabinet (opa_id, name, start_from, polled_at, state, state_code)
     SELECT (700000 + g)::text, 'lko-' || g, now() - interval '2 years', now() - make_interval(secs => g % 90 + CASE g % 97 WHEN 0 THEN 9000 ELSE 0 END),
       CASE WHEN g % 101 = 0 THEN 'blocked' WHEN g % 89 = 0 THEN 'paused' ELSE 'active' END,
       CASE WHEN g % 101 = 0 THEN 'PLATFORM_CREDENTIALS_WRONG' END FROM generate_series(1, ${cabinets}) g`,
    `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at, first_seen_at, answer_at, answered_at, newest)
     SELECT (700001 + CASE WHEN g % 3 = 0 THEN 0 ELSE g % ${cabinets} END)::text, (10000000 + (g::bigint * 7919) % 89999999)::text,
       CASE WHEN g % 200 = 0 THEN 'attention' WHEN g % 50 = 1 THEN 'skipped' WHEN g % 500 = 2 THEN 'withdrawn'
            WHEN at < now() - interval '60 days' THEN 'settled' ELSE 'open' END,
       CASE g % 4 WHEN 0 THEN 'APPEAL_59FZ' ELSE 'MESSAGE' END, 'IN_WORK', at, at + interval '4 minutes', at + interval '30 days',
       CASE WHEN at < now() - interval '22 days' AND g % 300 <> 3 THEN at + interval '12 days' END, 'c' || g
     FROM (SELECT g, now() - (${appeals} - g) * (interval '730 days' / ${appeals}) AS at FROM generate_series(1, ${appeals}) g) s
     ORDER BY g`,
    `INSERT INTO appeal_change (appeal_id, identity, change, raw, stored_at, handled_at)
     SELECT id, newest, 'NEW', '{"posId":' || pos_id || ',"description":"' || repeat('Не вывозят мусор. ', 12) || '"}', first_seen_at, first_seen_at
     FROM appeal ORDER BY id`,
    `INSERT INTO card (appeal_id, document_uid, channel, stage, number, date, registered_at, created_at)
     SELECT id, md5(id::text), 'delo-1', CASE WHEN id % 400 = 0 THEN 'attention' WHEN id % 700 = 1 THEN 'sent' ELSE 'registered' END,
       'ОГ-' || id || '/' || to_char(received_at, 'YY'), received_at::date, received_at + interval '2 hours', first_seen_at
     FROM appeal WHERE stage <> 'skipped' ORDER BY id`,
    `INSERT INTO package (card_id, part, attempt, channel, change_id, attachments, missing, message_id, return_id, message_dir, header_time, stage, owner, sent_at)
     SELECT k.id, 0, 1, 'delo-1', ch.id, '[]', '[]', 'm' || k.id, 'r' || k.id, 'd' || k.id, k.created_at,
       CASE WHEN k.id % 700 = 1 THEN 'sent' ELSE 'registered' END, 'seed', k.created_at
     FROM card k JOIN appeal a ON a.id = k.appeal_id JOIN appeal_change ch ON ch.appeal_id = a.id WHERE ${recent}`,
    `INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, header_time, raw, files, read_at)
     SELECT 'delo-1', 'report-' || k.id, 'rd' || k.id, 'Report', 'r' || k.id, registered_at, '<Report/>', '[]', registered_at
     FROM card k WHERE stage = 'registered' ORDER BY id`,
    `INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, at, data, handled_at, stored_at)
     SELECT k.document_uid, e.kind, '', k.id, m.id, m.read_at + e.after, '{}', m.read_at, m.read_at + e.after
     FROM card k JOIN sed_message m ON m.message_id = 'report-' || k.id,
       (VALUES ('registration', interval '0'), ('consideration', interval '2 days')) e (kind, after)
     WHERE e.kind = 'registration' OR k.id % 20 <> 0`,
    `INSERT INTO delivery (appeal_id, cabinet_opa_id, card_id, event_id, seq, key, kind, rule, payload, state, attempts, created_at, settled_at, error_code)
     SELECT a.id, a.opa_id, k.id, 1, 1, 'key-' || a.id, 'answer', 'ответ', '{"kind":"answer","answerType":"EXPLAINED","comment":"","number":"1","date":"2026-01-01"}',
       CASE WHEN a.id % ${every} = 0 THEN 'attention' WHEN a.answered_at IS NULL THEN 'queued' ELSE 'done' END, 1,
       a.received_at + interval '12 days', a.answered_at, CASE WHEN a.id % ${every} = 0 THEN ${codes}[1 + a.id % ${CODES.length}] END
     FROM appeal a JOIN card k ON k.appeal_id = a.id
     WHERE a.answered_at IS NOT NULL OR a.id % ${every} = 0 OR a.id % 40 = 0 ORDER BY a.id`,
    `INSERT INTO journal (at, opa_id, appeal_id, event, data)
     SELECT first_seen_at, opa_id, id, 'change-stored', '{}' FROM appeal ORDER BY id`,
    `INSERT INTO incident (code, scope, count, opened_at, last_at)
     SELECT d.error_code, 'opa:' || a.opa_id, count(*), now() - interval '3 hours', now()
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id WHERE d.state = 'attention' GROUP BY 1, 2`,
    `INSERT INTO incident (code, scope, detail)
     SELECT 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:' || name, name FROM cabinet WHERE state = 'blocked'`,
    `INSERT INTO showcase_build (showcase, finished_at, cards, questions) VALUES ('region', now() - interval '6 hours', ${appeals}, ${appeals})`,
    `INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date, cardfile, verdict,
       own_code, own_field, own_detail, content, hash, accepted_hash, since, build_id)
     SELECT 'region', 'k' || g, 1, '0003.0009.0099.' || lpad((g % 900)::text, 4, '0'), g::text, 'ОГ-' || g, now()::date - g % 700, '0.1.',
       CASE WHEN g % 20 = 0 THEN 'unmapped' WHEN g % 31 = 0 THEN 'refuse' ELSE 'send' END,
       CASE WHEN g % 20 = 0 THEN 'RUBRIC_NOT_MAPPED' WHEN g % 31 = 0 THEN 'SHOWCASE_FIELD_MISSING' END,
       CASE WHEN g % 20 = 0 THEN 'otkCode' WHEN g % 31 = 0 THEN 'oktmo' END, NULL, '{}', sha256(g::text::bytea), sha256(g::text::bytea),
       CASE WHEN g % 20 = 0 OR g % 31 = 0 THEN now() - interval '2 days' END, 1 FROM generate_series(1, ${Math.ceil(appeals / 10)}) g`,
    `INSERT INTO audit (who, action, object) SELECT 'operator', 'appeal-viewed', 'appeal:' || g FROM generate_series(1, ${Math.ceil(appeals / 10)}) g`,
  ];
}
