import { html, type Markup } from '../../web/html.ts';

/** The reason that every change asks for; in a row of buttons without the line under it. */
export function whyField(say: (key: 'why' | 'whyHint') => string, isInRow = false): Markup {
  return html`<label>${say('why')} <input name="why" required maxlength="300" autocomplete="off" title="${say('whyHint')}">${!isInRow && html`<span class="hint">${say('whyHint')}</span>`}</label>`;
}
