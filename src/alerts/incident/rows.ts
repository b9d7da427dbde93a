import type { ErrorCode } from '../../model/error-codes.ts';
import type { Queryable } from '../../store/data-source.ts';

export interface IncidentRow {
  readonly id: string;
  readonly code: ErrorCode;
  readonly scope: string;
  readonly fingerprint: string;
  readonly detail: string | null;
  readonly count: number;
  readonly openedAt: Date;
  readonly lastAt: Date;
  readonly closedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: Date | null;
  readonly snoozedUntil: Date | null;
  readonly note: string | null;
  readonly noteBy: string | null;
  readonly noteAt: Date | null;
  readonly mailState: 'waiting' | 'told' | 'ended' | 'none';
}

const COLUMNS = `id::text AS id, code, scope, fingerprint, detail, count::float8 AS count, opened_at AS "openedAt",
  last_at AS "lastAt", closed_at AS "closedAt", acknowledged_by AS "acknowledgedBy", acknowledged_at AS "acknowledgedAt",
  snoozed_until AS "snoozedUntil", note, note_by AS "noteBy", note_at AS "noteAt", mail_state AS "mailState"`;

/** `open`: neither snoozed nor ended, whether somebody has taken it up or not. */
export const INCIDENT_STATES = ['open', 'snoozed', 'closed', 'all'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export const INCIDENT_ORDERS = ['new', 'large'] as const;
export type IncidentOrder = (typeof INCIDENT_ORDERS)[number];

export interface IncidentFilter {
  readonly state: IncidentState;
  readonly order: IncidentOrder;
  /** Only these codes. */
  readonly codes?: readonly string[];
  /** Only these scopes: whole, or by their beginnings. */
  readonly scopes?: { readonly whole: readonly string[]; readonly beginnings: readonly string[] };
  /** Is in the code, the scope, the detail, the note; or one of `textCodes` is the code. */
  readonly text?: string;
  /** Codes whose titles fit the text. */
  readonly textCodes?: readonly string[];
  /** Mark of the page before, as `nextOf` gave it. */
  readonly after?: string;
  readonly limit: number;
}

const STATES: Readonly<Record<IncidentState, string>> = {
  open: 'closed_at IS NULL AND (snoozed_until IS NULL OR snoozed_until <= now())',
  snoozed: 'closed_at IS NULL AND snoozed_until > now()',
  closed: 'closed_at IS NOT NULL',
  all: 'true',
};

/** Incidents, newest first or largest first, a page of them. A mark that is none of ours begins at the beginning. */
export async function listIncidents(db: Queryable, filter: IncidentFilter): Promise<IncidentRow[]> {
  const [, count, id] = /^(?:(\d{1,15}):)?(\d{1,18})$/.exec(filter.after ?? '') ?? [];
  const large = filter.order === 'large';
  const before = large
    ? '($1::bigint IS NULL OR $2::bigint IS NULL OR (count, id) < ($1::bigint, $2::bigint))'
    : '($1::bigint IS NULL OR true) AND ($2::bigint IS NULL OR id < $2)';
  return await db.query<IncidentRow>(
    `SELECT ${COLUMNS} FROM incident i
     WHERE ${STATES[filter.state]} AND ${before}
       AND ($3::text[] IS NULL OR code = ANY($3))
       AND ($4::text[] IS NULL OR scope = ANY($4) OR scope LIKE ANY($5::text[]))
       AND ($6::text IS NULL OR code ILIKE $6 OR scope ILIKE $6 OR detail ILIKE $6 OR note ILIKE $6 OR code = ANY($7))
     ORDER BY ${large ? 'i.count DESC, i.id DESC' : 'i.id DESC'} LIMIT $8`,
    [
      count ?? null,
      id ?? null,
      filter.codes ?? null,
      filter.scopes?.whole ?? null,
      (filter.scopes?.beginnings ?? []).map((beginning) => `${literal(beginning)}%`),
      filter.text === undefined || filter.text === '' ? null : `%${literal(filter.text)}%`,
      filter.textCodes ?? [],
      filter.limit,
    ],
  );
}

/** The mark by which the page after this row is asked for. */
export function nextOf(order: IncidentOrder, { count, id }: IncidentRow): string {
  return order === 'large' ? `${count}:${id}` : id;
}

function literal(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\0', '')
    .replace(/[\\%_]/g, '\\$&');
}

/** One incident; undefined when there is none. */
export async function findIncident(db: Queryable, id: string): Promise<IncidentRow | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined;
  const [row] = await db.query<IncidentRow>(`SELECT ${COLUMNS} FROM incident WHERE id = $1`, [id]);
  return row;
}

export interface IncidentFigures {
  readonly open: number;
  readonly acknowledged: number;
  readonly snoozed: number;
}

/** How many are open now. Open ones are few: each is a group. */
export async function countIncidents(db: Queryable): Promise<IncidentFigures> {
  const [row] = await db.query<IncidentFigures>(
    `SELECT count(*) FILTER (WHERE snoozed_until IS NULL OR snoozed_until <= now())::int AS open,
       count(*) FILTER (WHERE acknowledged_at IS NOT NULL)::int AS acknowledged,
       count(*) FILTER (WHERE snoozed_until > now())::int AS snoozed
     FROM incident WHERE closed_at IS NULL`,
  );
  return row ?? { open: 0, acknowledged: 0, snoozed: 0 };
}
