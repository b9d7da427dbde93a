import { dayTime, html, type Markup, pageReply, sizeText } from './html.ts';
import { badges, categoryText } from './page-list.ts';
import type { Reply } from './reply.ts';
import type { Cabinet, StoredAppeal } from './state.ts';
import type { HistoryEntry, Person, WireAppeal } from './types.ts';
import { answerText, sourceText } from './words.ts';

function fullName(person: Partial<Person>): string {
  return [person.surname, person.name, person.patronymic].filter(Boolean).join(' ');
}

function applicantText(wire: WireAppeal): string {
  const { applicant } = wire;
  const name = fullName(applicant ?? {});
  const organization = applicant?.organization?.name;
  if (organization) return name === '' ? organization : `${organization} (${name})`;
  return name === '' ? 'Без указания имени' : name;
}

function placeText(wire: WireAppeal): string {
  if (typeof wire.location === 'string') return wire.location;
  return wire.location?.address ?? '—';
}

function fileLink(cabinet: Cabinet, fileId: string): Markup {
  const file = cabinet.files.get(fileId);
  if (file === undefined) return html`<li>Файл ${fileId} удалён</li>`;
  return html`<li><a href="/files/${cabinet.opaId}/${fileId}">${file.name}</a> <span class="note">${sizeText(file.bytes.length)}</span></li>`;
}

function fileList(cabinet: Cabinet, ids: readonly string[]): Markup | undefined {
  return ids.length === 0
    ? undefined
    : html`<ul class="files">${ids.map((id) => fileLink(cabinet, id))}</ul>`;
}

function entryFacts(entry: HistoryEntry): string[] {
  const { internal, createdBy } = entry;
  const facts: string[] = [];
  if (internal?.card?.number) facts.push(`РК № ${internal.card.number} от ${dayTime(internal.card.date)}`);
  if (internal?.executor) facts.push(`Исполнитель: ${fullName(internal.executor)}`);
  if (internal?.postponedTo) facts.push(`Новый срок: ${dayTime(internal.postponedTo)}`);
  if (internal?.forwardTo) facts.push(`Передано: ${internal.forwardTo}`);
  if (internal?.reason) facts.push(`Причина: ${internal.reason}`);
  if (internal?.number) facts.push(`Ответ № ${internal.number} от ${dayTime(internal.date)}`);
  if (createdBy)
    facts.push(`Подписал: ${[fullName(createdBy), createdBy.position].filter(Boolean).join(', ')}`);
  return facts;
}

function historyItem(cabinet: Cabinet, entry: HistoryEntry): Markup {
  const { answer } = entry;
  return html`<li><b>${entry.statusText}</b> <time class="note">${dayTime(entry.createdAt)}</time>
${entryFacts(entry).map((fact) => html`<div class="note">${fact}</div>`)}
${entry.comment === undefined ? undefined : html`<div class="text">${entry.comment}</div>`}
${
  answer === undefined
    ? undefined
    : html`<div class="answer"><b>${answerText(answer.answerType)}</b>${
        answer.rejectReason === undefined ? undefined : html`: ${answer.rejectReason.name}`
      }<div class="text">${answer.comment ?? ''}</div>${fileList(cabinet, answer.fileIds ?? [])}</div>`
}</li>`;
}

function markButtons(self: string): Markup {
  const buttons = [1, 2, 3, 4, 5].map(
    (mark) => html`<button name="mark" value="${mark}" aria-label="Оценка ${mark} из 5">${mark}</button>`,
  );
  return html`<form class="marks" method="post" action="${self}/rate"><p>Оцените ответ (1 и 2 вернут обращение на повторное рассмотрение):</p>${buttons}</form>`;
}

/** `/appeals/{opaId}/{posId}`: text, files, and everything that happened. */
export function appealPage(cabinet: Cabinet, appeal: StoredAppeal): Reply {
  const { wire } = appeal;
  const self = `/appeals/${cabinet.opaId}/${wire.posId}`;
  const rated = wire.rating ? html`<p>Оценка заявителя: <b>${wire.rating}</b></p>` : undefined;
  const canRate = wire.status === 'SEND_RESPONSE' && wire.change !== 'RATED' && !appeal.withdrawn;
  const body = html`<p><a href="/">← Все обращения</a></p>
<h1>Обращение №&nbsp;${wire.posId}</h1><p>${badges(appeal)}</p>
<dl class="facts"><dt>Организация</dt><dd>${cabinet.name}</dd><dt>Категория</dt><dd>${categoryText(wire)}</dd>
<dt>Заявитель</dt><dd>${applicantText(wire)}</dd><dt>Адрес проблемы</dt><dd>${placeText(wire)}</dd>
<dt>Канал</dt><dd>${sourceText(wire.source ?? '')}</dd><dt>Поступило</dt><dd>${dayTime(wire.receivedAt)}</dd>
<dt>Срок ответа</dt><dd>${dayTime(wire.answerAt)}</dd>${
    wire.repeatOf
      ? html`<dt>Повторное к</dt><dd><a href="/appeals/${cabinet.opaId}/${wire.repeatOf}">№ ${wire.repeatOf}</a></dd>`
      : undefined
  }${wire.withdrawnReason ? html`<dt>Отозвано</dt><dd>${wire.withdrawnReason}</dd>` : undefined}</dl>
<section><h2>Текст</h2><div class="text">${wire.description ?? ''}</div>${fileList(
    cabinet,
    (wire.attachments ?? []).map((file) => file.fileId),
  )}</section>
<section><h2>Что сделано</h2><ol class="history">${appeal.history.map((entry) => historyItem(cabinet, entry))}</ol></section>
${rated}${canRate ? markButtons(self) : undefined}
${appeal.withdrawn ? undefined : html`<p><a class="button quiet" href="${self}/edit">Уточнить, перенести срок или отозвать</a></p>`}`;
  return pageReply(`Обращение № ${wire.posId}`, body, { refresh: 5 });
}
