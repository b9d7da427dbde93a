import { diffRules, listVersions, readRules, type VersionInfo } from '../../../rubrics/versions.ts';
import type { Queryable } from '../../../store/data-source.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { whyField } from '../appeals/why.ts';
import { csrfField, tabs } from './parts.ts';
import { ruleDiffView } from './rule-diff.ts';
import { VERSION_WORDS } from './version-words.ts';

type SayVersions = Say<keyof typeof VERSION_WORDS.ru>;
const PAGE = 50;

/** `/rubrics/versions`: every change of the rules, newest first. */
export async function versionsPage(db: Queryable, { viewer, query }: PageRequest): Promise<PageAnswer> {
  const say = speak(VERSION_WORDS, viewer.lang);
  const before = numberOf(query.get('before')) ?? Number.POSITIVE_INFINITY;
  const all = await listVersions(db);
  const older = all.filter(({ version }) => version < before);
  const shown = older.slice(0, PAGE);
  const current = all[0]?.version;
  const lines = shown.map((info) => line(info, info.version === current, viewer, say));
  const last = older.length > PAGE ? shown.at(-1)?.version : undefined;
  const table = html`<div class="table"><table class="rows"><thead><tr><th scope="col">${say('number')}</th><th scope="col">${say('at')}</th><th scope="col">${say('who')}</th><th scope="col">${say('why')}</th><th scope="col">${say('source')}</th><th scope="col" class="number">${say('rules')}</th></tr></thead><tbody>${lines}</tbody></table></div>`;
  const body = html`${tabs(viewer, 'versions')}
${shown.length === 0 ? html`<p class="empty"><b>${say('empty')}</b><br>${say('emptyHint')}</p>` : table}
<p class="pager">${Number.isFinite(before) && html`<a href="/rubrics/versions">${say('newest')}</a>`}${last !== undefined && html`<a rel="next" href="/rubrics/versions?before=${last}">${say('older')}</a>`}</p>`;
  return { title: say('title'), body };
}

function line(info: VersionInfo, isCurrent: boolean, viewer: Viewer, say: SayVersions): Markup {
  return html`<tr><th scope="row"><a href="/rubrics/versions/${info.version}">${info.version}</a> ${isCurrent && html`<span class="mark good">${say('current')}</span>`}</th>
<td data-label="${say('at')}">${moment(viewer, info.at)}</td><td data-label="${say('who')}">${info.who}</td>
<td data-label="${say('why')}">${info.why}</td><td data-label="${say('source')}">${sourceOf(info, say)}</td>
<td class="number" data-label="${say('rules')}">${info.rules}</td></tr>`;
}

function sourceOf({ source, equalTo }: VersionInfo, say: SayVersions): string {
  return say(source, { version: equalTo ?? '' });
}

/** `/rubrics/versions/:version`: what it changed, or against another, and the way back to it. */
export async function versionPage(
  db: Queryable,
  { viewer, params, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(VERSION_WORDS, viewer.lang);
  const all = await listVersions(db);
  const info = all.find(({ version }) => version === numberOf(params['version']));
  if (info === undefined) {
    const body = html`${tabs(viewer, 'versions')}<p>${say('goneHint')} <a href="/rubrics/versions">${say('title')}</a></p>`;
    return { title: say('gone'), body, status: 404 };
  }
  const { version } = info;
  const asked = numberOf(query.get('from'));
  const from = all.some((each) => each.version === asked) && asked !== undefined ? asked : version - 1;
  const own = await readRules(db, version);
  const before = from === 0 ? { rules: [] } : await readRules(db, from);
  const current = all[0]?.version ?? version;
  const roll =
    version !== current &&
    may(viewer.role, 'operator') &&
    rollForm(viewer, version, current, diffRules((await readRules(db)).rules, own.rules), say);
  const body = html`${tabs(viewer, 'versions')}
<dl class="facts"><dt>${say('at')}</dt><dd>${moment(viewer, info.at)}</dd><dt>${say('who')}</dt><dd>${info.who}</dd><dt>${say('why')}</dt><dd>${info.why}</dd><dt>${say('source')}</dt><dd>${sourceOf(info, say)}</dd><dt>${say('rules')}</dt><dd>${info.rules}</dd></dl>
<section class="card"><h2>${from === 0 ? say('fromNothing') : say('comparedTo', { version: from })}</h2>
<form method="get" class="row"><label>${say('compare')} <input name="from" inputmode="numeric" value="${from === 0 ? '' : from}" size="6"></label><button class="quiet">${say('show')}</button></form>
${ruleDiffView(diffRules(before.rules, own.rules), viewer)}</section>${roll}`;
  return { title: say('one', { version }), body };
}

function rollForm(
  viewer: Viewer,
  version: number,
  current: number,
  diff: ReturnType<typeof diffRules>,
  say: SayVersions,
): Markup {
  const counts = { added: diff.added.length, removed: diff.removed.length, changed: diff.changed.length };
  return html`<section class="card"><h2>${say('rollTitle')}</h2><p>${say('rollChanges', { version: current, ...counts })} ${say('rollHint')}</p>
<form method="post" action="/rubrics/versions/${version}/roll-back">${csrfField(viewer)}${whyField(say)}<button>${say('roll', { version })}</button></form></section>`;
}

/** A version's number; undefined for what is none. */
export function numberOf(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
