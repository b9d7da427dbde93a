import { stemOf } from '../../../rubrics/codes.ts';
import { nameKey } from '../../../rubrics/names.ts';
import { explainUnmapped, type UnmappedCode, type WaitingCode } from '../../../rubrics/unmapped.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import type { Slow } from '../showcase/slow.ts';
import { csrfField, type SayRubrics, tabs } from './parts.ts';
import { pickButtons } from './suggestions.ts';
import { WORDS } from './words.ts';
import type { RubricView } from './world.ts';

const PAGE = 25;
/** A page waits so long for the cards to be counted, ms. */
const PATIENCE_MS = 150;

/** `/rubrics/unmapped`: codes without a category, those with most waiting cards first, each with its likeliest three. */
export async function unmappedPage(
  waiting: Slow<readonly WaitingCode[]>,
  view: RubricView,
  { viewer, query, url }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const filter = filterOf(query);
  const known = await waiting.read('', PATIENCE_MS);
  const list = explainUnmapped(view, known?.value ?? [], { all: filter.all });
  const found = list.filter((code) => fits(code, filter.word));
  const shown = found.slice(filter.from, filter.from + PAGE);
  const ready = list.filter(({ reason }) => reason === 'rule-made').length;
  const canMap = may(viewer.role, 'operator');
  const body = html`${tabs(viewer, 'unmapped')}
${ready > 0 && readyNotice(viewer, ready, say)}${filterForm(filter, say)}
${known === undefined && html`<p class="notice">${say('counting')}</p>`}
${shown.length === 0 ? known !== undefined && empty(list.length > 0, say) : table(viewer, view, shown, found.length, canMap, say)}
${canMap && forms(viewer, url, say)}
<p class="pager">${filter.from > 0 && html`<a href="${addressOf({ ...filter, from: 0 })}">${say('first')}</a>`}
${found.length > filter.from + PAGE && html`<a class="button quiet" rel="next" href="${addressOf({ ...filter, from: filter.from + PAGE })}">${say('next')}</a>`}</p>`;
  return { title: say('unmapped'), body };
}

interface Filter {
  readonly all: boolean;
  readonly word: string;
  readonly from: number;
}

function filterOf(query: URLSearchParams): Filter {
  const from = query.get('from') ?? '';
  return {
    all: query.get('all') === '1',
    word: (query.get('word') ?? '').trim().slice(0, 100),
    from: /^\d{1,5}$/.test(from) ? Number(from) : 0,
  };
}

function addressOf({ all, word, from }: Filter): string {
  const query = new URLSearchParams({
    ...(all ? { all: '1' } : {}),
    ...(word === '' ? {} : { word }),
    ...(from === 0 ? {} : { from: String(from) }),
  }).toString();
  return query === '' ? '/rubrics/unmapped' : `/rubrics/unmapped?${query}`;
}

function fits({ code, name = '' }: UnmappedCode, word: string): boolean {
  return word === '' || code.startsWith(word) || nameKey(name).includes(nameKey(word));
}

function filterForm({ all, word }: Filter, say: SayRubrics): Markup {
  return html`<form method="get" action="/rubrics/unmapped" class="row card" role="search">
<label>${say('word')} <input name="word" value="${word}" autocomplete="off"></label>
<label>${say('which')} <select name="all"><option value="">${say('onlyWaiting')}</option><option value="1" ${all && html`selected`}>${say('withAll')}</option></select></label>
<button>${say('show')}</button></form>`;
}

function empty(isFiltered: boolean, say: SayRubrics): Markup {
  if (isFiltered) return html`<p class="empty">${say('noneFound')}</p>`;
  return html`<p class="empty"><b>${say('noneWaits')}</b><br>${say('noneWaitsHint')}</p>`;
}

function readyNotice(viewer: Viewer, count: number, say: SayRubrics): Markup {
  const run =
    may(viewer.role, 'operator') &&
    html`<form method="post" action="/showcase/run">${csrfField(viewer)}<input type="hidden" name="why" value="${say('ruleMade')}"><input type="hidden" name="back" value="/rubrics/unmapped"><button>${say('runNow')}</button></form>`;
  return html`<div class="notice good"><p>${say('readyHint', { count })}</p>${run}</div>`;
}

function table(
  viewer: Viewer,
  view: RubricView,
  rows: readonly UnmappedCode[],
  count: number,
  canMap: boolean,
  say: SayRubrics,
): Markup {
  const lines = rows.map((row) => line(viewer, view, row, canMap, say));
  const all =
    canMap &&
    html`<label class="inline" hidden><input type="checkbox" form="many" data-all="code"><span class="visually-hidden">${say('all')}</span></label>`;
  return html`<div class="table"><table class="rows"><caption>${say('count', { count })}${canMap && `. ${say('pickHint')}`}</caption>
<thead><tr>${canMap && html`<th scope="col">${all}</th>`}<th scope="col">${say('code')}</th><th scope="col" class="number">${say('cards')}</th><th scope="col">${say('since')}</th><th scope="col">${say('reason')}</th><th scope="col">${say('suggestions')}</th></tr></thead>
<tbody>${lines}</tbody></table></div>`;
}

function line(viewer: Viewer, view: RubricView, row: UnmappedCode, canMap: boolean, say: SayRubrics): Markup {
  const { code, name, cards, since, reason } = row;
  const known = view.byCode.has(code);
  const isOpen = reason !== 'rule-made';
  const box =
    canMap &&
    html`<td>${known && isOpen && html`<label class="inline"><input type="checkbox" form="many" name="code" value="${code}"><span class="visually-hidden">${say('select')} ${code}</span></label>`}</td>`;
  return html`<tr>${box}<th scope="row"><a class="mono" href="/rubrics/code/${encodeURIComponent(code)}">${known ? stemOf(code) : code}</a><br>${name ?? html`<span class="none">${say('notInClassifier')}</span>`}</th>
<td class="number" data-label="${say('cards')}">${cards}</td>
<td data-label="${say('since')}">${moment(viewer, since)}</td>
<td data-label="${say('reason')}">${reasonMark(reason, say)}</td>
<td data-label="${say('suggestions')}">${pickButtons(isOpen ? view.suggest(code).slice(0, 3) : [], code, canMap, say)}</td></tr>`;
}

function reasonMark(reason: UnmappedCode['reason'], say: SayRubrics): Markup {
  if (reason === 'rule-made') return html`<span class="mark good">${say('ruleMade')}</span>`;
  if (reason === 'category-unknown') return html`<span class="mark warn">${say('categoryUnknown')}</span>`;
  return html`<span class="mark bad">${say('noRule')}</span>`;
}

/** The table's buttons and boxes belong to these: a form around rows could not hold another, and Enter would press the first. */
function forms(viewer: Viewer, url: string, say: SayRubrics): Markup {
  return html`<form method="post" action="/rubrics/pick" id="pick">${csrfField(viewer)}<input type="hidden" name="back" value="${url}"></form>
<form method="get" action="/rubrics/map" id="many"><button>${say('mapChosen')}</button></form>`;
}
