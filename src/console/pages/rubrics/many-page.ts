import { MOST_CODES } from '../../../rubrics/map-many.ts';
import { html } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { chooseForm } from './choose.ts';
import { tabs } from './parts.ts';
import { WORDS } from './words.ts';
import type { RubricView } from './world.ts';

/** `/rubrics/map?code=…&code=…`: one category for the codes that were ticked. */
export function manyPage(view: RubricView, { viewer, query }: PageRequest): PageAnswer {
  const say = speak(WORDS, viewer.lang);
  const codes = [...new Set(query.getAll('code'))]
    .filter((code) => view.byCode.has(code))
    .slice(0, MOST_CODES);
  const find = (query.get('find') ?? '').trim().slice(0, 100);
  const items = codes.map((code) => html`<li><code>${code}</code> ${view.byCode.get(code)?.name}</li>`);
  const body = html`${tabs(viewer, 'unmapped')}
${
  codes.length === 0
    ? html`<p class="empty">${say('noneFound')}</p><p><a href="/rubrics/unmapped">${say('unmapped')}</a></p>`
    : html`<section class="card"><ul>${items}</ul></section>
${chooseForm({ viewer, view, codes, find, path: '/rubrics/map', back: '/rubrics/unmapped', say })}`
}`;
  return { title: say('chooseFor', { count: codes.length }), body };
}
