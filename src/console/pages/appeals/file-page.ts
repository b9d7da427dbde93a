import { open } from 'node:fs/promises';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { html } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak, type Words } from '../../web/words.ts';

const WORDS = {
  ru: { title: 'Файла нет', gone: 'Он не загружен или удалён по сроку хранения.', back: 'К обращению' },
  en: {
    title: 'No such file',
    gone: 'It was not fetched, or its term of storage is over.',
    back: 'To the appeal',
  },
} satisfies Words<string>;

/** `/appeals/:id/files/:file`: a citizen's file, as it came. Who took it is written before. */
export async function filePage(
  { db, spool }: ConsoleDeps,
  { viewer, params }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const { id = '', file = '' } = params;
  const isNumber = (text: string) => /^\d{1,18}$/.test(text);
  const [row] =
    isNumber(id) && isNumber(file)
      ? await db.query<{ name: string; sha256: string }>(
          `SELECT name, sha256 FROM attachment WHERE id = $1 AND appeal_id = $2 AND state = 'stored' AND sha256 IS NOT NULL`,
          [file, id],
        )
      : [];
  // A blob may have gone since its row was read.
  const handle = row === undefined ? undefined : await open(spool.pathOf(row.sha256)).catch(() => undefined);
  if (row === undefined || handle === undefined) {
    const back = isNumber(id) ? `/appeals/${id}` : '/appeals';
    const body = html`<p class="empty">${say('gone')}<br><a href="${back}">${say('back')}</a></p>`;
    return { title: say('title'), body, status: 404 };
  }
  const object = `appeal:${id}`;
  await writeAudit(db, { who: viewer.login, action: 'appeal-file-taken', object, data: { file } });
  // Never a type that a browser would show as a page of ours.
  const type = 'application/octet-stream';
  return { download: { name: row.name, type, content: handle.createReadStream() } };
}
