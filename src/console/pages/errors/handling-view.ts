import type { IncidentRow } from '../../../alerts/incident/rows.ts';
import { html, type Markup } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import type { GroupWords } from './group-words.ts';

/** Hours for which a group can be put out of sight. */
export const SNOOZE_HOURS = { hour: 1, hours4: 4, day: 24, days3: 72, week: 168 } as const;

/** What an operator may say of a group: taken up, snoozed, a note, closed by hand. */
export function handlingView(viewer: Viewer, row: IncidentRow, say: GroupWords): Markup {
  const csrf = html`<input type="hidden" name="csrf" value="${viewer.csrf}">`;
  const action = `/errors/${row.id}`;
  const isSnoozed = row.snoozedUntil !== null && row.snoozedUntil.getTime() > Date.now();
  const note = html`<form method="post" action="${action}/note">${csrf}
<label>${say('note')} <textarea name="note" maxlength="2000">${row.note ?? ''}</textarea></label><p><button class="quiet">${say('saveNote')}</button></p></form>`;
  if (row.closedAt !== null) return html`<section class="card"><h2>${say('handling')}</h2>${note}</section>`;
  return html`<section class="card"><h2>${say('handling')}</h2>
<div class="row">${row.acknowledgedAt === null && html`<form method="post" action="${action}/acknowledge" class="row">${csrf}<button>${say('acknowledge')}</button></form>`}
<form method="post" action="${action}/snooze" class="row">${csrf}${
    isSnoozed
      ? html`<button name="for" value="">${say('wake')}</button>`
      : html`<label>${say('snoozeFor')} <select name="for">${(Object.keys(SNOOZE_HOURS) as (keyof typeof SNOOZE_HOURS)[]).map((key) => html`<option value="${key}">${say(key)}</option>`)}</select></label><button class="quiet">${say('snooze')}</button>`
  }</form></div>
${note}
<details><summary>${say('close')}</summary><form method="post" action="${action}/close" class="row">${csrf}<label>${say('why')} <input name="why" required maxlength="300" autocomplete="off" placeholder="${say('whyHint')}"></label>
<button class="danger">${say('close')}</button> <small>${say('closeHint')}</small></form></details></section>`;
}
