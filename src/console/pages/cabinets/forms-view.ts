import type { CabinetHealth } from '../../cabinet-rows.ts';
import { html, type Markup } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import { whyField } from '../appeals/why.ts';
import type { CabinetSay } from './list-page.ts';

/** Check, pause or resume, back-fill. */
export function actionsView(viewer: Viewer, { config, state }: CabinetHealth, say: CabinetSay): Markup {
  const form = (action: string, content: Markup) =>
    html`<form method="post" action="/cabinets/${config.id}/${action}" class="card">${content}<input type="hidden" name="csrf" value="${viewer.csrf}"></form>`;
  const turn = state === 'paused' ? 'resume' : 'pause';
  return html`<div class="columns no-print">
${form('check', html`<h2>${say('check')}</h2><p class="hint">${say('checkHint')}</p><button>${say('check')}</button>`)}
${form(turn, html`<h2>${say(turn)}</h2><p class="hint">${say(turn === 'pause' ? 'pauseHint' : 'resumeHint')}</p>${whyField(say)}<button class="${turn === 'pause' ? 'danger' : ''}">${say(turn)}</button>`)}
${form(
  'backfill',
  html`<h2>${say('backfill')}</h2><p class="hint">${say('backfillHint')}</p>
<div class="row"><label>${say('from')} <input type="date" name="from" required></label><label>${say('to')} <input type="date" name="to" required></label></div>
<p><label class="inline"><input type="checkbox" name="withCards" value="1"> ${say('withCards')}</label></p>${whyField(say)}<button>${say('ask')}</button>`,
)}</div>`;
}
