import type { DataSource } from 'typeorm';
import { noteDeliveries, type Said } from '../alerts/incident/note-resent.ts';
import { writeJournal } from '../alerts/journal.ts';
import { writeAudit } from '../console/users/audit.ts';
import type { AnswerPayload } from '../model/delivery.ts';
import { Fault } from '../model/errors.ts';
import { storeBlobs } from '../store/blobs.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import type { AnswerFile } from './interpret.ts';
import { type AnswerLimits, refusalOf } from './interpret-answer.ts';

/** What a person changes in an answer that waits in attention. Files are called by the clerk's names of them. */
export interface AnswerEdit {
  /** Go without these. */
  readonly without: readonly string[];
  /** Go with another file instead, whose bytes lie in the spool already. */
  readonly replace: readonly { readonly name: string; readonly by: AnswerFile }[];
  readonly add: readonly AnswerFile[];
  readonly answerType?: string;
  readonly comment?: string;
}

interface Row {
  readonly appeal_id: string;
  readonly opa_id: string;
  readonly payload: AnswerPayload;
  readonly in_doubt: boolean;
  readonly error_detail: string | null;
  readonly files: readonly (AnswerFile & { readonly platformFileId: string | null })[];
}

/**
 * Changes an answer that waits in attention and sends it, under the same key: the person's decision stands, so the rules
 * are not asked again. Files that the platform has already are not uploaded anew. Its group of errors waits for how it
 * ends; who and why is in journal and audit.
 * @throws Fault COMMAND_INVALID when it is no answer in attention, may stand on the platform already, has no such file
 * or type; ANSWER_FILE_REFUSED, ANSWER_EMPTY or ANSWER_TYPE_NOT_MAPPED when it would not be taken this way either
 */
export async function editAnswer(
  dataSource: DataSource,
  rules: { readonly limits: AnswerLimits; readonly answerTypes: ReadonlySet<string> },
  id: string,
  edit: AnswerEdit,
  said: Said,
): Promise<void> {
  await inTransaction(dataSource, async (tx) => {
    const row = await lock(tx, id);
    const files = filesAfter(row, edit);
    const payload: AnswerPayload = {
      ...row.payload,
      ...(edit.answerType === undefined ? {} : { answerType: edit.answerType }),
      ...(edit.comment === undefined ? {} : { comment: edit.comment }),
    };
    check(payload, files, rules);
    await noteDeliveries(tx, [id], said);
    await tx.query(
      `DELETE FROM sed_reply WHERE delivery_id = $1 AND kind = 'failure' AND state = 'planned'`,
      [id],
    );
    await tx.query(`DELETE FROM delivery_file WHERE delivery_id = $1`, [id]);
    await storeBlobs(tx, files);
    await tx.query(
      `INSERT INTO delivery_file (delivery_id, position, name, sha256, size, platform_file_id)
       SELECT $1, ordinality - 1, name, sha256, size, known
       FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) WITH ORDINALITY AS t (name, sha256, size, known)`,
      [
        id,
        files.map(({ name }) => name),
        files.map(({ sha256 }) => sha256),
        files.map(({ size }) => size),
        files.map(({ platformFileId }) => platformFileId),
      ],
    );
    await tx.query(
      `UPDATE delivery SET state = 'queued', payload = $2, retry_used_ms = 0, failures = 0, next_try_at = now(),
         error_code = NULL, error_field = NULL, error_detail = NULL WHERE id = $1`,
      [id, JSON.stringify(payload)],
    );
    await tx.query(`UPDATE appeal SET due_at = now() WHERE id = $1`, [row.appeal_id]);
    const counts = {
      without: edit.without.length,
      replaced: edit.replace.length,
      added: edit.add.length,
    };
    const { appeal_id: appealId, opa_id: opaId } = row;
    const data = { deliveryId: id, ...counts, ...said };
    await writeJournal(tx, [{ opaId, appealId, event: 'delivery-edited', data }]);
    const object = `delivery:${id}`;
    await writeAudit(tx, { ...said, action: 'delivery-edited', object, data: counts });
  });
}

async function lock(tx: Queryable, id: string): Promise<Row> {
  const [row] = await tx.query<Row>(
    `SELECT d.appeal_id::text AS appeal_id, a.opa_id, d.payload, d.baseline IS NOT NULL AS in_doubt, d.error_detail,
            coalesce((SELECT json_agg(json_build_object('name', f.name, 'sha256', f.sha256, 'size', f.size,
              'platformFileId', f.platform_file_id) ORDER BY f.position) FROM delivery_file f WHERE f.delivery_id = d.id), '[]') AS files
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id
     WHERE d.id = $1 AND d.state = 'attention' AND d.kind = 'answer' FOR UPDATE OF d`,
    [id],
  );
  if (row === undefined) throw invalid(`отправка ${id} — не ответ, который требует внимания`);
  if (row.in_doubt) {
    throw invalid(
      `неизвестно, дошла ли отправка ${id}: сначала выполните «deliveries resend ${id}», и посредник спросит платформу`,
    );
  }
  return row;
}

type EditedFile = Row['files'][number];

function filesAfter(row: Row, { without, replace, add }: AnswerEdit): EditedFile[] {
  const names = row.files.map(({ name }) => name);
  // One that never came is no file of the delivery: the reason names it.
  const missing = without.filter((name) => row.error_detail?.includes(name) === true);
  for (const name of [...without, ...replace.map((one) => one.name)]) {
    if (names.includes(name) || missing.includes(name)) continue;
    throw invalid(`в ответе нет файла «${name}»; есть: ${names.join(', ') || 'ни одного'}`);
  }
  const fresh = (file: AnswerFile): EditedFile => ({ ...file, platformFileId: null });
  const kept = row.files.flatMap((file) => {
    if (without.includes(file.name)) return [];
    const other = replace.find(({ name }) => name === file.name);
    return [other === undefined ? file : fresh(other.by)];
  });
  return [...kept, ...add.map(fresh)];
}

function check(
  payload: AnswerPayload,
  files: readonly AnswerFile[],
  { limits, answerTypes }: { readonly limits: AnswerLimits; readonly answerTypes: ReadonlySet<string> },
): void {
  if (payload.answerType === '')
    throw new Fault('ANSWER_TYPE_NOT_MAPPED', { detail: 'назовите вид: --type' });
  if (!answerTypes.has(payload.answerType)) {
    throw invalid(`вида ответа «${payload.answerType}» нет; есть: ${[...answerTypes].join(', ')}`);
  }
  if (files.length === 0 && payload.comment.trim() === '') {
    throw new Fault('ANSWER_EMPTY', { detail: 'не остаётся ни текста, ни файла' });
  }
  const refusal = refusalOf(files, limits);
  if (refusal !== undefined) throw new Fault('ANSWER_FILE_REFUSED', { detail: refusal });
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
