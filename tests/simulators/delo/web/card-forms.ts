import type { Card } from '../types.ts';
import { escapeHtml } from './layout.ts';

interface FormShape {
  readonly action: string;
  readonly title: string;
  readonly button: string;
  readonly fields: string;
  readonly withFile?: boolean;
}

function form(card: Card, shape: FormShape): string {
  const encoding = shape.withFile ? ' enctype="multipart/form-data"' : '';
  return `<section class="panel"><h2>${shape.title}</h2><form class="stack" method="post" action="/cards/${card.id}/${shape.action}"${encoding}>${shape.fields}<button>${shape.button}</button></form></section>`;
}

function registeredForms(card: Card, organizations: readonly string[]): string {
  const offers = organizations.map((name) => `<option value="${escapeHtml(name)}">`).join('');
  const first = escapeHtml(organizations[0] ?? '');
  const deadline = escapeHtml(card.deadline ?? '');
  return [
    form(card, {
      action: 'resolve',
      title: 'Резолюция',
      button: 'Наложить резолюцию',
      fields: `<label>Исполнитель<input name="executor" required value="Соколов С.С."></label><label>Должность<input name="post" value="Начальник отдела"></label><label>Текст<textarea name="text" required>Прошу рассмотреть и подготовить ответ.</textarea></label><label>Срок<input name="term" type="date"></label><label class="check"><input name="project" type="checkbox" value="1">Проект резолюции</label><label class="check"><input name="private" type="checkbox" value="1">Личная</label>`,
    }),
    form(card, {
      action: 'redirect',
      title: 'Перенаправление',
      button: 'Перенаправить',
      fields: `<label>Организация<input name="organization" required list="organizations" value="${first}"></label><datalist id="organizations">${offers}</datalist><label>Вид отправки<select name="type"><option>СЭВ</option><option>Почта</option><option>МЭДО</option></select></label>`,
    }),
    form(card, {
      action: 'move-term',
      title: 'Срок',
      button: 'Изменить срок',
      fields: `<label>Новый срок<input name="date" type="date" required value="${deadline}"></label><label>Причина продления<input name="reason"></label>`,
    }),
    form(card, {
      action: 'answer',
      title: 'Ответ заявителю',
      button: 'Отправить ответ',
      withFile: true,
      fields:
        '<label>Текст<textarea name="text"></textarea></label><label>Подписал<input name="signer" value="Никитин Н.Н."></label><label>Должность<input name="signerPost" value="Глава администрации"></label><label>Файл (необязательно)<input name="file" type="file"></label>',
    }),
  ].join('');
}

/** The forms for one card: what can be done depends on whether it is registered. */
export function cardForms(card: Card, organizations: readonly string[] = []): string {
  if (card.state === 'registered') return registeredForms(card, organizations);
  return [
    form(card, { action: 'register', title: 'Регистрация', button: 'Зарегистрировать', fields: '' }),
    form(card, {
      action: 'refuse',
      title: 'Отказ',
      button: 'Отказать',
      fields:
        '<label>Код<input name="code" type="number" required value="39"></label><label>Причина<input name="text" required value="Не указан автор документа"></label>',
    }),
  ].join('');
}
