import type { CodeState, Share } from '../../../rubrics/coverage.ts';
import { pathText } from '../../../rubrics/names.ts';
import type { CategoryRef } from '../../../rubrics/types.ts';
import { html, type Markup } from '../../web/html.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { WORDS } from './words.ts';

export type SayRubrics = Say<keyof typeof WORDS.ru>;
export type Tab = 'tree' | 'unmapped' | 'versions' | 'import';

const TABS: readonly { readonly id: Tab; readonly path: string; readonly changes: boolean }[] = [
  { id: 'tree', path: '/rubrics', changes: false },
  { id: 'unmapped', path: '/rubrics/unmapped', changes: false },
  { id: 'versions', path: '/rubrics/versions', changes: false },
  { id: 'import', path: '/rubrics/import', changes: true },
];

/** Links between the pages of this section. */
export function tabs(viewer: Viewer, at: Tab): Markup {
  const say = speak(WORDS, viewer.lang);
  const links = TABS.filter(({ changes }) => !changes || may(viewer.role, 'operator')).map(
    ({ id, path }) =>
      html`<a class="button ${id === at ? '' : 'quiet'}" href="${path}" ${id === at && html`aria-current="page"`}>${say(id)}</a>`,
  );
  return html`<nav class="row" aria-label="${say('tabs')}">${links}<a class="button quiet" href="/rubrics/export" download>${say('export')}</a></nav>`;
}

const STATE_MARKS = {
  mapped: { tone: 'good', word: 'mapped' },
  draft: { tone: 'good', word: 'draft' },
  categoryUnknown: { tone: 'warn', word: 'categoryUnknown' },
  conditionalOnly: { tone: 'warn', word: 'conditionalOnly' },
  unmapped: { tone: 'bad', word: 'unmappedState' },
} as const satisfies Record<CodeState, { tone: string; word: keyof typeof WORDS.ru }>;

/** How a code stands, in a word. */
export function stateMark(state: CodeState, say: SayRubrics): Markup {
  const { tone, word } = STATE_MARKS[state];
  return html`<span class="mark ${tone}">${say(word)}</span>`;
}

/** How much of a branch is mapped, in a word. */
export function shareMark({ mapped, codes }: Share, say: SayRubrics): Markup {
  if (mapped === codes) return html`<span class="mark good">${say('whole')}</span>`;
  if (mapped === 0) return html`<span class="mark bad">${say('nothing')}</span>`;
  return html`<span class="mark warn">${say('part')}</span>`;
}

/** A category for a person: its path, and the numbers behind it. */
export function categoryWords(category: CategoryRef): Markup {
  const ids = [category.subjectId, category.subsubjectId].filter((id) => id !== undefined).join('/');
  return html`${pathText(category)} ${ids !== '' && html`<small class="mono">${ids}</small>`}`;
}

export function csrfField({ csrf }: Viewer): Markup {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

/** Text for a notice, which travels in a cookie. */
export function short(text: string, most = 160): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
