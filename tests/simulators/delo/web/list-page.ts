import type { DeloCore } from '../simulator.ts';
import type { Card } from '../types.ts';
import { dayText, escapeHtml, layout } from './layout.ts';

const PAGE_SIZE = 50;
const REFRESH_SECONDS = 3;
const ANNOTATION_LENGTH = 160;

function shorten(text: string): string {
  return text.length > ANNOTATION_LENGTH ? `${text.slice(0, ANNOTATION_LENGTH).toWellFormed()}…` : text;
}

function matches(card: Card, query: string): boolean {
  return [card.number ?? '', card.posId, card.author.name].some((value) =>
    value.toLocaleLowerCase('ru').includes(query),
  );
}

function row(card: Card): string {
  const number = card.number ?? 'не зарегистрирована';
  const cell = (label: string, content: string, css = '') =>
    `<td data-label="${label}"${css && ` class="${css}"`}><span>${content}</span></td>`;
  return `<tr>${cell('№ РК', `<a href="/cards/${card.id}">${escapeHtml(number)}</a>`)}${cell(
    'Дата',
    dayText(card.date),
    'nowrap',
  )}${cell('Номер ПОС', escapeHtml(card.posId))}${cell('Автор', escapeHtml(card.author.name))}${cell(
    'Содержание',
    escapeHtml(shorten(card.annotation)),
  )}${cell('Срок', dayText(card.deadline), 'nowrap')}${cell(
    'Группа',
    `${escapeHtml(card.group || 'Обращения граждан')}<br><span class="soft">картотека «${escapeHtml(card.channel)}»</span>`,
  )}</tr>`;
}

function pager(page: number, pages: number, query: string): string {
  if (pages < 2) return '';
  const link = (target: number, label: string) =>
    `<a href="/?page=${target}${query && `&amp;q=${encodeURIComponent(query)}`}">${label}</a>`;
  const back = page > 1 ? link(page - 1, '← Новее') : '';
  const forth = page < pages ? link(page + 1, 'Старше →') : '';
  return `<nav class="bar" aria-label="Страницы">${back}<span>Страница ${page} из ${pages}</span>${forth}</nav>`;
}

/** A page that looks again by itself would wipe what one types: the form has a page that does not. */
function searchPart(asks: boolean, query: string): string {
  if (!asks) return '<a href="/?q=">Поиск</a>';
  return `<form class="search" method="get" action="/" role="search"><label>Номер РК, номер ПОС или автор<input name="q" type="search" value="${escapeHtml(query)}"></label><button>Найти</button></form><a href="/">Все карточки</a>`;
}

/** The list of cards, newest first. */
export function listPage(core: DeloCore, url: URL): string {
  const asks = url.searchParams.has('q');
  const query = (url.searchParams.get('q') ?? '').trim().toWellFormed();
  const wanted = query.toLocaleLowerCase('ru');
  const all = core.cards();
  const found = (query === '' ? all : all.filter((card) => matches(card, wanted))).reverse();
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
  const asked = Number(url.searchParams.get('page') ?? '1');
  const page = Math.min(pages, Math.max(1, Number.isInteger(asked) ? asked : 1));
  const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  const { counters, doubles, complaints } = core;
  const body = `<h1>Обращения граждан</h1>
<div class="bar">${searchPart(asks, query)}
<span>Карточек: ${all.length}</span><span>Отказано: ${counters.refusals}</span><span>Повторов: ${doubles}</span><span>Замечаний к формату: ${complaints.length}</span></div>
${
  shown.length === 0
    ? '<p class="panel">Карточек пока нет.</p>'
    : `<table class="cards"><thead><tr><th scope="col">№ РК</th><th scope="col">Дата</th><th scope="col">Номер ПОС</th><th scope="col">Автор</th><th scope="col">Краткое содержание</th><th scope="col">Срок</th><th scope="col">Группа</th></tr></thead><tbody>${shown.map(row).join('')}</tbody></table>`
}
${pager(page, pages, query)}`;
  // Someone who searches or leafs is reading: only the first page looks again by itself.
  return layout('Карточки', body, !asks && page === 1 ? REFRESH_SECONDS : undefined);
}
