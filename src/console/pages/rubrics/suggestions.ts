import { pathText } from '../../../rubrics/names.ts';
import type { Suggestion } from '../../../rubrics/suggest.ts';
import { html, type Markup } from '../../web/html.ts';
import type { SayRubrics } from './parts.ts';

/** Suggestions as buttons of the form `pick`, each of which makes its rule; as a list for those who may not. */
export function pickButtons(
  suggestions: readonly Suggestion[],
  code: string,
  canMap: boolean,
  say: SayRubrics,
): Markup {
  if (suggestions.length === 0) return html`<span class="none">—</span>`;
  const items = suggestions.map(({ category, near }) => {
    const path = pathText(category);
    const hint = near.length > 0 && html` <small>${say('near', { count: near.length })}</small>`;
    if (!canMap) return html`<li>${path}${hint}</li>`;
    return html`<li><button form="pick" class="quiet choice" name="pick" value="${code} ${category.key}" aria-label="${say('map')} ${code}: ${path}">${path}</button>${hint}</li>`;
  });
  return html`<ul class="choices">${items}</ul>`;
}

/** What a button of the form `pick` says. */
export function readPick(value: string): { readonly code: string; readonly category: string } {
  const at = value.indexOf(' ');
  return at < 0 ? { code: value, category: '' } : { code: value.slice(0, at), category: value.slice(at + 1) };
}
