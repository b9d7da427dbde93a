import { isKnownCode } from '../model/code-entry.ts';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';
import type { CardLinks } from './card-links.ts';
import type { RecordState } from './records.ts';

/** One question that is not in the showcase in its newest state, and what to do about it. */
export interface NotUploaded {
  readonly id: string;
  readonly showcase: string;
  readonly recordId: string;
  readonly cardNumber: string;
  /** Day, `YYYY-MM-DD`. */
  readonly cardDate?: string;
  /** The archive's own number of the card. */
  readonly cardIsn: string;
  readonly questionNo: number;
  /** '' when the card has no question at all. */
  readonly otkCode: string;
  readonly state: RecordState;
  readonly since: Date;
  /** Absent while it only waits for its turn. */
  readonly code?: ErrorCode;
  readonly field?: string;
  /** The platform's own code, when it refused. */
  readonly platformCode?: string;
  /** The platform's words, or what is wrong with which field; not for e-mails. */
  readonly detail?: string;
  /** What happened, in Russian. */
  readonly reason: string;
  /** What to do, in Russian. */
  readonly remedy: string;
  /** Address of the card in the archive, where the settings tell it. */
  readonly link?: string;
}

export interface NotUploadedFilter {
  readonly showcase?: string;
  readonly states?: readonly RecordState[];
  readonly code?: string;
  /** Rows at most; 1000 by default. */
  readonly limit?: number;
  /** `oldest`: those that wait longest first; `order`: as stored, for reading on behind `afterId`. */
  readonly sort?: 'oldest' | 'order';
  readonly afterId?: string;
  readonly linkOf?: CardLinks;
}

/** A row of the log as `OPEN_QUESTIONS` gives it. */
export interface OpenRow {
  readonly id: string;
  readonly showcase: string;
  readonly card_key: string;
  readonly question_no: number;
  readonly otk_code: string;
  readonly card_isn: string;
  readonly reg_number: string;
  readonly reg_date: string | null;
  readonly state: RecordState;
  readonly since: Date;
  readonly code: string | null;
  readonly field: string | null;
  readonly detail: string | null;
}

/**
 * Questions that are out of the showcase, with the reason of each. A record that waits because its file failed as a whole
 * has that file's reason.
 */
export const OPEN_QUESTIONS = `SELECT o.id, o.showcase, o.card_key, o.question_no, o.otk_code, o.card_isn, o.reg_number, o.reg_date,
    o.state, coalesce(o.since, now()) AS since, coalesce(o.code, u.error_code) AS code, coalesce(o.field, u.error_field) AS field,
    coalesce(o.detail, u.error_detail) AS detail
  FROM showcase_open o LEFT JOIN showcase_upload u ON u.id = o.upload_id AND u.state = 'failed' AND o.state = 'ready'`;

/** The non-upload log. */
export async function listNotUploaded(db: Queryable, filter: NotUploadedFilter = {}): Promise<NotUploaded[]> {
  const { showcase, states, code, limit = 1000, sort = 'order', afterId } = filter;
  const rows = await db.query<OpenRow>(
    `SELECT id::text AS id, showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date::text AS reg_date,
       state, since, code, field, detail FROM (${OPEN_QUESTIONS}) q
     WHERE ($1::text IS NULL OR showcase = $1) AND ($2::text[] IS NULL OR state = ANY($2))
       AND ($3::text IS NULL OR code = $3 OR split_part(detail, ':', 1) = $3) AND ($4::bigint IS NULL OR q.id > $4)
     ORDER BY ${sort === 'oldest' ? 'since, q.id' : 'q.id'} LIMIT $5`,
    [showcase ?? null, states ?? null, code ?? null, afterId ?? null, limit],
  );
  return rows.map((row) => notUploadedOf(row, filter.linkOf));
}

/** A row with its reason and remedy in words. */
export function notUploadedOf(row: OpenRow, linkOf?: CardLinks): NotUploaded {
  const code = row.code !== null && isKnownCode(row.code) ? row.code : undefined;
  const entry = code === undefined ? WAITING[row.state] : ERROR_CODES[code];
  const link = linkOf?.(row.showcase, row.card_isn);
  const isRefused = code === 'SHOWCASE_RECORD_REFUSED';
  return {
    id: row.id,
    showcase: row.showcase,
    recordId: `${row.card_key}#${row.question_no}`,
    cardNumber: row.reg_number,
    ...(row.reg_date === null ? {} : { cardDate: row.reg_date }),
    cardIsn: row.card_isn,
    questionNo: row.question_no,
    otkCode: row.otk_code,
    state: row.state,
    since: row.since,
    ...(code === undefined ? {} : { code }),
    ...(row.field === null ? {} : { field: row.field }),
    ...(isRefused && row.detail !== null ? { platformCode: row.detail.split(':', 1)[0] ?? '' } : {}),
    ...(row.detail === null ? {} : { detail: row.detail }),
    reason: entry?.title ?? 'Ждёт выгрузки',
    remedy: entry?.remedy ?? '',
    ...(link === undefined ? {} : { link }),
  };
}

const NOTHING_TO_DO = 'Делать ничего не нужно.';
const WAITING: Partial<Record<RecordState, { readonly title: string; readonly remedy: string }>> = {
  ready: { title: 'Ждёт ближайшей выгрузки', remedy: NOTHING_TO_DO },
  sent: { title: 'Отправлена, ждёт отчёта платформы', remedy: NOTHING_TO_DO },
};

/** Questions that are refused or unmapped, by cause, the most frequent first. */
export interface CauseCount {
  readonly code: ErrorCode;
  readonly field?: string;
  readonly platformCode?: string;
  readonly count: number;
}

export async function countCauses(db: Queryable, showcase: string): Promise<CauseCount[]> {
  const rows = await db.query<{
    code: ErrorCode;
    field: string | null;
    platform_code: string | null;
    count: number;
  }>(
    `SELECT code, field, CASE WHEN code = 'SHOWCASE_RECORD_REFUSED' THEN split_part(detail, ':', 1) END AS platform_code,
       count(*)::int AS count
     FROM (${OPEN_QUESTIONS}) q WHERE showcase = $1 AND code IS NOT NULL
     GROUP BY 1, 2, 3 ORDER BY count(*) DESC, 1, 2, 3`,
    [showcase],
  );
  return rows
    .filter(({ code }) => isKnownCode(code))
    .map(({ code, field, platform_code, count }) => ({
      code,
      count,
      ...(field === null ? {} : { field }),
      ...(platform_code === null ? {} : { platformCode: platform_code }),
    }));
}
