import type { Queryable } from '../../../store/data-source.ts';
import { type ApiToken, listTokens, SCOPES } from '../../users/tokens.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { ROLES, type Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { csrfField } from '../rubrics/parts.ts';
import { TOKEN_WORDS } from './token-words.ts';

type SayTokens = Say<keyof typeof TOKEN_WORDS.ru>;

/** `/users/tokens`: the tokens of integrations without their secrets, and the form for a new one. */
export async function tokensPage(db: Queryable, viewer: Viewer): Promise<PageAnswer> {
  const say = speak(TOKEN_WORDS, viewer.lang);
  const tokens = await listTokens(db);
  const heads = (['name', 'role', 'scopes', 'state', 'used', 'made', 'actions'] as const).map(
    (word) => html`<th scope="col">${say(word)}</th>`,
  );
  const table = html`<div class="table"><table class="rows"><thead><tr>${heads}</tr></thead>
<tbody>${tokens.map((token) => row(token, viewer, say))}</tbody></table></div>`;
  const empty = html`<p class="empty"><b>${say('empty')}</b><br>${say('emptyHint')}</p>`;
  const body = html`<p><a href="/users">← ${say('toUsers')}</a></p><p class="hint">${say('intro')} <a href="/api/docs">${say('docs')}</a></p>
${tokens.length === 0 ? empty : table}
<section class="card"><h2>${say('add')}</h2>${addForm(viewer, say)}</section>`;
  return { title: say('title'), body };
}

/** A secret just made, shown this once. */
export function newTokenPage(viewer: Viewer, name: string, secret: string): PageAnswer {
  const say = speak(TOKEN_WORDS, viewer.lang);
  const body = html`<section class="card"><p><code id="token">${secret}</code>
<button type="button" class="quiet" hidden data-copy="#token" data-copied="${say('copied')}">${say('copy')}</button></p>
<p>${say('once')}</p><p><a href="/users/tokens">${say('toTokens')}</a></p></section>`;
  return { title: say('newTitle', { name }), body };
}

function row(token: ApiToken, viewer: Viewer, say: SayTokens): Markup {
  const { name, role, scopes, revokedAt, usedAt, createdAt, createdBy } = token;
  const revoke = html`<details><summary aria-label="${say('revoke')}: ${name}">${say('revoke')}</summary><form method="post" action="/users/tokens/revoke">${csrfField(viewer)}<input type="hidden" name="name" value="${name}">
<p class="hint">${say('revokeHint')}</p><button class="danger" aria-label="${say('revoke')}: ${name}">${say('revoke')}</button></form></details>`;
  return html`<tr><th scope="row">${name}</th>
<td data-label="${say('role')}">${say(role)}</td>
<td data-label="${say('scopes')}"><small class="mono">${scopes.join(', ')}</small></td>
<td data-label="${say('state')}">${state(token, viewer, say)}</td>
<td data-label="${say('used')}">${usedAt === null ? say('never') : moment(viewer, usedAt)}</td>
<td data-label="${say('made')}">${createdBy}, ${moment(viewer, createdAt)}</td>
<td>${revokedAt === null && revoke}</td></tr>`;
}

function state({ revokedAt, expiresAt }: ApiToken, viewer: Viewer, say: SayTokens): Markup {
  if (revokedAt !== null)
    return html`<span class="mark">${say('revoked')}</span> ${moment(viewer, revokedAt)}`;
  if (expiresAt === null) return html`<span class="mark good">${say('works')}</span> ${say('forever')}`;
  const isOver = expiresAt.getTime() <= Date.now();
  const mark = isOver
    ? html`<span class="mark bad">${say('over')}</span>`
    : html`<span class="mark good">${say('works')}</span>`;
  return html`${mark} ${say('until')} ${moment(viewer, expiresAt)}`;
}

function addForm(viewer: Viewer, say: SayTokens): Markup {
  const boxes = SCOPES.map(
    (scope) =>
      html`<li><label class="inline"><input type="checkbox" name="scope" value="${scope}"> <span class="mono">${scope}</span></label></li>`,
  );
  return html`<form method="post" action="/users/tokens">${csrfField(viewer)}
<label>${say('name')} <input name="name" required minlength="2" maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="token-name"></label>
<p class="hint" id="token-name">${say('nameHint')}</p>
<label>${say('role')} <select name="role">${ROLES.map((role) => html`<option value="${role}">${say(role)}</option>`)}</select></label>
<fieldset><legend>${say('scopes')}</legend><ul class="choices">${boxes}</ul><p class="hint">${say('scopesHint')}</p></fieldset>
<label>${say('expires')} <input type="date" name="expires"></label>
<p class="hint">${say('addHint')}</p><button>${say('add')}</button></form>`;
}
