import { scopeWords } from '../../../alerts/incident/scope-words.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { type AuditFilter, listAudit } from '../../users/audit.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest, PageRoute } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { type Say, speak } from '../../web/words.ts';
import { ACTIONS } from './actions.ts';
import { WORDS } from './words.ts';

const PAGE = 100;

/** Who did what: for administrators. The filter and the place are in the address. */
export function auditRoutes(deps: ConsoleDeps): PageRoute[] {
  return [
    {
      method: 'GET',
      path: '/audit',
      role: 'admin',
      section: 'audit',
      handle: (request) => auditPage(deps, request),
    },
  ];
}

type SayAudit = Say<keyof typeof WORDS.ru>;

async function auditPage(deps: ConsoleDeps, { viewer, query }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const filter = filterOf(query);
  const { before: _seen, ...newest } = filter;
  const rows = await listAudit(deps.db, { ...filter, limit: PAGE + 1 });
  const shown = rows.slice(0, PAGE);
  const words = ACTIONS[viewer.lang];
  const world = worldOf(deps);
  const lines = shown.map(
    (row) => html`<tr><td data-label="${say('at')}">${moment(viewer, row.at)}</td>
<td data-label="${say('who')}"><a href="${addressOf({ who: row.who })}">${row.who}</a></td>
<td data-label="${say('action')}"><a href="${addressOf({ action: row.action })}">${words[row.action] ?? row.action}</a></td>
<td data-label="${say('object')}">${row.object !== null && html`<a href="${addressOf({ object: row.object })}">${row.object}</a>`}</td>
<td data-label="${say('why')}">${row.why ?? ''}</td>
<td data-label="${say('data')}"><code>${dataOf(row.data, (scope) => scopeWords(scope, world, viewer.lang))}</code></td></tr>`,
  );
  const table = html`<div class="table"><table class="rows"><thead><tr>
<th>${say('at')}</th><th>${say('who')}</th><th>${say('action')}</th><th>${say('object')}</th><th>${say('why')}</th><th>${say('data')}</th>
</tr></thead><tbody>${lines}</tbody></table></div>`;
  const last = rows.length > PAGE ? shown.at(-1)?.id : undefined;
  const pager = html`<p class="pager">${filter.before !== undefined && html`<a href="${addressOf(newest)}">${say('newest')}</a>`}
${last !== undefined && html`<a rel="next" href="${addressOf({ ...filter, before: last })}">${say('older')}</a>`}</p>`;
  const body = html`${filterForm(filter, viewer.lang, say)}
${shown.length === 0 ? html`<p class="empty">${say('empty')}</p>` : table}${pager}`;
  return { title: say('title'), body };
}

function filterOf(query: URLSearchParams): AuditFilter {
  const text = (name: string) => query.get(name)?.trim().slice(0, 200) ?? '';
  const before = text('before');
  return {
    ...(text('who') === '' ? {} : { who: text('who') }),
    ...(text('action') === '' ? {} : { action: text('action') }),
    ...(text('object') === '' ? {} : { object: text('object') }),
    ...(/^\d{1,18}$/.test(before) ? { before } : {}),
  };
}

function addressOf({ who, action, object, before }: AuditFilter): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ who, action, object, before })) {
    if (value !== undefined) query.set(name, value);
  }
  return `/audit?${query}`;
}

function filterForm(filter: AuditFilter, lang: 'ru' | 'en', say: SayAudit): Markup {
  const options = Object.entries(ACTIONS[lang]).map(
    ([action, words]) =>
      html`<option value="${action}" ${action === filter.action && html`selected`}>${words}</option>`,
  );
  return html`<form method="get" action="/audit" class="row">
<label>${say('who')} <input name="who" value="${filter.who ?? ''}"></label>
<label>${say('action')} <select name="action"><option value="">${say('any')}</option>${options}</select></label>
<label>${say('object')} <input name="object" value="${filter.object ?? ''}" placeholder="appeal:123"></label>
<button>${say('show')}</button> <a class="button quiet" href="/audit">${say('all')}</a></form>`;
}

function dataOf(data: Readonly<Record<string, unknown>>, whereOf: (scope: string) => string): string {
  const textOf = (name: string, value: unknown) => {
    if (name === 'scope' && typeof value === 'string') return whereOf(value);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  return Object.entries(data)
    .map(([name, value]) => `${name}: ${textOf(name, value)}`)
    .join(', ');
}
