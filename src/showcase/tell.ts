import { enqueueMail } from '../alerts/mail/outbox.ts';
import { renderBody } from '../alerts/mail/render.ts';
import { codeEntry } from '../model/code-entry.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { Queryable } from '../store/data-source.ts';
import type { UploadDeps } from './upload-deps.ts';

/** Codes of incidents that an upload of a showcase may open, and the next one that goes through closes. */
export const UPLOAD_INCIDENTS: readonly ErrorCode[] = [
  'SHOWCASE_FILE_REFUSED',
  'SHOWCASE_HEADER_REFUSED',
  'SHOWCASE_REPORT_MISMATCH',
  'SHOWCASE_DELAYED',
  'SHOWCASE_UPLOAD_LOST',
  'PLATFORM_REJECTED',
  'FILE_DAMAGED',
  'DEFECT',
];

export function showcaseScope(showcase: string): string {
  return `showcase:${showcase}`;
}

export interface UploadTrouble {
  readonly code: ErrorCode;
  readonly field?: string;
  readonly platformCode?: string;
  /** Records that wait for it. */
  readonly records: number;
}

/** Opens the incident of an upload that failed whole, or counts it; its mail goes once, when the incident opens. */
export async function tellTrouble(
  deps: Pick<UploadDeps, 'incidents' | 'recipients'>,
  tx: Queryable,
  showcase: string,
  trouble: UploadTrouble,
): Promise<void> {
  const { code, field, platformCode, records } = trouble;
  const scope = showcaseScope(showcase);
  const detail = [platformCode, field].filter((word) => word !== undefined).join(', ');
  await deps.incidents.open(tx, code, scope, detail === '' ? undefined : detail);
  const id = await openIncident(tx, code, scope);
  const to = deps.recipients(showcase);
  const { title, remedy } = codeEntry(code);
  const table = {
    kind: 'table' as const,
    head: ['Витрина', 'Код', 'Код платформы', 'Поле', 'Записей ждёт'],
    rows: [[showcase, code, platformCode ?? '', field ?? '', String(records)]],
  };
  const body = renderBody(`Витрина «${showcase}»: выгрузка не прошла`, [
    { kind: 'paragraph', text: `${title}.` },
    table,
    { kind: 'paragraph', text: `Что делать. ${remedy}` },
    {
      kind: 'paragraph',
      text: 'Пока причина не устранена, других писем о ней не будет; когда выгрузка пройдёт, придёт ещё одно.',
    },
  ]);
  await enqueueMail(tx, {
    key: `incident-opened:${id ?? scope}`,
    to,
    subject: `Посредник: витрина «${showcase}» не выгружена (${code})`,
    ...body,
  });
  await markMailed(tx, id, 'told', to);
}

/** A file went through: what stood in the way stands there no more, and whoever was told of it is told so. */
export async function tellWorksAgain(
  deps: Pick<UploadDeps, 'incidents' | 'recipients'>,
  tx: Queryable,
  showcase: string,
): Promise<void> {
  const scope = showcaseScope(showcase);
  const open = await tx.query<{ id: string; code: ErrorCode }>(
    `SELECT id::text AS id, code FROM incident WHERE scope = $1 AND code = ANY($2) AND closed_at IS NULL ORDER BY incident.id`,
    [scope, UPLOAD_INCIDENTS],
  );
  for (const { id, code } of open) {
    await deps.incidents.close(tx, code, scope);
    const body = renderBody(`Витрина «${showcase}» снова выгружается`, [
      { kind: 'paragraph', text: `Устранено: ${codeEntry(code).title} (${code}).` },
      {
        kind: 'paragraph',
        text: 'Платформа приняла файл. Записи, которые ещё ждут, уйдут ближайшей выгрузкой; что не выгружено и почему, показывает «showcase failed».',
      },
    ]);
    const to = deps.recipients(showcase);
    await enqueueMail(tx, {
      key: `incident-closed:${id}`,
      to,
      subject: `Посредник: витрина «${showcase}» снова выгружается`,
      ...body,
    });
    await markMailed(tx, id, 'ended', to);
  }
}

/** This incident has its mails here, to the showcase's own people: the general ones pass it over. */
async function markMailed(
  tx: Queryable,
  id: string | undefined,
  state: 'told' | 'ended',
  to: readonly string[],
): Promise<void> {
  if (id === undefined || to.length === 0) return;
  await tx.query(`UPDATE incident SET mail_state = $2, told_to = $3 WHERE id = $1`, [id, state, to]);
}

async function openIncident(tx: Queryable, code: ErrorCode, scope: string): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>(
    `SELECT id::text AS id FROM incident WHERE code = $1 AND scope = $2 AND closed_at IS NULL`,
    [code, scope],
  );
  return row?.id;
}
