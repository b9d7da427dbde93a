import { SUBJECTS } from './classifier.ts';
import { html, type Markup, pageReply } from './html.ts';
import type { Reply } from './reply.ts';
import type { Cabinet, PlatformState, StoredAppeal } from './state.ts';

function categoryGroups(): Markup[] {
  return SUBJECTS.map(
    (subject) =>
      html`<optgroup label="${subject.name}">${subject.children.map(
        (child) => html`<option value="${child.id}">${child.name}</option>`,
      )}</optgroup>`,
  );
}

/** `/new`: a citizen's form. `problem`: why the last try was refused. */
export function newPage(state: PlatformState, problem?: string): Reply {
  const cabinets = [...state.cabinets.values()].map(
    (cabinet) => html`<option value="${cabinet.opaId}">${cabinet.name}</option>`,
  );
  const body = html`<h1>Новое сообщение</h1>${
    problem === undefined ? undefined : html`<p class="problem" role="alert">${problem}</p>`
  }
<form class="form" method="post" action="/new" enctype="multipart/form-data">
<label>Куда <select name="cabinet" required>${cabinets}</select></label>
<label>Категория <select name="category" required>${categoryGroups()}</select></label>
<label>Что случилось <textarea name="text" rows="6" maxlength="4000" required></textarea></label>
<label>Адрес проблемы <input name="address" maxlength="200"></label>
<div class="pair"><label>Фамилия <input name="surname" maxlength="100"></label>
<label>Имя <input name="name" maxlength="100"></label></div>
<label>Файл, если есть <input type="file" name="file"></label>
<label class="check"><input type="checkbox" name="fastTrack" value="1"> Фаст-трек</label>
<button>Отправить</button></form>`;
  return pageReply('Новое сообщение', body, problem === undefined ? {} : { status: 422 });
}

/** `…/edit`: what the citizen may still do. It does not refresh itself, so that typing is not lost. */
export function editPage(cabinet: Cabinet, appeal: StoredAppeal): Reply {
  const { wire } = appeal;
  const self = `/appeals/${cabinet.opaId}/${wire.posId}`;
  const body = html`<p><a href="${self}">← Обращение № ${wire.posId}</a></p><h1>Изменить обращение</h1>
<form class="form" method="post" action="${self}/amend"><h2>Уточнить текст</h2>
<label>Текст <textarea name="text" rows="6" maxlength="4000" required>${wire.description ?? ''}</textarea></label>
<button>Сохранить текст</button></form>
<form class="form" method="post" action="${self}/term"><h2>Перенести срок ответа</h2>
<label>Новый срок <input type="date" name="day" required value="${(wire.answerAt ?? '').slice(0, 10)}"></label>
<button>Перенести срок</button></form>
<form class="form" method="post" action="${self}/withdraw"><h2>Отозвать обращение</h2>
<label>Причина <input name="reason" maxlength="300"></label><button class="danger">Отозвать</button></form>`;
  return pageReply(`Изменить № ${wire.posId}`, body);
}

export function notFoundPage(): Reply {
  return pageReply('Не найдено', html`<h1>Не найдено</h1><p><a href="/">Все обращения</a></p>`, {
    status: 404,
  });
}
