import { previewResend } from '../../../alerts/incident/resend.ts';
import { findIncident } from '../../../alerts/incident/rows.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { html } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak, type Words } from '../../web/words.ts';
import { entryOf } from '../trouble.ts';
import { GROUP_WORDS } from './group-words.ts';
import { memberTable } from './members-view.ts';

const WORDS = {
  ru: {
    title: 'Отправить снова всю группу',
    back: 'К группе ошибок',
    count: 'Будет отправлено снова: {count}.',
    rules:
      'Правила сопоставления применятся заново: то, что исправлено, учтётся. О том, что могло дойти, посредник сначала спросит платформу. Ничего не задвоится.',
    cause: 'Причина группы',
    first: 'Первые из них, новые сверху',
    why: 'Почему отправляете',
    whyHint: 'что исправлено; попадёт в журнал',
    go: 'Отправить снова: {count}',
    nothing: 'Отправлять снова нечего: в группе никого не осталось.',
  },
  en: {
    title: 'Send the whole group again',
    back: 'To the group of errors',
    count: 'To be sent again: {count}.',
    rules:
      'The mapping rules are applied afresh, so what was mended counts. Of what may have arrived the platform is asked first. Nothing is doubled.',
    cause: 'Cause of the group',
    first: 'The first of them, newest first',
    why: 'Why you send them',
    whyHint: 'what was mended; goes into the journal',
    go: 'Send again: {count}',
    nothing: 'Nothing to send again: nobody is left in the group.',
  },
} satisfies Words<string>;

/** `/errors/:id/resend`: what would go, before it goes. */
export async function resendPage(deps: ConsoleDeps, { viewer, params }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const ofGroup = speak(GROUP_WORDS, viewer.lang);
  const incident = await findIncident(deps.db, params['id'] ?? '');
  if (incident === undefined) return { goTo: '/errors' };
  const { count, first } = await previewResend(deps.db, incident.id, worldOf(deps));
  const words = count.toLocaleString(viewer.lang);
  const cabinetName = (opaId: string | null) =>
    deps.cabinets().find((cabinet) => cabinet.opaId === opaId)?.id ?? opaId ?? undefined;
  const body = html`<p><a href="/errors/${incident.id}">← ${say('back')}</a></p>
${
  count === 0
    ? html`<p class="empty">${say('nothing')}</p>`
    : html`<p><b>${say('count', { count: words })}</b> ${say('rules')}</p>
<p>${say('cause')}: <span lang="ru">${entryOf(incident.code)?.title ?? incident.code}</span>${incident.detail !== null && incident.detail !== '' && html`, <span lang="ru">${incident.detail}</span>`}</p>
<form method="post" action="/errors/${incident.id}/resend" class="card"><input type="hidden" name="csrf" value="${viewer.csrf}">
<label>${say('why')} <input name="why" required maxlength="300" autocomplete="off" placeholder="${say('whyHint')}"></label>
<button>${say('go', { count: words })}</button></form>
${memberTable(viewer, first, ofGroup, { heads: ['appeal', 'card', 'what', 'since'], caption: say('first'), cabinetName })}`
}`;
  return { title: say('title'), body };
}
