import { html, type Markup } from '../../web/html.ts';
import { stateMark, stateWord } from '../../web/state-words.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { trouble } from '../trouble.ts';
import type { AppealDelivery } from './facts.ts';
import type { ShowWords } from './show-page.ts';
import { whyField } from './why.ts';

/** What goes to the platform, newest first, each with the buttons that fit its state. */
export function deliveriesView(
  viewer: Viewer,
  appealId: string,
  deliveries: readonly AppealDelivery[],
  say: ShowWords,
): Markup {
  if (deliveries.length === 0) return html`<p class="empty">${say('noDeliveries')}</p>`;
  return html`<div class="table"><table class="rows"><thead><tr><th scope="col">${say('delivery')}</th><th scope="col">${say('state')}</th><th scope="col">${say('rule')}</th><th scope="col" class="number">${say('attempts')}</th><th scope="col">${say('when')}</th></tr></thead>
<tbody>${deliveries.map((delivery) => rowOf(viewer, appealId, delivery, say))}</tbody></table></div>`;
}

function rowOf(viewer: Viewer, appealId: string, delivery: AppealDelivery, say: ShowWords): Markup {
  const { state } = delivery;
  const buttons = may(viewer.role, 'operator') && (state === 'attention' || state === 'queued');
  const hasMore = state === 'attention' || (delivery.code !== null && state !== 'done') || buttons;
  return html`<tr id="delivery-${delivery.id}"><th scope="row">${delivery.seq}. ${stateWord(viewer.lang, 'kind', delivery.kind)}</th>
<td data-label="${say('state')}">${stateMark(viewer.lang, 'delivery', state)}</td>
<td data-label="${say('rule')}">${delivery.rule}</td>
<td data-label="${say('attempts')}" class="number">${delivery.attempts}</td>
<td data-label="${say('when')}">${moment(viewer, delivery.settledAt ?? delivery.createdAt)}</td></tr>
${
  hasMore &&
  html`<tr class="more"><td colspan="5">${trouble(viewer.lang, delivery.code, detailOf(delivery))}
${state === 'attention' && delivery.inDoubt && html`<p class="hint">${say('inDoubt')}</p>`}${buttons && actions(viewer, appealId, delivery, say)}</td></tr>`
}`;
}

function detailOf({ field, detail }: AppealDelivery): string | null {
  return field === null ? detail : `${field}: ${detail ?? ''}`;
}

function actions(viewer: Viewer, appealId: string, delivery: AppealDelivery, say: ShowWords): Markup {
  const isAttention = delivery.state === 'attention';
  const isEditable = isAttention && delivery.kind === 'answer' && !delivery.inDoubt;
  return html`<form method="post" action="/appeals/${appealId}/deliveries/${delivery.id}" class="row"><input type="hidden" name="csrf" value="${viewer.csrf}">
${whyField(say, true)}
${isAttention && html`<button name="do" value="resend">${say('resend')}</button>`}
${isEditable && html`<a class="button quiet" href="/deliveries/${delivery.id}/edit">${say('edit')}</a>`}
<button name="do" value="cancel" class="danger">${say('cancel')}</button></form>`;
}
