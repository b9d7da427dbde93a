import type { Queryable } from '../../../store/data-source.ts';
import { SHORTEST_PASSWORD } from '../../users/password.ts';
import { findUser, timeZones } from '../../users/users.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer } from '../../web/page.ts';
import type { Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { WORDS } from './words.ts';

const ROLE_WORDS = { viewer: 'roleViewer', operator: 'roleOperator', admin: 'roleAdmin' } as const;
const LANGUAGE_NAMES = { ru: 'Русский', en: 'English' } as const;

type SayAccount = Say<keyof typeof WORDS.ru>;

/** The page of one's own settings. */
export async function accountPage(db: Queryable, viewer: Viewer): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const user = await findUser(db, viewer.login);
  const csrf = html`<input type="hidden" name="csrf" value="${viewer.csrf}">`;
  const body = html`<dl class="facts"><dt>${say('who')}</dt><dd>${viewer.login}</dd>
<dt>${say('name')}</dt><dd>${viewer.name}</dd><dt>${say('role')}</dt><dd>${say(ROLE_WORDS[viewer.role])}</dd></dl>
<div class="grid">
<section class="card"><h2>${say('view')}</h2>${settingsForm(viewer, csrf, say)}</section>
<section class="card"><h2>${say('password')}</h2>${user?.hasPassword === false ? html`<p>${say('noPassword')}</p>` : passwordForm(viewer, csrf, say)}</section>
<section class="card"><h2>${say('places')}</h2><p>${say('sessions', { count: user?.sessions ?? 1 })}</p>
<form method="post" action="/account/sign-out-everywhere">${csrf}<button class="danger">${say('everywhere')}</button></form></section>
</div>
<p class="hint"><a href="/api/docs">${say('api')}</a></p>`;
  return { title: say('title'), body };
}

function settingsForm(viewer: Viewer, csrf: Markup, say: SayAccount): Markup {
  const selected = html`selected`;
  const languages = Object.entries(LANGUAGE_NAMES).map(
    ([id, name]) =>
      html`<option value="${id}" lang="${id}" ${id === viewer.lang && selected}>${name}</option>`,
  );
  const zones = timeZones().map(
    (zone) => html`<option ${zone === viewer.timeZone && selected}>${zone}</option>`,
  );
  return html`<form method="post" action="/account/settings">${csrf}
<label>${say('lang')} <select name="lang">${languages}</select></label>
<label>${say('zone')} <select name="zone">${zones}</select></label>
<p class="hint">${say('zoneHint')}</p><button>${say('save')}</button></form>`;
}

function passwordForm(viewer: Viewer, csrf: Markup, say: SayAccount): Markup {
  const next = say('next', { shortest: SHORTEST_PASSWORD });
  return html`<form method="post" action="/account/password">${csrf}
<input type="hidden" name="username" value="${viewer.login}" autocomplete="username">
<label>${say('current')} <input name="current" type="password" autocomplete="current-password" required></label>
<label>${next} <input name="password" type="password" minlength="${SHORTEST_PASSWORD}" autocomplete="new-password" required></label>
<label>${say('again')} <input name="again" type="password" autocomplete="new-password" required></label>
<p class="hint">${say('changeHint')}</p><button>${say('change')}</button></form>`;
}
