import { html, type Markup } from '../../web/html.ts';
import { stateMark } from '../../web/state-words.ts';
import { day } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { trouble } from '../trouble.ts';
import type { AppealCard, AppealFacts } from './facts.ts';
import type { ShowWords } from './show-page.ts';
import { whyField } from './why.ts';

/** Its cards with their numbers, and the button that fits them. */
export function cardsView(
  viewer: Viewer,
  facts: AppealFacts,
  cards: readonly AppealCard[],
  say: ShowWords,
): Markup {
  if (cards.length === 0) return html`<p class="none">${say('noCards')}</p>`;
  const canResend = may(viewer.role, 'operator') && cards.some(({ resendable }) => resendable);
  return html`${cards.map((card) => cardView(viewer, card, say))}
${canResend && resendForm(viewer, facts.id, say)}`;
}

function cardView(viewer: Viewer, card: AppealCard, say: ShowWords): Markup {
  const number = card.number === null ? '' : `№ ${card.number}`;
  const date = card.date === null ? '' : `, ${day(card.date)}`;
  return html`<p>${number !== '' && html`<b>${number}</b>${date} `}${stateMark(viewer.lang, 'card', card.stage)} <small>${say('channel', { channel: card.channel })}${card.repetition !== '' && `, ${say('repeated')}`}</small><br>
<small>${say('uid')}: <code>${card.documentUid}</code></small></p>${trouble(viewer.lang, card.code, card.detail)}`;
}

function resendForm(viewer: Viewer, id: string, say: ShowWords): Markup {
  return html`<details class="no-print"><summary>${say('resendCard')}</summary>
<form method="post" action="/appeals/${id}/resend-card"><input type="hidden" name="csrf" value="${viewer.csrf}">
<p class="hint">${say('resendCardHint')}</p>${whyField(say)}<button>${say('resendCard')}</button></form></details>`;
}
