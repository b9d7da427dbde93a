import { type CabinetHealth, isLate, rankOf, readCabinets } from '../../cabinet-rows.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { lengthOf } from '../../web/duration.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { stateMark } from '../../web/state-words.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { type CabinetCounters, MOST, readCounters } from './counters.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { CABINET_WORDS } from './words.ts';

export type CabinetSay = Say<keyof typeof CABINET_WORDS.ru>;

const SIZE = 50;
const SHOWN = ['blocked', 'paused', 'late', 'off'] as const;
type Shown = (typeof SHOWN)[number];

/** `/cabinets`: all of the settings in force, those that need a look first. */
export async function cabinetsPage(deps: ConsoleDeps, { viewer, query }: PageRequest): Promise<PageAnswer> {
  const say = speak(CABINET_WORDS, viewer.lang);
  const text = (query.get('q') ?? '').trim().slice(0, 100);
  const show = SHOWN.find((one) => one === query.get('show'));
  const all = (await readCabinets(deps.db, deps.cabinets()))
    .filter((cabinet) => fits(cabinet, text) && (show === undefined || isShown(cabinet, show)))
    .sort((a, b) => rankOf(a) - rankOf(b) || a.config.id.localeCompare(b.config.id, 'ru', { numeric: true }));
  const pages = Math.max(1, Math.ceil(all.length / SIZE));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(query.get('page'))) || 1));
  const cabinets = all.slice((page - 1) * SIZE, page * SIZE);
  const [counters, credentials] = await Promise.all([
    readCounters(
      deps.db,
      cabinets.map(({ config }) => config.opaId),
    ),
    Promise.all(cabinets.map(({ config }) => readCredentials(config))),
  ]);
  const address = (number: number) => {
    const asked = new URLSearchParams({
      ...(text === '' ? {} : { q: text }),
      ...(show === undefined ? {} : { show }),
      ...(number > 1 ? { page: String(number) } : {}),
    });
    return `/cabinets${asked.size === 0 ? '' : `?${asked}`}`;
  };
  const rows = cabinets.map((cabinet, index) =>
    row(viewer, cabinet, counters.get(cabinet.config.opaId), credentials[index], say),
  );
  const shown = { from: (page - 1) * SIZE + 1, to: (page - 1) * SIZE + cabinets.length, all: all.length };
  const body = html`${form(text, show, say)}
${cabinets.length === 0 ? empty(deps, say) : table(rows, say('shown', shown), say)}
<p class="pager">${page > 1 && html`<a rel="prev" href="${address(page - 1)}">${say('previous')}</a>`}
${page < pages && html`<a class="button" rel="next" href="${address(page + 1)}">${say('next')}</a>`}</p>`;
  return { title: say('title'), body };
}

function fits({ config }: CabinetHealth, text: string): boolean {
  const sought = text.toLocaleLowerCase('ru');
  return [config.id, config.name, config.opaId].some((value) =>
    value.toLocaleLowerCase('ru').includes(sought),
  );
}

function isShown(cabinet: CabinetHealth, show: Shown): boolean {
  if (show === 'late') return isLate(cabinet);
  return show === 'off' ? !cabinet.config.enabled : cabinet.state === show;
}

function form(text: string, show: Shown | undefined, say: CabinetSay): Markup {
  const option = (value: string, words: string) =>
    html`<option value="${value}" ${value === (show ?? '') ? html`selected` : undefined}>${words}</option>`;
  return html`<form method="get" action="/cabinets" class="row card" role="search" aria-label="${say('search')}">
<label>${say('query')} <input name="q" value="${text}"></label>
<label>${say('show')} <select name="show">${option('', say('any'))}${SHOWN.map((one) => option(one, say(one)))}</select></label>
<button>${say('find')}</button>${(text !== '' || show !== undefined) && html`<a class="button quiet" href="/cabinets">${say('clear')}</a>`}</form>`;
}

function empty(deps: ConsoleDeps, say: CabinetSay): Markup {
  return html`<p class="empty"><b>${say('none')}</b><br>${say('noneHint', { file: deps.loaded.config.cabinetsDir ?? deps.loaded.path })}</p>`;
}

function table(rows: readonly Markup[], caption: string, say: CabinetSay): Markup {
  return html`<div class="table" id="cabinets" data-refresh><table class="rows"><caption>${caption}</caption>
<thead><tr><th scope="col">${say('cabinet')}</th><th scope="col">${say('state')}</th><th scope="col">${say('polled')}</th><th scope="col" class="number">${say('lag')}</th><th scope="col" class="number">${say('today')}</th><th scope="col" class="number">${say('attention')}</th><th scope="col">${say('channel')}</th><th scope="col">${say('mode')}</th><th scope="col">${say('password')}</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** A bounded count: «больше 5000» when it is more. */
export function bounded(count: number | undefined, most: number, say: CabinetSay): string {
  return count === undefined ? '—' : count > most ? say('more', { count: most }) : String(count);
}

function row(
  viewer: Viewer,
  cabinet: CabinetHealth,
  counters: CabinetCounters | undefined,
  credentials: Credentials | undefined,
  say: CabinetSay,
): Markup {
  const { config } = cabinet;
  return html`<tr><th scope="row"><a href="/cabinets/${config.id}">${config.id}</a> <small>${config.name}</small></th>
<td data-label="${say('state')}">${stateOf(viewer, cabinet, say)}</td>
<td data-label="${say('polled')}">${moment(viewer, cabinet.polledAt)}</td>
<td class="number" data-label="${say('lag')}">${lengthOf(cabinet.lag, viewer.lang)}</td>
<td class="number" data-label="${say('today')}">${bounded(counters?.day, MOST, say)}</td>
<td class="number" data-label="${say('attention')}">${bounded(counters?.attention, 1000, say)}</td>
<td class="nowrap" data-label="${say('channel')}">${config.channel}</td>
<td data-label="${say('mode')}">${say(config.mode ?? 'live')}</td>
<td data-label="${say('password')}">${ageOf(viewer, credentials, say)}</td></tr>`;
}

/** State of a cabinet as marks: switched off and late are told too. */
export function stateOf(viewer: Viewer, cabinet: CabinetHealth, say: CabinetSay): Markup {
  if (!cabinet.config.enabled) return html`<span class="mark">${say('disabled')}</span>`;
  if (isLate(cabinet)) return html`<span class="mark warn">${say('isLate')}</span>`;
  return stateMark(viewer.lang, 'cabinet', cabinet.state);
}

function ageOf(viewer: Viewer, credentials: Credentials | undefined, say: CabinetSay): string {
  if (credentials === undefined || credentials.kind === 'variable') return say('fromVariable');
  if (credentials.since === undefined) return say('fileMissing');
  const age = lengthOf((Date.now() - credentials.since.getTime()) / 1000, viewer.lang);
  return say('fromFile', { age });
}
