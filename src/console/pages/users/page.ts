import type { Queryable } from '../../../store/data-source.ts';
import { type ConsoleUser, listUsers } from '../../users/users.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { ROLES, type Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { WORDS } from './words.ts';

type SayUsers = Say<keyof typeof WORDS.ru>;

/** The table of users with what an administrator may do to each, and the form for a new one. */
export async function usersPage(db: Queryable, viewer: Viewer): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const users = await listUsers(db);
  const rows = users.map((user) => row(user, viewer, say));
  const body = html`<p class="row"><a class="button quiet" href="/users/tokens">${say('tokens')}</a></p><div class="table"><table class="rows"><thead><tr>
<th>${say('login')}</th><th>${say('name')}</th><th>${say('role')}</th><th>${say('state')}</th><th class="number">${say('sessions')}</th><th>${say('actions')}</th>
</tr></thead><tbody>${rows}</tbody></table></div>
<p class="hint">${say('roles')}</p>
<section class="card"><h2>${say('add')}</h2>${addForm(viewer, say)}</section>`;
  return { title: say('title'), body };
}

/** A password just made, shown this once. */
export function newPasswordPage(viewer: Viewer, login: string, password: string): PageAnswer {
  const say = speak(WORDS, viewer.lang);
  const body = html`<section class="card"><p><code id="password">${password}</code>
<button type="button" class="quiet" hidden data-copy="#password" data-copied="${say('copied')}">${say('copy')}</button></p>
<p>${say('passwordOnce')}</p><p><a href="/users">${say('toUsers')}</a></p></section>`;
  return { title: say('passwordTitle', { login }), body };
}

function row(user: ConsoleUser, viewer: Viewer, say: SayUsers): Markup {
  const isSelf = user.id === viewer.id;
  return html`<tr><th scope="row">${user.login} ${isSelf && html`<span class="soft">(${say('you')})</span>`}</th>
<td data-label="${say('name')}">${user.name}</td>
<td data-label="${say('role')}">${say(user.role)}</td>
<td data-label="${say('state')}">${state(user, viewer, say)}</td>
<td class="number" data-label="${say('sessions')}">${user.sessions}</td>
<td><details><summary aria-label="${say('change')}: ${user.login}">${say('change')}</summary>${actions(user, viewer, say)}</details></td></tr>`;
}

function state(user: ConsoleUser, viewer: Viewer, say: SayUsers): Markup {
  const header = !user.hasPassword && html`<span class="mark">${say('byHeader')}</span>`;
  if (user.disabledAt !== null) return html`<span class="mark bad">${say('disabled')}</span> ${header}`;
  if (user.lockedUntil === null) return html`<span class="mark good">${say('works')}</span> ${header}`;
  return html`<span class="mark warn">${say('locked')} ${moment(viewer, user.lockedUntil)}</span>`;
}

function actions(user: ConsoleUser, viewer: Viewer, say: SayUsers): Markup {
  const csrf = html`<input type="hidden" name="csrf" value="${viewer.csrf}">`;
  const button = (what: string, text: string, look = 'quiet') =>
    html`<form method="post" action="/users/${user.id}/${what}">${csrf}<button class="${look}" aria-label="${text}: ${user.login}">${text}</button></form>`;
  const role = html`<form method="post" action="/users/${user.id}/role" class="row">${csrf}
<label>${say('role')} <select name="role" aria-label="${say('role')}: ${user.login}">${roleOptions(say, user.role)}</select></label>
<button class="quiet">${say('setRole')}</button></form>`;
  return html`${role}<div class="row">${[
    user.lockedUntil !== null && button('unlock', say('unlock')),
    user.sessions > 0 && button('sign-out', say('signOut')),
    button('password', say('renew')),
    user.disabledAt === null ? button('disable', say('disable'), 'danger') : button('enable', say('enable')),
  ]}</div>`;
}

function roleOptions(say: SayUsers, chosen: string): readonly Markup[] {
  return ROLES.map(
    (role) => html`<option value="${role}" ${role === chosen && html`selected`}>${say(role)}</option>`,
  );
}

function addForm(viewer: Viewer, say: SayUsers): Markup {
  return html`<form method="post" action="/users"><input type="hidden" name="csrf" value="${viewer.csrf}">
<label>${say('login')} <input name="login" required minlength="2" maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="login-hint"></label>
<p class="hint" id="login-hint">${say('loginHint')}</p>
<label>${say('name')} <input name="name" maxlength="120" autocomplete="off" aria-describedby="name-hint"></label>
<p class="hint" id="name-hint">${say('nameHint')}</p>
<label>${say('role')} <select name="role">${roleOptions(say, 'viewer')}</select></label>
<label>${say('by')} <select name="by"><option value="password">${say('byPassword')}</option><option value="header">${say('byProxy')}</option></select></label>
<p class="hint">${say('once')}</p>
<button>${say('add')}</button></form>`;
}
