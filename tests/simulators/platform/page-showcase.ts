import { SUBJECTS } from './classifier.ts';
import { dayTime, html, type Markup, pageReply } from './html.ts';
import type { Reply } from './reply.ts';
import type { Upload, UploadState, WireRecord } from './showcase-types.ts';
import type { Cabinet, PlatformState } from './state.ts';

const PER_PAGE = 100;

const STATE_TEXTS: Record<string, string> = {
  NEW: 'Новое',
  IN_WORK: 'В работе',
  ANSWERED: 'Дан ответ',
  POSTPONED: 'Отложено',
  FORWARDED: 'Перенаправлено',
};

const UPLOAD_TEXTS: Record<UploadState, { readonly word: string; readonly tone: string }> = {
  RECEIVED: { word: 'Принят', tone: 'fresh' },
  PARSING: { word: 'Разбирается', tone: 'work' },
  DONE: { word: 'Разобран', tone: 'good' },
  REFUSED: { word: 'Отклонён', tone: 'bad' },
};

function text(record: WireRecord, name: string): string {
  const value = record[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function categoryWords(record: WireRecord): string {
  const subject = SUBJECTS.find((one) => one.id === record['subjectId']);
  const child = subject?.children.find((one) => one.id === record['subsubjectId']);
  const names = [subject?.name ?? text(record, 'subjectId'), child?.name ?? text(record, 'subsubjectId')];
  return names.filter((name) => name !== '').join(' / ');
}

function recordItem(record: WireRecord): Markup {
  const state = text(record, 'state');
  return html`<li class="item"><span class="item-head"><b>№ ${text(record, 'regNumber')}</b> <span class="badge ${
    state === 'ANSWERED' ? 'good' : 'work'
  }">${STATE_TEXTS[state] ?? state}</span>${
    record['overdue'] === true ? html` <span class="badge bad">Просрочено</span>` : undefined
  }${record['repeated'] === true ? html` <span class="badge bad">Повторно</span>` : undefined}</span>
<span class="item-text">${categoryWords(record)}</span>
<span class="item-meta">Вопрос ${text(record, 'questionNo')} из ${text(record, 'questionsTotal')} · ${text(
    record,
    'otkCode',
  )} · От ${dayTime(text(record, 'regDate'))} · Срок ${dayTime(text(record, 'dueDate') || undefined)}</span></li>`;
}

function uploadItem(upload: Upload): Markup {
  const { word, tone } = UPLOAD_TEXTS[upload.state];
  return html`<li class="item"><span class="item-head"><b>${upload.id}</b> <span class="badge ${tone}">${word}</span></span>
<span class="item-meta">${dayTime(upload.receivedAt)} · записей: ${upload.records.length} · принято: ${
    upload.accepted
  } · отклонено: ${upload.rejected}</span></li>`;
}

function cabinetBlock(cabinet: Cabinet, page: number, whole: boolean): Markup {
  const all = [...cabinet.showcase.shown.values()];
  const uploads = [...cabinet.showcase.uploads.values()].reverse().slice(0, 10);
  const shown = all.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
  const pages = Math.ceil(all.length / PER_PAGE);
  const self = `/showcase?cabinet=${encodeURIComponent(cabinet.opaId)}`;
  return html`<section><h2>${cabinet.name}</h2>
<p class="note">Кабинет ${cabinet.opaId} · записей на витрине: ${all.length} · файлов: ${cabinet.showcase.uploads.size}</p>
${uploads.length === 0 ? undefined : html`<h3>Загрузки</h3><ul class="items">${uploads.map(uploadItem)}</ul>`}
${all.length === 0 ? html`<p class="empty">Записей пока нет.</p>` : html`<h3>Записи</h3><ul class="items">${shown.map(recordItem)}</ul>`}
${!whole && pages > 1 ? html`<p><a href="${self}">Все записи кабинета</a></p>` : undefined}
${
  whole && pages > 1
    ? html`<p class="pager">${page > 0 ? html`<a href="${self}&amp;page=${page - 1}">Назад</a>` : undefined} Страница ${
        page + 1
      } из ${pages} ${page + 1 < pages ? html`<a href="${self}&amp;page=${page + 1}">Дальше</a>` : undefined}</p>`
    : undefined
}</section>`;
}

/** `/showcase`: what the showcase shows of each organisation; `?cabinet=&page=`: all of one. */
export function showcasePage(state: PlatformState, query: URLSearchParams): Reply {
  const one = state.cabinets.get(query.get('cabinet') ?? '');
  const asked = Number(query.get('page') ?? '0');
  const page = one !== undefined && Number.isInteger(asked) && asked > 0 ? asked : 0;
  const cabinets = one === undefined ? [...state.cabinets.values()] : [one];
  return pageReply(
    'Витрина данных',
    html`<h1>Витрина данных</h1><p class="note">Что увидит витрина: принятые записи, каждая в новейшем виде.</p>${cabinets.map(
      (cabinet) => cabinetBlock(cabinet, page, one !== undefined),
    )}`,
    { refresh: 5 },
  );
}
