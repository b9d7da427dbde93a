import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { day, moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { causesCard } from './causes-view.ts';
import type { ShowcasePages } from './deps.ts';
import {
  ASKED_STATES,
  type FailedFilter,
  failedAddress,
  readFailedFilter,
  readFailedPlace,
} from './failed-filter.ts';
import { type FailedLine, type FailedPage, listFailed } from './failed-rows.ts';
import { FAILED_WORDS } from './failed-words.ts';
import { resendForm, type SayFailed } from './resend-form.ts';

const PAGE = 50;

/** `/showcase/failed`: every record that is not in the showcase, why, and what to do; the filter is in the address. */
export async function failedPage(
  pages: ShowcasePages,
  { viewer, query, url }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(FAILED_WORDS, viewer.lang);
  const known = pages.showcases.map(({ id }) => id);
  const filter = readFailedFilter(query, known);
  const after = readFailedPlace(query);
  const withDetails = may(viewer.role, 'operator');
  const isFiltered = Object.keys(filter).some((name) => name !== 'showcase');
  const [page, causes] = await Promise.all([
    listFailed(pages.console.db, {
      filter,
      known,
      withDetails,
      linkOf: pages.linkOf,
      size: PAGE,
      ...(after === undefined ? {} : { after }),
    }),
    after === undefined && !isFiltered && causesCard(pages, viewer, filter, say),
  ]);
  const body = html`<p><a href="/showcase">← ${say('back')}</a></p>
${causes}
${filterForm(filter, known, say)}
${causes === false && remedies(page.rows, say)}
<div id="failed" data-refresh>${page.rows.length > 0 ? table(viewer, page.rows, url, say) : page.next === undefined && empty(isFiltered, say)}</div>
${pager(filter, page, after !== undefined, say)}`;
  return { title: say('title'), body };
}

function filterForm(filter: FailedFilter, known: readonly string[], say: SayFailed): Markup {
  const option = (value: string, text: string, chosen: string | undefined) =>
    html`<option value="${value}" ${value === (chosen ?? '') && html`selected`}>${text}</option>`;
  const field = (name: 'code' | 'rubric' | 'cardfile' | 'text') =>
    html`<label>${say(name)} <input name="${name}" value="${filter[name]}" autocomplete="off"></label>`;
  return html`<form method="get" action="/showcase/failed" class="row card" role="search">
<label>${say('showcase')} <select name="showcase">${option('', say('all'), filter.showcase)}${known.map((id) => option(id, id, filter.showcase))}</select></label>
<label>${say('state')} <select name="state">${option('', say('open'), filter.state)}${ASKED_STATES.map((state) => option(state, say(state), filter.state))}</select></label>
${field('code')}${field('rubric')}${field('cardfile')}${field('text')}
<button>${say('show')}</button>${Object.keys(filter).length > 0 && html`<a class="button quiet" href="/showcase/failed">${say('clear')}</a>`}
<a class="button quiet" href="${failedAddress(filter, undefined, '/showcase/failed.csv')}" download>${say('csv')}</a></form>`;
}

function table(viewer: Viewer, rows: readonly FailedLine[], url: string, say: SayFailed): Markup {
  return html`<div class="table"><table class="rows"><caption>${say('caption', { count: rows.length })}</caption>
<thead><tr><th scope="col">${say('card')}</th><th scope="col">${say('question')}</th><th scope="col">${say('rubric')}</th><th scope="col">${say('cardfile')}</th><th scope="col">${say('since')}</th><th scope="col">${say('cause')}</th><th scope="col">${say('remedy')}</th></tr></thead>
<tbody>${rows.map((row) => line(viewer, row, url, say))}</tbody></table></div>`;
}

function line(viewer: Viewer, row: FailedLine, url: string, say: SayFailed): Markup {
  const { code, field, detail, otkCode, link } = row;
  const number = row.cardNumber === '' ? say('noNumber') : row.cardNumber;
  // The platform's words may quote a citizen.
  const words = may(viewer.role, 'operator') ? detail : row.platformCode;
  return html`<tr><th scope="row">${link === undefined ? number : html`<a href="${link}" rel="noreferrer">${number}</a>`} <small>${day(row.cardDate)} · ${row.showcase}</small></th>
<td data-label="${say('question')}">${row.questionNo === 0 ? say('noQuestion') : row.questionNo}</td>
<td data-label="${say('rubric')}">${otkCode === '' ? '—' : html`<a class="mono" href="/rubrics/code/${encodeURIComponent(otkCode)}">${otkCode}</a>`}</td>
<td data-label="${say('cardfile')}"><code>${row.cardfile}</code></td>
<td data-label="${say('since')}">${moment(viewer, row.since)}</td>
<td data-label="${say('cause')}" lang="ru"><b>${row.reason}</b> ${code !== undefined && html`<small class="mono">${code}</small>`}${field !== undefined && html`<br>${say('field', { field })}`}${words !== undefined && html`<br><small>${words.slice(0, 500).toWellFormed()}</small>`}</td>
<td data-label="${say('remedy')}">${remedy(viewer, row, url, say)}</td></tr>`;
}

/** What to do, once for each code on the page: repeated in each row it would be most of the page. */
function remedies(rows: readonly FailedLine[], say: SayFailed): Markup {
  const codes = new Map(rows.map((row) => [row.code ?? row.state, row]));
  const items = [...codes.values()].map(
    ({ reason, code, remedy }) =>
      html`<dt lang="ru">${reason} ${code !== undefined && html`<small class="mono">${code}</small>`}</dt><dd lang="ru">${remedy}</dd>`,
  );
  return html`${items.length > 0 && html`<section class="card"><h2>${say('remedy')}</h2><dl class="facts">${items}</dl></section>`}`;
}

function remedy(viewer: Viewer, row: FailedLine, url: string, say: SayFailed): Markup | undefined {
  if (row.code === 'RUBRIC_NOT_MAPPED') {
    return html`<a href="/rubrics/code/${encodeURIComponent(row.otkCode)}#choose">${say('mapIt')}</a>`;
  }
  const isRefused = row.state === 'refused' && row.platformCode !== undefined;
  if (!isRefused || !may(viewer.role, 'operator')) return undefined;
  return html`<details><summary>${say('resend')}</summary>${resendForm(viewer, { showcase: row.showcase, record: row.recordId }, url, say)}</details>`;
}

function empty(isFiltered: boolean, say: SayFailed): Markup {
  if (isFiltered) return html`<p class="empty">${say('none')}</p>`;
  return html`<p class="empty"><b>${say('empty')}</b><br>${say('emptyHint')}</p>`;
}

function pager(filter: FailedFilter, page: FailedPage, isLater: boolean, say: SayFailed): Markup {
  const { next, isPartial } = page;
  return html`${isPartial === true && html`<p class="notice" role="status">${say('scanned')}</p>`}
<p class="pager">${isLater && html`<a href="${failedAddress(filter)}">${say('first')}</a>`}
${next !== undefined && html`<a class="button quiet" rel="next" href="${failedAddress(filter, next)}">${say(isPartial === true ? 'goOn' : 'next')}</a>`}</p>`;
}
