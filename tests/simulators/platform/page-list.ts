import { dayTime, html, type Markup, pageReply } from './html.ts';
import type { Reply } from './reply.ts';
import type { Cabinet, PlatformState, StoredAppeal } from './state.ts';
import { changeText, sourceText } from './words.ts';

const PER_PAGE = 50;

/** The colour group of a status. */
export function tone(appeal: StoredAppeal): string {
  if (appeal.withdrawn) return 'muted';
  const { status } = appeal.wire;
  if (status === 'SEND_RESPONSE') return 'good';
  if (status === 'MODERATION_DECLINE' || status === 'RETURN') return 'bad';
  if (status.startsWith('FORWARD_')) return 'muted';
  return status.startsWith('MODERATION_') ? 'fresh' : 'work';
}

export function badges(appeal: StoredAppeal): Markup {
  const { wire } = appeal;
  const shown = appeal.withdrawn ? changeText('WITHDRAWN') : wire.statusText;
  return html`<span class="badge ${tone(appeal)}">${shown}</span>${
    wire.fastTrack ? html` <span class="badge fast">Фаст-трек</span>` : undefined
  }${wire.kind === 'APPEAL_59FZ' ? html` <span class="badge muted">59-ФЗ</span>` : undefined}${
    appeal.repetition > 0 ? html` <span class="badge bad">Повторно</span>` : undefined
  }`;
}

/** «Category / sub-category», as far as the appeal has them. */
export function categoryText(wire: Pick<StoredAppeal['wire'], 'subjectName' | 'subsubjectName'>): string {
  return [wire.subjectName, wire.subsubjectName].filter(Boolean).join(' / ') || '—';
}

function row(cabinet: Cabinet, appeal: StoredAppeal): Markup {
  const { wire } = appeal;
  return html`<li class="item"><a class="item-link" href="/appeals/${cabinet.opaId}/${wire.posId}">
<span class="item-head"><b>№ ${wire.posId}</b> ${badges(appeal)}</span>
<span class="item-text">${categoryText(wire)}</span>
<span class="item-meta">Поступило ${dayTime(wire.receivedAt)} · Срок ответа ${dayTime(wire.answerAt)} · ${sourceText(
    wire.source ?? '',
  )}</span></a></li>`;
}

function cabinetBlock(cabinet: Cabinet, page: number, whole: boolean): Markup {
  const all = [...cabinet.appeals.values()].reverse();
  const shown = all.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
  const pages = Math.ceil(all.length / PER_PAGE);
  const self = `/?cabinet=${encodeURIComponent(cabinet.opaId)}`;
  return html`<section><h2>${cabinet.name}</h2>
<p class="note">Кабинет ${cabinet.opaId} · обращений: ${all.length}${cabinet.ready ? '' : ' · кабинет не готов к работе'}</p>
${all.length === 0 ? html`<p class="empty">Обращений пока нет.</p>` : html`<ul class="items">${shown.map((a) => row(cabinet, a))}</ul>`}
${!whole && pages > 1 ? html`<p><a href="${self}">Все обращения кабинета</a></p>` : undefined}
${
  whole && pages > 1
    ? html`<p class="pager">${page > 0 ? html`<a href="${self}&amp;page=${page - 1}">Новее</a>` : undefined} Страница ${
        page + 1
      } из ${pages} ${page + 1 < pages ? html`<a href="${self}&amp;page=${page + 1}">Старше</a>` : undefined}</p>`
    : undefined
}</section>`;
}

/** `/`: the newest appeals of every cabinet; `?cabinet=&page=`: all of one. */
export function listPage(state: PlatformState, query: URLSearchParams): Reply {
  const one = state.cabinets.get(query.get('cabinet') ?? '');
  const asked = Number(query.get('page') ?? '0');
  const page = one !== undefined && Number.isInteger(asked) && asked > 0 ? asked : 0;
  const cabinets = one === undefined ? [...state.cabinets.values()] : [one];
  const empty = cabinets.length === 0 ? html`<p class="empty">Кабинетов пока нет.</p>` : undefined;
  return pageReply(
    'Обращения',
    html`<h1>Обращения граждан</h1>${empty}${cabinets.map((c) => cabinetBlock(c, page, one !== undefined))}`,
    { refresh: 5 },
  );
}
