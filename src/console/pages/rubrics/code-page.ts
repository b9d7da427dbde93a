import { levelOf, lineage, normalCode, stemOf } from '../../../rubrics/codes.ts';
import { byPrecedence, ruleId } from '../../../rubrics/rules.ts';
import type { RubricRule } from '../../../rubrics/types.ts';
import type { Queryable } from '../../../store/data-source.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { whyField } from '../appeals/why.ts';
import { chooseForm } from './choose.ts';
import { categoryWords, csrfField, type SayRubrics, stateMark, tabs } from './parts.ts';
import { pickButtons } from './suggestions.ts';
import { WORDS } from './words.ts';
import type { RubricView } from './world.ts';

/** Waiting cards are counted up to here. */
const MOST_WAITING = 10_000;

/** `/rubrics/code/:code`: what decides for one code, its rules, suggestions, and the form that maps it. */
export async function codePage(
  db: Queryable,
  view: RubricView,
  { viewer, params, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const text = (params['code'] ?? '').slice(0, 100);
  const code = normalCode(text) ?? text;
  const rubric = view.byCode.get(code);
  if (rubric === undefined) {
    const body = html`${tabs(viewer, 'tree')}<p class="notice warn">${say('foreign')}</p>${waiting(await countWaiting(db, text), text, say)}`;
    return { title: text, body, status: 404 };
  }
  const canMap = may(viewer.role, 'operator');
  const path = `/rubrics/code/${code}`;
  const suggestions = view.suggest(code);
  const body = html`${tabs(viewer, 'tree')}${crumbs(view, code)}
<p><code>${code}</code> ${rubric.retired && html`<span class="mark warn">${say('retired')}</span>`} ${markOf(view, code, say)}</p>
${waiting(await countWaiting(db, code), code, say)}
<div class="grid"><section class="card"><h2>${say('decides')}</h2>${decides(view, code, say)}</section>
<section class="card"><h2>${say('suggestions')}</h2>${canMap && html`<p class="hint">${say('pickHint')}</p>`}${pickButtons(suggestions.slice(0, 5), code, canMap, say)}</section></div>
${rulesTable(viewer, view, code, canMap, say)}
${canMap && chooseForm({ viewer, view, codes: [code], find: (query.get('find') ?? '').trim().slice(0, 100), path, back: path, say })}
${inside(view, code, say)}
${canMap && html`<form method="post" action="/rubrics/pick" id="pick">${csrfField(viewer)}<input type="hidden" name="back" value="${path}"></form>`}`;
  return { title: rubric.name, body };
}

function crumbs(view: RubricView, code: string): Markup {
  const above = lineage(code).slice(1).reverse();
  const links = above.map(
    (at) => html`<a href="/rubrics/code/${at}">${view.byCode.get(at)?.name ?? at}</a> › `,
  );
  return html`<p class="soft">${links}${stemOf(code)}</p>`;
}

function markOf(view: RubricView, code: string, say: SayRubrics): Markup | undefined {
  const state = view.states.get(code);
  return state === undefined ? undefined : stateMark(state, say);
}

function waiting({ count, isMore }: { count: number; isMore: boolean }, code: string, say: SayRubrics) {
  if (count === 0) return undefined;
  const query = new URLSearchParams({ rubric: code }).toString();
  return html`<p class="notice warn">${say('waiting', { count: isMore ? `> ${count}` : count })}. <a href="/showcase/failed?${query}">${say('waitingLink')}</a></p>`;
}

async function countWaiting(db: Queryable, code: string): Promise<{ count: number; isMore: boolean }> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT 1 FROM showcase_record WHERE state = 'unmapped' AND otk_code = $1
      LIMIT ${MOST_WAITING + 1}) r`,
    [code.replaceAll('\0', '')],
  );
  const count = row?.count ?? 0;
  return { count: Math.min(count, MOST_WAITING), isMore: count > MOST_WAITING };
}

function decides(view: RubricView, code: string, say: SayRubrics): Markup {
  const result = view.mapper.map({ otkCode: code });
  const rule = view.rules.find((each) => ruleId(each) === result.ruleId);
  const which =
    rule !== undefined &&
    html`<p>${categoryWords(rule)}<br><small>${say(rule.code === code ? 'ruleOwn' : 'ruleAbove')} <a class="mono" href="/rubrics/code/${rule.code}">${stemOf(rule.code)}</a></small></p>`;
  if (!('unmapped' in result)) return html`${which}`;
  if (result.unmapped === 'category-unknown') return html`<p>${say('decidesUnknown')}</p>${which}`;
  return html`<p>${say(view.states.get(code) === 'conditionalOnly' ? 'decidesConditional' : 'decidesNothing')}</p>`;
}

function rulesTable(viewer: Viewer, view: RubricView, code: string, canMap: boolean, say: SayRubrics) {
  const rules = lineage(code).flatMap((at) =>
    view.rules.filter((rule) => rule.code === at).sort(byPrecedence),
  );
  if (rules.length === 0) return undefined;
  const lines = rules.map(
    (
      rule,
    ) => html`<tr><th scope="row"><a class="mono" href="/rubrics/code/${rule.code}">${stemOf(rule.code)}</a></th>
<td data-label="${say('conditions')}">${conditionsOf(rule, say)}</td>
<td data-label="${say('category')}">${categoryWords(rule)}</td>
<td data-label="${say('source')}">${say(rule.source)}</td><td data-label="${say('note')}">${rule.note}</td>
${canMap && html`<td>${rule.code === code && removeForm(viewer, rule, say)}</td>`}</tr>`,
  );
  return html`<h2>${say('rules')}</h2><div class="table"><table class="rows"><thead><tr><th scope="col">${say('code')}</th><th scope="col">${say('conditions')}</th><th scope="col">${say('category')}</th><th scope="col">${say('source')}</th><th scope="col">${say('note')}</th>${canMap && html`<th scope="col">${say('actions')}</th>`}</tr></thead><tbody>${lines}</tbody></table></div>
${levelOf(code) < 5 && html`<p class="hint">${say('under')}</p>`}`;
}

/** Conditions of a rule in words. */
export function conditionsOf(rule: RubricRule, say: SayRubrics): string {
  const parts = [
    rule.cardfile !== undefined && `${say('cardfile')}: ${rule.cardfile}`,
    rule.organization !== undefined && `${say('organization')}: ${rule.organization}`,
    rule.word !== undefined && `${say('textWord')}: ${rule.word}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? say('always') : parts.join('; ');
}

function removeForm(viewer: Viewer, rule: RubricRule, say: SayRubrics): Markup {
  const { code, cardfile, organization, word } = rule;
  const hidden = Object.entries({ code, cardfile, organization, word }).map(
    ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return html`<details><summary>${say('remove')}</summary><form method="post" action="/rubrics/unmap">${csrfField(viewer)}${hidden}${whyField(say)}<button class="danger">${say('removeIt')}</button></form></details>`;
}

function inside(view: RubricView, code: string, say: SayRubrics): Markup | undefined {
  const under = view.children(code);
  if (under.length === 0) return undefined;
  const items = under.map(
    (child) =>
      html`<li><a class="mono" href="/rubrics/code/${child.code}">${stemOf(child.code)}</a> ${child.name} ${markOf(view, child.code, say)}</li>`,
  );
  return html`<h2>${say('inside')}</h2><div class="card tree"><ul>${items}</ul></div>`;
}
