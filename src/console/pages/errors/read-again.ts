import { DateTime } from 'luxon';
import type { Said } from '../../../alerts/incident/note-resent.ts';
import { findIncident, type IncidentRow } from '../../../alerts/incident/rows.ts';
import { readScope } from '../../../alerts/incident/scope.ts';
import { OTHER_CAUSES } from '../../../alerts/incidents.ts';
import type { Cabinet } from '../../../config/index.ts';
import { toFault } from '../../../model/errors.ts';
import { retryQuarantined, type SetAside } from '../../../registration/quarantine.ts';
import { askBackfill } from '../../ask-backfill.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import type { Viewer } from '../../web/viewer.ts';
import { speak, type Words } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { whyField } from '../appeals/why.ts';

const WORDS = {
  ru: {
    button: 'Прочитать снова всё…',
    go: 'Прочитать снова',
    messages: 'Сообщения вернутся из папки quarantine в папку канала и будут прочитаны заново.',
    items:
      'Будут дочитаны дни с {from} по сегодня: что теперь читается, уйдёт из группы. Известное не удвоится.',
    why: 'Причина',
    whyHint: 'что исправлено; попадёт в журнал',
    put: 'Возвращено для чтения сообщений: {count}.',
    some: 'Возвращено сообщений: {count}; не нашлось или не возвращается: {failed}.',
    asked: 'Дочитывание поставлено в очередь.',
    none: 'Читать снова нечего.',
  },
  en: {
    button: 'Read everything again…',
    go: 'Read again',
    messages: 'The messages go back from the folder quarantine to that of the channel and are read anew.',
    items:
      'The days from {from} to today are read again: what can be read now leaves the group. Nothing is doubled.',
    why: 'Reason',
    whyHint: 'what was mended; goes into the journal',
    put: 'Messages put back to be read: {count}.',
    some: 'Messages put back: {count}; not found or not to be put back: {failed}.',
    asked: 'The back-fill is queued.',
    none: 'There is nothing to read again.',
  },
} satisfies Words<string>;

/** Messages put back by one press: each is two renames on a share. */
const MOST_AT_ONCE = 200;

/** What of a group can be read anew: messages that were set aside, or a cabinet's items of an unknown shape. */
type Readable = { readonly channel: string } | { readonly cabinet: Cabinet };

function readableOf(deps: ConsoleDeps, { code, scope, closedAt }: IncidentRow): Readable | undefined {
  const read = readScope(scope);
  if (closedAt !== null) return undefined;
  if (code === 'SED_MESSAGE_UNREADABLE' && read.what === 'channel' && deps.sed !== undefined) {
    return { channel: read.channel };
  }
  if (code !== 'APPEAL_SHAPE_UNKNOWN' || read.what !== 'cabinet') return undefined;
  const cabinet = deps.cabinets().find(({ id }) => id === read.cabinet);
  return cabinet === undefined ? undefined : { cabinet };
}

/** The form that reads the whole group anew; nothing where that mends nothing. */
export async function readAgainForm(
  deps: ConsoleDeps,
  viewer: Viewer,
  row: IncidentRow,
): Promise<Markup | undefined> {
  const say = speak(WORDS, viewer.lang);
  const readable = readableOf(deps, row);
  if (readable === undefined) return undefined;
  const hint =
    'channel' in readable
      ? say('messages')
      : say('items', { from: (await firstDay(deps, readable.cabinet)).toFormat('dd.MM.yyyy') });
  return html`<details><summary>${say('button')}</summary><form method="post" action="/errors/${row.id}/read-again"><input type="hidden" name="csrf" value="${viewer.csrf}">
<p class="hint">${hint}</p>${whyField(say)}<button>${say('go')}</button></form></details>`;
}

/** `POST /errors/:id/read-again`: what the commands `quarantine retry` and `cabinets backfill` do, for the whole group. */
export async function readAgainAction(
  deps: ConsoleDeps,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const said = { who: viewer.login, why: reasonOf(form) };
  const row = await findIncident(deps.db, params['id'] ?? '');
  if (row === undefined) return { goTo: '/errors' };
  const goTo = `/errors/${row.id}`;
  const readable = readableOf(deps, row);
  if (readable === undefined) return { goTo, notice: { tone: 'bad', text: say('none') } };
  if ('cabinet' in readable) {
    const { cabinet } = readable;
    const from = (await firstDay(deps, cabinet)).toISODate() ?? '';
    const to = DateTime.now().setZone(cabinet.timeZone).toISODate() ?? '';
    await askBackfill(deps, cabinet, { from, to, forceCards: false }, { from: 'from', to: 'to' }, said);
    return { goTo, notice: { tone: 'good', text: say('asked') } };
  }
  const { count, failed } = await putBack(deps, row, readable.channel, said);
  const word = failed > 0 ? 'some' : count > 0 ? 'put' : 'none';
  return { goTo, notice: { tone: word === 'put' ? 'good' : 'bad', text: say(word, { count, failed }) } };
}

/** One that is not in its folder any more is no reason to leave the others. */
async function putBack(deps: ConsoleDeps, row: IncidentRow, channel: string, said: Said) {
  const { sed } = deps;
  if (sed === undefined) return { count: 0, failed: 0 };
  const cause = row.fingerprint === OTHER_CAUSES ? null : row.fingerprint;
  const list = await deps.db.query<SetAside>(
    `SELECT channel, message_dir AS message FROM quarantine WHERE settled_at IS NULL AND channel = $1 AND code = $2
       AND ($3::text IS NULL OR coalesce(cause, '') = $3) ORDER BY quarantine.id LIMIT ${MOST_AT_ONCE}`,
    [channel, row.code, cause],
  );
  let count = 0;
  let failed = 0;
  for (const aside of list) {
    try {
      await retryQuarantined({ ...deps, sed }, aside, said);
      count += 1;
    } catch (error) {
      if (toFault(error).kind === 'defect') throw error;
      failed += 1;
    }
  }
  return { count, failed };
}

/** The day before the first item that cannot be read was seen: it may have changed some hours earlier. */
async function firstDay({ db }: ConsoleDeps, { opaId, timeZone }: Cabinet): Promise<DateTime> {
  const [row] = await db.query<{ since: Date | null }>(
    `SELECT least((SELECT min(seen_at) FROM unread_item WHERE opa_id = $1 AND settled_at IS NULL),
       (SELECT min(c.stored_at) FROM appeal a JOIN appeal_change c ON c.appeal_id = a.id
        WHERE a.opa_id = $1 AND a.error_code = 'APPEAL_SHAPE_UNKNOWN' AND NOT c.readable)) AS since`,
    [opaId],
  );
  return DateTime.fromJSDate(row?.since ?? new Date(), { zone: timeZone }).minus({ days: 1 });
}
