import { hasIds } from '../../../rubrics/category-index.ts';
import { nameKey, pathText } from '../../../rubrics/names.ts';
import type { Category } from '../../../rubrics/types.ts';
import { html, type Markup } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import { whyField } from '../appeals/why.ts';
import { categoryWords, csrfField, type SayRubrics } from './parts.ts';
import type { RubricView } from './world.ts';

/** Categories that are offered at once. */
const MOST = 60;

export interface ChooseOptions {
  readonly viewer: Viewer;
  readonly view: RubricView;
  readonly codes: readonly string[];
  /** Word by which a category is looked for; '' offers the likeliest. */
  readonly find: string;
  /** Page of this form, where the filter comes back to. */
  readonly path: string;
  /** Where to go when it is done. */
  readonly back: string;
  readonly say: SayRubrics;
}

/**
 * Chooses a category for one code or several: a filter of the address and a list of radio buttons, so that it works
 * without scripts and by the keyboard alone. One code may be narrowed by conditions.
 */
export function chooseForm({ viewer, view, codes, find, path, back, say }: ChooseOptions): Markup {
  const living = view.categories.filter(({ retired }) => !retired);
  const found = find === '' ? likeliest(view, codes) : search(living, find);
  const shown = found.slice(0, MOST);
  const many = codes.length > 1 || path === '/rubrics/map';
  const fields = codes.map((code) => html`<input type="hidden" name="code" value="${code}">`);
  const subjects = [...new Set(living.map(({ subject }) => subject))];
  const address = (word: string) => `${path}?${queryOf(many ? codes : [], word)}#choose`;
  return html`<section class="card" id="choose"><h2>${say('choose')}</h2>
<form method="get" action="${path}#choose" class="row" role="search">${many && fields}<label>${say('find')} <input name="find" value="${find}" autocomplete="off"></label><button class="quiet">${say('findIt')}</button></form>
<details><summary>${say('subjects')}</summary><ul>${subjects.map((subject) => html`<li><a href="${address(subject)}">${subject}</a></li>`)}</ul></details>
<p class="hint">${hint(find, found.length, shown.length, say)}</p>
${
  shown.length > 0 &&
  html`<form method="post" action="${many ? '/rubrics/map-many' : '/rubrics/map'}">${csrfField(viewer)}${fields}<input type="hidden" name="back" value="${back}">
<fieldset><legend>${say('category')}</legend><ul class="choices">${shown.map((category) => radio(category, say))}</ul></fieldset>
${!many && conditions(say)}
${whyField(say)}<button>${say('map')}</button></form>`
}</section>`;
}

function queryOf(codes: readonly string[], find: string): string {
  const query = new URLSearchParams({ find });
  for (const code of codes) query.append('code', code);
  return query.toString();
}

function likeliest(view: RubricView, codes: readonly string[]): readonly Category[] {
  const lists = codes.slice(0, 25).map((code) => view.suggest(code).map(({ category }) => category));
  const most = codes.length === 1 ? 10 : 3;
  return [...new Set(lists.flatMap((list) => list.slice(0, most)))];
}

function search(living: readonly Category[], find: string): readonly Category[] {
  const words = nameKey(find).split(' ');
  return living.filter((category) => {
    if (category.subjectId === find || category.subsubjectId === find) return true;
    const path = nameKey(pathText(category));
    return words.every((word) => path.includes(word));
  });
}

function hint(find: string, count: number, shown: number, say: SayRubrics): string {
  if (find === '') return count === 0 ? say('chooseEmpty') : say('chooseHint');
  if (count === 0) return say('chooseNone');
  return shown < count ? say('chooseMore', { shown, count }) : say('chooseFound', { count });
}

function radio(category: Category, say: SayRubrics): Markup {
  return html`<li><label class="inline"><input type="radio" name="category" value="${category.key}" required>${categoryWords(category)} ${!hasIds(category) && html`<span class="mark warn">${say('noId')}</span>`}</label></li>`;
}

function conditions(say: SayRubrics): Markup {
  const field = (name: string, text: string) =>
    html`<label>${text} <input name="${name}" maxlength="255" autocomplete="off"></label>`;
  return html`<details><summary>${say('narrow')}</summary>${field('cardfile', say('cardfile'))}${field('organization', say('organization'))}${field('word', say('textWord'))}${field('note', say('note'))}</details>`;
}
