import type { ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';

export interface JournalEntry {
  readonly opaId?: string;
  readonly appealId?: string;
  /** A stable name of what happened, e.g. `card-sent`; its Russian words live with the pages. */
  readonly event: string;
  readonly code?: ErrorCode;
  /** Identifiers and counts only: no personal data. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Writes to the journal inside the caller's transaction: what happened and the fact commit together. */
export async function writeJournal(tx: Queryable, entries: readonly JournalEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(
    `INSERT INTO journal (opa_id, appeal_id, event, code, data)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[])`,
    [
      entries.map((entry) => entry.opaId ?? null),
      entries.map((entry) => entry.appealId ?? null),
      entries.map((entry) => entry.event),
      entries.map((entry) => entry.code ?? null),
      entries.map((entry) => toJsonb(entry.data ?? {})),
    ],
  );
}

/** JSON text that jsonb takes: it refuses U+0000 and lone surrogates, and one line must not undo its fact. */
function toJsonb(data: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(data);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text;
  return JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  );
}
