import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { AlertRules } from '../../../../src/alerts/incident/mail-rules.ts';
import { findIncident, type IncidentRow, listIncidents } from '../../../../src/alerts/incident/rows.ts';
import type { ScopeWorld } from '../../../../src/alerts/incident/scope.ts';
import { createIncidents } from '../../../../src/alerts/incidents.ts';
import { queryable } from '../../../../src/store/data-source.ts';
import { createTestDatabase } from '../../../support/database.ts';

export const WORLD: ScopeWorld = {
  cabinets: [
    { id: 'city', opaId: '100', channel: 'main', name: 'Мэрия' },
    { id: 'water', opaId: '200', channel: 'main', name: 'Водоканал' },
    { id: 'far', opaId: '300', channel: 'other' },
  ],
  showcases: [{ id: 'region', cabinet: 'city' }],
};

export const RULES: AlertRules = {
  recipients: [],
  timeZone: 'Europe/Moscow',
  waitTransient: 120_000,
  everybody: ['admin@city.test'],
};

export const log = pino({ level: 'silent' });

export interface DeliverySeed {
  readonly opaId?: string;
  readonly count?: number;
  readonly state?: string;
  readonly code?: string | null;
  readonly detail?: string | null;
  readonly field?: string | null;
  readonly cause?: string | null;
  readonly kind?: 'status' | 'answer';
  readonly inDoubt?: boolean;
}

/** A database with cabinets, and rows of the flows put into it by hand. */
export async function startWorld() {
  const database = await createTestDatabase();
  const db = queryable(database.dataSource);
  for (const { id, opaId } of WORLD.cabinets) {
    await db.query(`INSERT INTO cabinet (opa_id, name, start_from) VALUES ($1, $2, now())`, [opaId, id]);
  }
  const incidents = createIncidents(log);

  /** Appeals of a cabinet, each with a registered card, an event and a delivery; ids of the deliveries. */
  async function deliveries(seed: DeliverySeed = {}): Promise<string[]> {
    const { opaId = '100', count = 1, state = 'attention', code = 'PLATFORM_REJECTED' } = seed;
    const rows = await db.query<{ id: string }>(DELIVERIES, [
      opaId,
      count,
      state,
      code,
      seed.detail ?? null,
      seed.field ?? null,
      seed.cause ?? null,
      seed.kind ?? 'status',
      seed.inDoubt === true ? 0 : null,
      randomUUID(),
    ]);
    return rows.map(({ id }) => id);
  }

  return {
    database,
    db,
    incidents,
    deliveries,
    async open(): Promise<IncidentRow[]> {
      return await listIncidents(db, { state: 'open', order: 'new', limit: 100 });
    },
    async incident(id: string): Promise<IncidentRow> {
      const found = await findIncident(db, id);
      if (found === undefined) throw new Error(`no incident ${id}`);
      return found;
    },
    /** The only open incident of a code. */
    async only(code: string): Promise<IncidentRow> {
      const found = await listIncidents(db, { state: 'all', order: 'new', codes: [code], limit: 10 });
      const [first, ...others] = found.filter(({ closedAt }) => closedAt === null);
      if (first === undefined || others.length > 0)
        throw new Error(`${others.length + (first ? 1 : 0)} of ${code}`);
      return first;
    },
    mails: () =>
      db.query<{ key: string; subject: string; text: string; html: string; to: string[] }>(
        `SELECT key, subject, body_text AS text, body_html AS html,
           (SELECT array_agg(address ORDER BY address) FROM mail_recipient WHERE mail_id = m.id) AS "to" FROM mail m ORDER BY id`,
      ),
    async clear(): Promise<void> {
      await db.query(
        `TRUNCATE incident, incident_resend, incident_resent, journal, audit, mail, mail_recipient, quarantine,
           showcase_record, sed_reply, delivery_file, delivery, sed_event, package, card, appeal_change, appeal, sed_message,
           unread_item, setting CASCADE`,
      );
    },
    stop: () => database.drop(),
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

const DELIVERIES = `
WITH n AS (SELECT g, $10 || ':' || g AS name FROM generate_series(1, $2::int) g),
a AS (INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at)
  SELECT $1, 'pos-' || name, 'open', 'MESSAGE', 'MODERATION_ACCEPT', now() FROM n RETURNING id, pos_id),
k AS (INSERT INTO card (appeal_id, document_uid, channel, stage, number, date)
  SELECT id, 'uid-' || pos_id, 'main', 'registered', 'ОГ-' || id, '2026-03-02' FROM a RETURNING id, appeal_id, document_uid),
m AS (INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, files)
  VALUES ('main', $10, $10, 'Report', '', '[]') RETURNING id),
e AS (INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, at, data, handled_at)
  SELECT k.document_uid, 'consideration', '', k.id, m.id, now(), '{}', now() FROM k, m RETURNING id, card_id)
INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state, error_code, error_detail, error_field,
  cause, baseline)
SELECT k.appeal_id, k.id, e.id, 1, gen_random_uuid()::text, $8::text, 'правило',
  CASE $8::text WHEN 'answer' THEN '{"kind":"answer","answerType":"EXPLAINED","comment":"Текст","number":"1","date":"2026-03-02"}'::jsonb
    ELSE '{"kind":"status"}'::jsonb END,
  $3::text, $4, $5, $6, $7, $9::int
FROM e JOIN k ON k.id = e.card_id ORDER BY k.appeal_id RETURNING id::text AS id`;
