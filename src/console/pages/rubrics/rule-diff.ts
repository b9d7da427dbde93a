import { pathText } from '../../../rubrics/names.ts';
import type { RubricRule } from '../../../rubrics/types.ts';
import type { RuleDiff } from '../../../rubrics/versions.ts';
import { html, type Markup, type Piece } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { conditionsOf } from './code-page.ts';
import { categoryWords } from './parts.ts';
import { VERSION_WORDS } from './version-words.ts';
import { WORDS } from './words.ts';

/** Lines of a list that are shown; whole lists are in the exported table. */
export const MOST_LINES = 80;

/** What a set of rules changes against another, as lists by kind. */
export function ruleDiffView(diff: RuleDiff, viewer: Viewer): Markup {
  const say = speak(VERSION_WORDS, viewer.lang);
  const { added, removed, changed } = diff;
  if (added.length + removed.length + changed.length === 0) return html`<p>${say('same')}</p>`;
  return html`${listed('added', added, (rule) => ruleLine(rule, viewer), say)}${listed('removed', removed, (rule) => ruleLine(rule, viewer), say)}${listed(
    'changed',
    changed,
    ({ from, to }) => html`${ruleLine(to, viewer)}<br><small>${say('was', { was: pathText(from) })}</small>`,
    say,
  )}`;
}

function listed<T>(
  word: 'added' | 'removed' | 'changed',
  items: readonly T[],
  line: (item: T) => Piece,
  say: Say<keyof typeof VERSION_WORDS.ru>,
): Markup | undefined {
  return shortList(say(word, { count: items.length }), items, line, (count) => say('more', { count }));
}

/** A heading with its list, cut to what a person reads; nothing for an empty list. */
export function shortList<T>(
  heading: string,
  items: readonly T[],
  line: (item: T) => Piece,
  more: (count: number) => string,
): Markup | undefined {
  if (items.length === 0) return undefined;
  const rest = items.length - MOST_LINES;
  return html`<details ${items.length <= 20 && html`open`}><summary>${heading}</summary><ul>${items.slice(0, MOST_LINES).map((item) => html`<li>${line(item)}</li>`)}${rest > 0 && html`<li>${more(rest)}</li>`}</ul></details>`;
}

function ruleLine(rule: RubricRule, { lang }: Viewer): Markup {
  const say = speak(WORDS, lang);
  const conditions = conditionsOf(rule, say);
  return html`<a class="mono" href="/rubrics/code/${rule.code}">${rule.code}</a>${conditions !== say('always') && html` <small>(${conditions})</small>`} → ${categoryWords(rule)}`;
}
