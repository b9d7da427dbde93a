import { isMember } from '../../../alerts/incident/members.ts';
import { findIncident } from '../../../alerts/incident/rows.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { writeAudit } from '../../users/audit.ts';
import { html } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak, type Words } from '../../web/words.ts';
import { partOf, rawView } from '../appeals/raw-page.ts';

const WORDS = {
  ru: {
    title: 'Запись ленты, которую не удалось прочитать',
    back: 'К группе ошибок',
    gone: 'Такой записи в группе нет.',
  },
  en: {
    title: 'An item of the feed that could not be read',
    back: 'To the group of errors',
    gone: 'The group has no such item.',
  },
} satisfies Words<string>;

/** `/errors/:id/items/:item`: an item as the platform gave it, and what is wrong with it. Who looked is written. */
export async function itemPage(
  deps: ConsoleDeps,
  { viewer, params, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const { id = '', item = '' } = params;
  const incident = await findIncident(deps.db, id);
  const isOurs = incident !== undefined && (await isMember(deps.db, incident, worldOf(deps), 'item', item));
  const [row] = isOurs
    ? await deps.db.query<{ raw: string; issues: string }>(
        'SELECT raw, issues FROM unread_item WHERE id = $1',
        [item],
      )
    : [];
  const back = html`<p><a href="/errors/${incident?.id ?? ''}">← ${say('back')}</a></p>`;
  if (row === undefined) {
    return { title: say('title'), status: 404, body: html`${back}<p class="empty">${say('gone')}</p>` };
  }
  const object = `unread-item:${item}`;
  await writeAudit(deps.db, { who: viewer.login, action: 'appeal-raw-viewed', object });
  const parts = [{ name: `item-${item}.json`, text: row.raw }];
  const body = html`${back}<p class="notice bad" lang="ru">${row.issues}</p>${rawView(viewer, parts, `/errors/${id}/items/${item}`)}`;
  return partOf(parts, query) ?? { title: say('title'), body };
}
