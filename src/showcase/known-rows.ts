import type { ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';
import { SEPARATOR } from './packed-rows.ts';
import type { KnownQuestion } from './plan.ts';
import type { Verdict } from './records.ts';

interface StoredQuestion {
  readonly id: string;
  readonly card_key: string;
  readonly question_no: number;
  readonly otk_code: string;
  readonly card_isn: string;
  readonly reg_number: string;
  readonly reg_date: string | null;
  readonly cardfile: string;
  readonly verdict: Verdict;
  readonly hash: string | null;
  readonly own_code: ErrorCode | null;
  readonly own_field: string | null;
  readonly own_detail: string | null;
}

/** The stored questions of these cards, by the card's key. */
export async function readKnown(
  db: Queryable,
  showcase: string,
  keys: readonly string[],
): Promise<Map<string, KnownQuestion[]>> {
  const rows = await db.query<StoredQuestion>(
    `SELECT id, card_key, question_no, otk_code, card_isn, reg_number, reg_date::text AS reg_date, cardfile, verdict,
       encode(hash, 'hex') AS hash, own_code, own_field, own_detail
     FROM showcase_record WHERE showcase = $1 AND card_key = ANY(string_to_array($2, E'\\x1e'))`,
    // One empty text would make an array of none.
    [showcase, [...keys, ''].join(SEPARATOR)],
  );
  const byKey = new Map<string, KnownQuestion[]>();
  for (const row of rows) {
    const known: KnownQuestion = {
      id: Number(row.id),
      no: row.question_no,
      otkCode: row.otk_code,
      isn: row.card_isn,
      regNumber: row.reg_number,
      regDate: row.reg_date,
      cardfile: row.cardfile,
      verdict: row.verdict,
      hash: row.hash,
      code: row.own_code,
      field: row.own_field,
      detail: row.own_detail,
    };
    const list = byKey.get(row.card_key);
    if (list === undefined) byKey.set(row.card_key, [known]);
    else list.push(known);
  }
  return byKey;
}
