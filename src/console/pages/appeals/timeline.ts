import type { Queryable } from '../../../store/data-source.ts';

/** Where an entry comes from; its number orders what happened at one moment. */
export const SOURCES = [
  'change',
  'package',
  'message',
  'event',
  'delivery',
  'reply',
  'journal',
  'audit',
] as const;
export type Source = (typeof SOURCES)[number];

export interface TimelineEntry {
  readonly source: Source;
  readonly id: string;
  readonly at: Date;
  /** Its own kind or state: a change, a stage, a message type, an event. */
  readonly what: string;
  readonly code: string | null;
  /** Plain values, no text of a citizen. */
  readonly data: Readonly<Record<string, unknown>>;
  /** A raw message is kept. */
  readonly hasRaw: boolean;
  readonly key: string;
}

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  /** Where the next page begins; absent at the end. */
  readonly next?: string;
}

const SIZE = 100;
/** Entries of the view for printing, which has no pages. */
export const MOST_PRINTED = 2_000;
const TOLD_BY_OTHERS = [
  'change-stored',
  'card-sent',
  'card-received',
  'card-registered',
  'sed-event-stored',
  'delivery-queued',
  'delivery-done',
];
/** `at|source|id` of the last entry seen. */
const KEY = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d)?)\|([1-8])\|(\d{1,18})$/;

export type Order = 'newest' | 'oldest';

/** A page of all that happened to an appeal, on both sides and with us. */
export async function readTimeline(
  db: Queryable,
  appealId: string,
  options: {
    readonly order: Order;
    readonly after?: string;
    readonly size?: number;
    /** The journal's lines too that say once more what another entry says. */
    readonly all?: boolean;
  },
): Promise<Timeline> {
  const { order, size = SIZE, all = false } = options;
  const [, at = null, rank = null, id = null] = KEY.exec(options.after ?? '') ?? [];
  const [beyond, way] = order === 'newest' ? ['<', 'DESC'] : ['>', 'ASC'];
  const rows = await db.query<Omit<TimelineEntry, 'source'> & { rank: number }>(
    `SELECT rank, id::text AS id, at, what, code, data, has_raw AS "hasRaw", at::text || '|' || rank || '|' || id AS key
     FROM (${ALL}) t
     WHERE ($2::timestamptz IS NULL OR (at, rank, id) ${beyond} ($2::timestamptz, $3::int, $4::bigint))
       AND ($5 OR rank <> 7 OR what <> ALL ($6::text[]))
     ORDER BY at ${way}, rank ${way}, id ${way} LIMIT ${size + 1}`,
    [appealId, at, rank, id, all, TOLD_BY_OTHERS],
  );
  const entries = rows.slice(0, size).map(({ rank: number, ...row }): TimelineEntry => {
    return { ...row, source: SOURCES[number - 1] ?? 'journal' };
  });
  const last = entries.at(-1);
  return rows.length > size && last !== undefined ? { entries, next: last.key } : { entries };
}

/** Whether it is a place in a timeline. */
export function isTimelineKey(text: string): boolean {
  return KEY.test(text);
}

// One appeal's rows are few; each part is found by an index. Looks at the appeal are told by the audit page alone.
const ALL = `
  SELECT 1 AS rank, id, stored_at AS at, change AS what, NULL AS code, json_build_object('identity', identity, 'readable', readable) AS data,
    raw IS NOT NULL AS has_raw FROM appeal_change WHERE appeal_id = $1
  UNION ALL
  SELECT 2, p.id, coalesce(p.sent_at, p.begun_at), p.stage, NULL,
    json_build_object('part', p.part, 'attempt', p.attempt, 'addition', p.addition, 'channel', p.channel, 'messageDir', p.message_dir,
      'failureCode', p.failure_code, 'failure', p.failure_text, 'takenAt', p.taken_at, 'receivedAt', p.received_at), true
    FROM package p JOIN card k ON k.id = p.card_id WHERE k.appeal_id = $1
  UNION ALL
  SELECT 3, m.id, m.read_at, m.message_type, NULL, json_build_object('channel', m.channel, 'messageDir', m.message_dir,
      'files', json_array_length(m.files::json)), m.raw IS NOT NULL
    FROM sed_message m WHERE m.id IN (
      SELECT e.message_id FROM sed_event e JOIN card k ON k.id = e.card_id WHERE k.appeal_id = $1
      UNION SELECT o.id FROM card k JOIN package p ON p.card_id = k.id JOIN sed_message o ON o.return_id = p.return_id
      WHERE k.appeal_id = $1)
  UNION ALL
  -- The СЭД often names a day alone: by when we learned of it, else a resolution would stand before its appeal.
  SELECT 4, e.id, e.stored_at, e.kind, NULL, json_build_object('number', e.data->>'number', 'date', e.data->>'date',
      'deadline', e.data->>'deadline'), false
    FROM sed_event e JOIN card k ON k.id = e.card_id WHERE k.appeal_id = $1
  UNION ALL
  SELECT 5, id, coalesce(settled_at, begun_at, created_at), state, error_code, json_build_object('kind', kind, 'seq', seq, 'rule', rule,
      'attempts', attempts, 'field', error_field, 'detail', error_detail, 'role', payload->>'role'), true
    FROM delivery WHERE appeal_id = $1
  UNION ALL
  SELECT 6, r.id, r.header_time, r.kind, NULL, json_build_object('state', r.state, 'failureCode', r.failure_code), false
    FROM sed_reply r JOIN delivery d ON d.id = r.delivery_id WHERE d.appeal_id = $1
  UNION ALL
  SELECT 7, id, at, event, code, data::json, false FROM journal WHERE appeal_id = $1
  UNION ALL
  SELECT 8, id, at, action, NULL, json_build_object('who', who, 'why', why), false
    FROM audit WHERE action NOT IN ('appeal-viewed', 'appeal-raw-viewed', 'appeal-file-taken') AND object IN (
      SELECT 'appeal:' || $1::text UNION ALL SELECT 'delivery:' || id FROM delivery WHERE appeal_id = $1)`;
