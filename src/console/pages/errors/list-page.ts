import {
  countIncidents,
  INCIDENT_ORDERS,
  INCIDENT_STATES,
  type IncidentRow,
  listIncidents,
  nextOf,
} from '../../../alerts/incident/rows.ts';
import type { ScopeWorld } from '../../../alerts/incident/scope.ts';
import { scopeWords } from '../../../alerts/incident/scope-words.ts';
import { ERROR_KINDS } from '../../../model/errors.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { entryOf } from '../trouble.ts';
import { addressOf, type ErrorFilter, isFiltered, readFilter, storeFilter } from './filter.ts';
import { stateMarks } from './marks.ts';
import { type ErrorWords, WORDS } from './words.ts';

const PAGE = 50;
/** So many names are offered as a list; more would weigh more than the page itself. */
const LISTED_CABINETS = 60;

/** `/errors`: groups of equal failures, newest or largest first. */
export async function listPage(deps: ConsoleDeps, { viewer, query }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const world = worldOf(deps);
  const filter = readFilter(query);
  const after = query.get('after');
  const [figures, found] = await Promise.all([
    countIncidents(deps.db),
    listIncidents(deps.db, {
      ...storeFilter(filter, world),
      limit: PAGE + 1,
      ...(after === null ? {} : { after }),
    }),
  ]);
  const rows = found.slice(0, PAGE);
  const last = found.length > PAGE ? rows.at(-1) : undefined;
  const body = html`<ul class="figures" aria-label="${say('figures')}">
<li><b>${figures.open}</b> ${say('openNow')}</li><li><b>${figures.acknowledged}</b> ${say('acknowledgedNow')}</li>
<li><b>${figures.snoozed}</b> ${say('snoozedNow')}</li></ul>
${form(filter, world, say)}
<div id="errors-list" data-refresh>${rows.length === 0 ? nothing(filter, say) : table(viewer, rows, world, say)}
<p class="pager">${after !== null && html`<a href="${addressOf(filter)}">${say('fromStart')}</a>`}
${last !== undefined && html`<a class="button" rel="next" href="${addressOf(filter, nextOf(filter.order, last))}">${say('next')}</a>`}</p></div>`;
  return { title: say('title'), body };
}

function form(filter: ErrorFilter, world: ScopeWorld, say: ErrorWords): Markup {
  const option = (value: string, text: string, chosen: string) =>
    html`<option value="${value}" ${value === chosen ? html`selected` : undefined}>${text}</option>`;
  const names = world.cabinets.map(({ id }) => id);
  const cabinet =
    names.length <= LISTED_CABINETS
      ? html`<select name="cabinet">${option('', say('anyCabinet'), filter.cabinet)}${names.map((name) => option(name, name, filter.cabinet))}</select>`
      : html`<input name="cabinet" value="${filter.cabinet}" placeholder="${say('anyCabinet')}">`;
  return html`<form method="get" action="/errors" class="row card" role="search" aria-label="${say('filter')}">
<label>${say('state')} <select name="state">${INCIDENT_STATES.map((state) => option(state, say(state), filter.state))}</select></label>
<label>${say('order')} <select name="order">${INCIDENT_ORDERS.map((order) => option(order, say(order), filter.order))}</select></label>
<label>${say('cabinet')} ${cabinet}</label>
<label>${say('kind')} <select name="kind">${option('', say('anyKind'), filter.kind)}${ERROR_KINDS.map((kind) => option(kind, say(kind), filter.kind))}</select></label>
<label>${say('text')} <input name="text" value="${filter.text}" placeholder="${say('textHint')}" autocomplete="off"></label>
<button>${say('find')}</button>
${isFiltered(filter) && html`<a class="button quiet" href="/errors">${say('clear')}</a>`}
</form>`;
}

function table(viewer: Viewer, rows: readonly IncidentRow[], world: ScopeWorld, say: ErrorWords): Markup {
  return html`<div class="table"><table class="rows">
<thead><tr><th scope="col">${say('what')}</th><th scope="col">${say('where')}</th><th scope="col" class="number">${say('count')}</th><th scope="col">${say('first')}</th><th scope="col">${say('last')}</th><th scope="col">${say('state')}</th></tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>
<th scope="row"><a href="/errors/${row.id}" lang="ru">${entryOf(row.code)?.title ?? row.code}</a><br><small class="mono">${row.code}</small>${causeOf(row)}</th>
<td data-label="${say('where')}">${scopeWords(row.scope, world, viewer.lang)}</td>
<td data-label="${say('count')}" class="number">${row.count.toLocaleString(viewer.lang)}</td>
<td data-label="${say('first')}">${moment(viewer, row.openedAt)}</td>
<td data-label="${say('last')}">${moment(viewer, row.lastAt)}</td>
<td data-label="${say('state')}">${stateMarks(viewer, row, say)}</td>
</tr>`,
  )}</tbody></table></div>`;
}

/** The cause without ids: it holds no personal data, so everybody may see it. */
function causeOf({ detail }: IncidentRow): Markup | undefined {
  return detail === null || detail === '' ? undefined : html`<br><small lang="ru">${detail}</small>`;
}

function nothing(filter: ErrorFilter, say: ErrorWords): Markup {
  const plain = !isFiltered(filter);
  return html`<p class="empty"><b>${say(plain ? 'empty' : 'none')}</b><br>${say(plain ? 'emptyHint' : 'noneHint')}</p>`;
}
