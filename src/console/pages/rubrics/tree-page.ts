import { normalCode, stemOf } from '../../../rubrics/codes.ts';
import { type Share, shareOf } from '../../../rubrics/coverage.ts';
import type { StoredRubric } from '../../../rubrics/types.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { type SayRubrics, shareMark, stateMark, tabs } from './parts.ts';
import { WORDS } from './words.ts';
import type { RubricView } from './world.ts';

/**
 * `/rubrics`: coverage of the sections; `?section=0003` the themes of one; `?section=0003.0009` one theme with its groups
 * and codes, the largest piece that is sent at once.
 */
export function treePage(view: RubricView, { viewer, query }: PageRequest): PageAnswer {
  const say = speak(WORDS, viewer.lang);
  const at = openAt(view, query.get('section'));
  const sections = view.children(undefined);
  const body = html`${tabs(viewer, 'tree')}${summary(view, say)}
${sections.length === 0 ? html`<p class="empty">${say('noRubrics')}</p>` : html`<div class="card tree"><ul>${sections.map((section) => sectionItem(view, section, at, say))}</ul></div>`}`;
  return { title: say('title'), body };
}

interface OpenAt {
  readonly section?: string;
  readonly theme?: string;
}

/** What the address opens; anything else opens nothing. */
function openAt(view: RubricView, asked: string | null): OpenAt {
  const code = normalCode(asked ?? '');
  const rubric = code === undefined ? undefined : view.byCode.get(code);
  if (rubric?.level === 1) return { section: rubric.code };
  if (rubric?.level !== 2 || rubric.parent === undefined) return {};
  return { section: rubric.parent, theme: rubric.code };
}

function summary(view: RubricView, say: SayRubrics): Markup {
  const all = shareOf([...view.states.values()]);
  const { problems, conflicts } = view.remarks();
  const figure = (value: number, words: string) => value > 0 && html`<li><b>${value}</b>${words}</li>`;
  const hasCategories = view.categories.some(({ retired }) => !retired);
  return html`${!hasCategories && html`<p class="notice warn">${say('noCategories')}</p>`}
<ul class="figures"><li><b>${all.mapped}</b>${say('mappedOf')}</li><li><b>${all.codes}</b>${say('codes')}</li>
${figure(all.byDraft, say('draft'))}${figure(all.categoryUnknown, say('categoryUnknown'))}${figure(all.conditionalOnly, say('conditionalOnly'))}${figure(all.unmapped, say('unmappedState'))}</ul>
<p class="soft">${say('version', { version: view.version })}${hasCategories && problems > 0 && `. ${say('problems', { count: problems })}`}${conflicts > 0 && `. ${say('conflicts', { count: conflicts })}`}</p>`;
}

function sectionItem(view: RubricView, section: StoredRubric, at: OpenAt, say: SayRubrics): Markup {
  const isOpen = section.code === at.section;
  const head = html`<a href="/rubrics?section=${stemOf(section.code)}" ${isOpen && html`aria-current="true"`}>${section.name}</a> ${shareWords(view.shareOf(section.code), say)}`;
  if (!isOpen) return html`<li>${head}</li>`;
  const themes = view.children(section.code).map((theme) => themeItem(view, theme, at, say));
  return html`<li>${head}<ul aria-label="${say('themes')}">${themes}</ul></li>`;
}

function themeItem(view: RubricView, theme: StoredRubric, at: OpenAt, say: SayRubrics): Markup {
  const share = shareWords(view.shareOf(theme.code), say);
  const isOpen = theme.code === at.theme;
  if (!isOpen)
    return html`<li><a href="/rubrics?section=${stemOf(theme.code)}#open">${theme.name}</a> ${share}</li>`;
  const groups = view.children(theme.code).map((group) => branch(view, group, say));
  return html`<li id="open"><details open><summary>${theme.name} ${share}</summary>${codeLink(theme)}<ul>${groups}</ul></details></li>`;
}

/** A rubric below a theme: with what is under it, or a code that a question can have. */
function branch(view: RubricView, rubric: StoredRubric, say: SayRubrics): Markup {
  const state = view.states.get(rubric.code);
  const mark = state !== undefined && stateMark(state, say);
  const under = view.children(rubric.code);
  if (under.length === 0) return html`<li>${codeLink(rubric)} ${rubric.name} ${mark}</li>`;
  return html`<li><details><summary>${rubric.name} ${mark || shareWords(view.shareOf(rubric.code), say)}</summary>${codeLink(rubric)}<ul>${under.map((child) => branch(view, child, say))}</ul></details></li>`;
}

function codeLink({ code }: StoredRubric): Markup {
  return html`<a class="mono" href="/rubrics/code/${code}">${stemOf(code)}</a>`;
}

function shareWords(share: Share, say: SayRubrics): Markup {
  return html`${shareMark(share, say)} <small>${say('share', { mapped: share.mapped, codes: share.codes })}</small>`;
}
