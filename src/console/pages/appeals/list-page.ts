import { APPEAL_STAGES } from '../../../intake/eligibility.ts';
import { DELIVERY_STATES } from '../../../model/delivery.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { TERM_RISKS } from '../../terms.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { stateMark, stateWord } from '../../web/state-words.ts';
import { day, moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { type AppealFilter, addressOf, dayBounds, readFilter, readPlace } from './filter.ts';
import { LIST_WORDS } from './list-words.ts';
import { type AppealLine, type AppealPage, searchAppeals } from './search.ts';

type Words = Say<keyof typeof LIST_WORDS.ru>;

/** So many names are offered as a list; more would weigh more than the page itself. */
const LISTED_CABINETS = 60;

/** `/appeals`: search and the list it finds. */
export async function listPage(deps: ConsoleDeps, { viewer, query }: PageRequest): Promise<PageAnswer> {
  const say = speak(LIST_WORDS, viewer.lang);
  const filter = readFilter(query);
  const after = readPlace(query);
  const page = await searchAppeals(deps.db, {
    filter,
    finalStatuses: [...(deps.finalStatuses ?? [])],
    ...dayBounds(filter, viewer.timeZone),
    ...(after === undefined ? {} : { after }),
  });
  const names = deps.cabinets().map(({ id }) => id);
  const body = html`${searchForm(viewer, filter, names, say)}
<div id="appeals" data-refresh>${page.rows.length > 0 ? table(viewer, page.rows, say) : page.next === undefined && nothing(filter, names, say)}</div>
${pager(viewer, filter, page, after !== undefined, say)}`;
  return { title: say('title'), body };
}

function searchForm(viewer: Viewer, filter: AppealFilter, names: readonly string[], say: Words): Markup {
  const option = (value: string, text: string, chosen: string | undefined) =>
    html`<option value="${value}" ${value === (chosen ?? '') ? html`selected` : undefined}>${text}</option>`;
  const cabinet =
    names.length <= LISTED_CABINETS
      ? html`<select name="cabinet">${option('', say('anyCabinet'), filter.cabinet)}${names.map((name) => option(name, name, filter.cabinet))}</select>`
      : html`<input name="cabinet" value="${filter.cabinet}" placeholder="${say('anyCabinet')}">`;
  return html`<form method="get" action="/appeals" class="row card" role="search" aria-label="${say('search')}">
<label>${say('posId')} <input name="posId" value="${filter.posId}" inputmode="numeric" autocomplete="off"></label>
<label>${say('card')} <input name="card" value="${filter.card}" autocomplete="off"></label>
<label>${say('cabinet')} ${cabinet}</label>
<label>${say('stage')} <select name="stage">${option('', say('any'), filter.stage)}${APPEAL_STAGES.map((stage) => option(stage, stateWord(viewer.lang, 'appeal', stage), filter.stage))}</select></label>
<label>${say('delivery')} <select name="delivery">${option('', say('any'), filter.delivery)}${DELIVERY_STATES.map((state) => option(state, stateWord(viewer.lang, 'delivery', state), filter.delivery))}</select></label>
<label>${say('term')} <select name="term">${option('', say('anyTerm'), filter.term)}${TERM_RISKS.map((term) => option(term, say(term), filter.term))}</select></label>
<label>${say('from')} <input type="date" name="from" value="${filter.from}"></label>
<label>${say('to')} <input type="date" name="to" value="${filter.to}"></label>
<button>${say('find')}</button>
${Object.keys(filter).length > 0 && html`<a class="button quiet" href="/appeals">${say('clear')}</a>`}
</form>`;
}

function table(viewer: Viewer, rows: readonly AppealLine[], say: Words): Markup {
  return html`<div class="table"><table class="rows">
<caption>${say('caption', { count: rows.length })}</caption>
<thead><tr><th scope="col">${say('number')}</th><th scope="col">${say('received')}</th><th scope="col">${say('cabinet')}</th><th scope="col">${say('state')}</th><th scope="col">${say('cardOf')}</th><th scope="col">${say('due')}</th></tr></thead>
<tbody>${rows.map((row) => line(viewer, row, say))}</tbody>
</table></div>`;
}

function line(viewer: Viewer, row: AppealLine, say: Words): Markup {
  const kind =
    row.kind === 'MESSAGE' ? say('message') : row.kind === 'APPEAL_59FZ' ? say('appeal') : row.kind;
  return html`<tr>
<th scope="row"><a href="/appeals/${row.id}">${row.posId}</a> <small>${kind}</small></th>
<td data-label="${say('received')}">${moment(viewer, row.receivedAt)}</td>
<td data-label="${say('cabinet')}">${row.cabinet}</td>
<td data-label="${say('state')}">${stateMark(viewer.lang, 'appeal', row.stage)} ${row.errorCode !== null && html`<small class="mono">${row.errorCode}</small>`}</td>
<td data-label="${say('cardOf')}">${cardOf(viewer, row, say)}</td>
<td data-label="${say('due')}">${dueOf(viewer, row, say)}</td>
</tr>`;
}

function cardOf(viewer: Viewer, row: AppealLine, say: Words): Markup {
  if (row.cardStage === null) return html`<span class="none">${say('noCard')}</span>`;
  if (row.cardNumber === null) return stateMark(viewer.lang, 'card', row.cardStage);
  const date = row.cardDate === null ? '' : `, ${day(row.cardDate)}`;
  const isSettled = row.cardStage === 'registered';
  return html`${row.cardNumber}${date}${!isSettled && html` ${stateMark(viewer.lang, 'card', row.cardStage)}`}`;
}

function dueOf(viewer: Viewer, row: AppealLine, say: Words): Markup {
  const isRunning = row.stage === 'open' || row.stage === 'attention' || row.stage === 'awaiting';
  if (row.answeredAt !== null) return html`<span class="mark good">${say('answered')}</span>`;
  const isLate = isRunning && row.answerAt !== null && row.answerAt.getTime() < Date.now();
  return html`${moment(viewer, row.answerAt)}${isLate && html` <span class="mark bad">${say('late')}</span>`}`;
}

function nothing(filter: AppealFilter, names: readonly string[], say: Words): Markup {
  if (Object.keys(filter).length === 0) {
    return html`<p class="empty"><b>${say('empty')}</b><br>${say('emptyHint')}</p>`;
  }
  const { cabinet } = filter;
  const isUnknown = cabinet !== undefined && !names.includes(cabinet) && !/^\d+$/.test(cabinet);
  const hint = isUnknown ? say('unknownCabinet', { name: cabinet }) : say('noneHint');
  return html`<p class="empty"><b>${say('none')}</b><br>${hint}</p>`;
}

function pager(
  viewer: Viewer,
  filter: AppealFilter,
  page: AppealPage,
  isLater: boolean,
  say: Words,
): Markup | undefined {
  if (page.next === undefined && !isLater) return undefined;
  const { scannedTo, next } = page;
  return html`${scannedTo !== undefined && html`<p class="notice" role="status">${scannedWords(viewer, scannedTo, page.rows.length, say)}</p>`}
<p class="pager">${isLater && html`<a href="${addressOf(filter)}">${say('first')}</a>`}
${next !== undefined && html`<a class="button" rel="next" href="${addressOf(filter, next)}">${scannedTo === undefined ? say('next') : say('goOn')}</a>`}</p>`;
}

function scannedWords(viewer: Viewer, scannedTo: Date, count: number, say: Words): string {
  const date = new Intl.DateTimeFormat('ru', { dateStyle: 'short', timeZone: viewer.timeZone });
  return say('scanned', { date: date.format(scannedTo), count });
}
