import { writeJournal } from '../alerts/journal.ts';
import type { Queryable } from '../store/data-source.ts';
import { askRuns } from './asked-runs.ts';
import { partsOf } from './file-lines.ts';

export interface ResendFilter {
  readonly showcase?: string;
  /** Our code, or the platform's own. */
  readonly code?: string;
  readonly recordId?: string;
}

/**
 * Makes records that the platform refused ready for one more try, unchanged, and asks for a run of their showcases; with
 * no code and no record also of those that only wait. What our own checks refuse needs a changed card or rule: the run
 * looks at it anew. Returns how many records and which showcases.
 */
export async function resendRecords(
  tx: Queryable,
  { showcase, code, recordId }: ResendFilter,
  known: readonly string[],
): Promise<{ readonly records: number; readonly showcases: readonly string[] }> {
  const parts = recordId === undefined ? undefined : partsOf(recordId);
  const freed = await tx.query<{ showcase: string }>(
    `UPDATE showcase_record SET refused_hash = NULL, error_code = NULL, error_field = NULL, error_detail = NULL
     WHERE state = 'refused' AND verdict IN ('send', 'remove') AND showcase = ANY($1)
       AND ($2::text IS NULL OR error_code = $2 OR split_part(error_detail, ':', 1) = $2)
       AND ($3::text IS NULL OR (card_key = $3 AND question_no = $4))
     RETURNING showcase`,
    [
      showcase === undefined ? known : known.filter((id) => id === showcase),
      code ?? null,
      parts?.cardKey ?? null,
      parts?.questionNo ?? null,
    ],
  );
  const touched = new Set(freed.map((row) => row.showcase));
  const isAll = code === undefined && recordId === undefined;
  const showcases = known.filter((id) => touched.has(id) || (isAll && (showcase ?? id) === id));
  await askRuns(tx, showcases);
  await writeJournal(
    tx,
    showcases.map((id) => ({
      event: 'showcase-resend-asked',
      data: { showcase: id, records: freed.filter((row) => row.showcase === id).length, code: code ?? '' },
    })),
  );
  return { records: freed.length, showcases };
}
