import type { Answer, Card, CardFile, Resolution } from '../types.ts';
import { cardForms } from './card-forms.ts';
import { dayText, escapeHtml, layout, momentText } from './layout.ts';

function pairs(rows: readonly (readonly [string, string])[]): string {
  return `<dl>${rows.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd class="text">${value}</dd>`).join('')}</dl>`;
}

function panel(title: string, content: string): string {
  return content === '' ? '' : `<section class="panel"><h2>${title}</h2>${content}</section>`;
}

function list(items: readonly string[]): string {
  return items.length === 0
    ? ''
    : `<ul class="plain">${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;
}

function sizeText(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString('ru')} КБ`;
}

function fileItem(card: Card, file: CardFile, index: number): string {
  const name = escapeHtml(file.name);
  const label = file.path === undefined ? name : `<a href="/cards/${card.id}/files/${index}">${name}</a>`;
  return `${label} <span class="soft">${sizeText(file.size)}</span>`;
}

function resolutionItem(resolution: Resolution): string {
  const executors = resolution.executors
    .map(({ fio, post, responsible, report }) => {
      const role = responsible ? ' (ответственный)' : '';
      const done = report
        ? `<br><span class="soft">Отчёт от ${momentText(report.at)}: ${escapeHtml(report.text)}</span>`
        : '';
      return `${escapeHtml(fio)}${post ? `, ${escapeHtml(post)}` : ''}${role}${done}`;
    })
    .join('<br>');
  const flags = [
    resolution.project ? 'проект' : '',
    resolution.private ? 'личная' : '',
    resolution.parent ? `подрезолюция к ${escapeHtml(resolution.parent)}` : '',
  ].filter((flag) => flag !== '');
  const suffix = flags.length > 0 ? ` <span class="soft">(${flags.join(', ')})</span>` : '';
  const term = resolution.term ? `<br>Срок: ${dayText(resolution.term)}` : '';
  return `<strong>${escapeHtml(resolution.author.fio)}</strong>, ${momentText(resolution.at)}${suffix}<br><span class="text">${escapeHtml(resolution.text)}</span><br>${executors}${term}`;
}

function answerItem(card: Card, answer: Answer, index: number): string {
  const files = answer.files
    .map(({ name }, file) => `<a href="/cards/${card.id}/answers/${index}/${file}">${escapeHtml(name)}</a>`)
    .join(', ');
  const partner = answer.partner.map(
    ({ type, number, code, text }) =>
      `${escapeHtml(type)}${number ? ` № ${escapeHtml(number)}` : ''}${code === undefined ? '' : ` ${code}: ${escapeHtml(text ?? '')}`}`,
  );
  const told = partner.length === 0 ? 'пока ничего' : partner.join('; ');
  return `<strong>№ ${escapeHtml(answer.number)} от ${dayText(answer.date)}</strong>, ${escapeHtml(answer.signer.fio)}<br><span class="text">${escapeHtml(answer.text ?? '')}</span>${files && `<br>Файлы: ${files}`}<br><span class="soft">Посредник ответил: ${told}</span>`;
}

function requisites(card: Card): string {
  const contacts = card.author.contacts.map(({ value }) => escapeHtml(value)).join(', ');
  const rows: (readonly [string, string])[] = [
    [
      'Номер и дата РК',
      card.number ? `${escapeHtml(card.number)} от ${dayText(card.date)}` : 'не зарегистрирована',
    ],
    ['Номер ПОС', `${escapeHtml(card.posId)} от ${dayText(card.posDate)}`],
    ['Автор', escapeHtml(card.author.name)],
    ['Адрес', escapeHtml(card.author.address ?? '—')],
    ['Связь', contacts || '—'],
    ['Группа документов', escapeHtml(card.group || 'Обращения граждан')],
    ['Картотека', escapeHtml(card.channel)],
    ['Рубрики', card.rubrics.map(({ name }) => escapeHtml(name)).join('<br>') || '—'],
    ['Срок', dayText(card.deadline)],
    ['Примечание', escapeHtml(card.note ?? '—')],
    ['Поступила', momentText(card.takenAt)],
  ];
  return pairs(rows);
}

/** One card, whole, with the forms of what a clerk can do with it. */
export function cardPage(card: Card, today: string, organizations: readonly string[] = []): string {
  const title = card.number === undefined ? `Обращение ${card.posId}` : `РК ${card.number}`;
  const late = card.deadline !== undefined && card.deadline < today && card.answers.length === 0;
  const additions = card.additions.map(
    ({ at, annotation, note, files }) =>
      `${momentText(at)}<br><span class="text">${escapeHtml([annotation, note].filter((part) => part !== undefined).join('\n'))}</span>${files.length > 0 ? `<br>Файлов: ${files.length}` : ''}`,
  );
  const fields = Object.entries(card.fields).map(([name, value]) => [name, escapeHtml(value)] as const);
  const left = [
    panel('Реквизиты', requisites(card)),
    panel('Краткое содержание', `<div class="text">${escapeHtml(card.annotation)}</div>`),
    panel('Дополнительные реквизиты', fields.length > 0 ? pairs(fields) : ''),
    panel('Файлы', list(card.files.map((file, index) => fileItem(card, file, index)))),
    panel(
      'Связки',
      list(
        card.links.map(
          ({ type, number, date }) => `${escapeHtml(type)}: № ${escapeHtml(number)} от ${dayText(date)}`,
        ),
      ),
    ),
    panel('Дополнения', list(additions)),
    panel('Резолюции', list(card.resolutions.map(resolutionItem))),
    panel(
      'Перенаправления',
      list(
        card.redirections.map(
          ({ organization, type, at }) =>
            `${escapeHtml(organization)}, ${escapeHtml(type)}, ${momentText(at)}`,
        ),
      ),
    ),
    panel('Ответы', list(card.answers.map((answer, index) => answerItem(card, answer, index)))),
  ];
  const warning = late ? `<p class="late">Срок ${dayText(card.deadline)} прошёл, ответа нет.</p>` : '';
  return layout(
    title,
    `<p><a href="/">← Все карточки</a></p><h1>${escapeHtml(title)}</h1>${warning}<div class="columns"><div>${left.join('')}</div><div>${cardForms(card, organizations)}</div></div>`,
  );
}
