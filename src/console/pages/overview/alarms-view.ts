import type { ScopeWorld } from '../../../alerts/incident/scope.ts';
import { scopeWords } from '../../../alerts/incident/scope-words.ts';
import { cabinetVariable } from '../../../config/secrets.ts';
import { type CabinetHealth, rankOf } from '../../cabinet-rows.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { lengthOf } from '../../web/duration.ts';
import { html, type Markup } from '../../web/html.ts';
import { stateMark } from '../../web/state-words.ts';
import { moment } from '../../web/time.ts';
import type { Language, Viewer } from '../../web/viewer.ts';
import type { Say } from '../../web/words.ts';
import { entryOf } from '../trouble.ts';
import { type Figures, type IncidentGroup, MOST } from './figures.ts';
import type { OVERVIEW_WORDS } from './words.ts';

export type OverviewSay = Say<keyof typeof OVERVIEW_WORDS.ru>;

/** Rows of each kind on one screen; the rest are a link away. */
const SHOWN = 6;
const NAMED = 3;

export function bounded(count: number, viewer: Viewer, say: OverviewSay): string {
  const text = (value: number) => value.toLocaleString(viewer.lang);
  return count > MOST ? say('more', { count: text(MOST) }) : text(count);
}

/** Blocked, paused and late cabinets: what to mend and where, the first of each by name. */
export function cabinetAlarms(
  viewer: Viewer,
  cabinets: readonly CabinetHealth[],
  say: OverviewSay,
): Markup | undefined {
  const kinds = (['blocked', 'paused', 'late'] as const).map((kind, rank) => ({
    kind,
    found: cabinets.filter((cabinet) => rankOf(cabinet) === rank),
  }));
  if (kinds.every(({ found }) => found.length === 0)) return undefined;
  const rows = kinds.map(({ kind, found }) => {
    const more = found.length - NAMED;
    return html`${found.slice(0, NAMED).map((cabinet) => cabinetAlarm(viewer, cabinet, say))}
${more > 0 && html`<li><a href="/cabinets?show=${kind}">${say(`${kind}More`, { count: more })}</a></li>`}`;
  });
  return html`<section class="card"><h2>${say('cabinets')}</h2><ul class="plain">${rows}</ul></section>`;
}

function cabinetAlarm(viewer: Viewer, cabinet: CabinetHealth, say: OverviewSay): Markup {
  const { config, state, code, detail } = cabinet;
  const head = html`<a href="/cabinets/${config.id}"><b>${config.id}</b></a> <small>${config.name}</small> `;
  if (state === 'blocked') {
    const { secretFile, file } = config;
    const place =
      secretFile === undefined
        ? say('passwordVariable', { place: cabinetVariable(config.id) })
        : say('passwordFile', { place: secretFile });
    const title = code === null ? '' : (entryOf(code)?.title ?? code);
    return html`<li>${head}${stateMark(viewer.lang, 'cabinet', state)}<br><span lang="ru">${title}</span><br><small>${say('blockedMend', { place, file })}</small></li>`;
  }
  if (state === 'paused') {
    return html`<li>${head}${stateMark(viewer.lang, 'cabinet', state)}<br><small>${say('pausedBy')}, ${moment(viewer, cabinet.since)}${detail !== null && `: ${detail}`}</small></li>`;
  }
  return html`<li>${head}<span class="mark warn">${say('lateText', { lag: lengthOf(cabinet.lag, viewer.lang) })}</span></li>`;
}

/** Open incidents by kind: what it is, how many, what to do, where to look. */
export function incidentAlarms(
  viewer: Viewer,
  groups: readonly IncidentGroup[],
  world: ScopeWorld,
  say: OverviewSay,
): Markup | undefined {
  if (groups.length === 0) return undefined;
  const rows = groups.slice(0, SHOWN).map((group) => {
    const entry = entryOf(group.code);
    const links = group.largest.map(
      ({ id, scope, acknowledged }) =>
        html`<a href="/errors/${id}">${scopeWords(scope, world, viewer.lang)}</a>${acknowledged && html` <small>(${say('seen')})</small>`} `,
    );
    const more = group.incidents - group.largest.length;
    return html`<li><b lang="ru">${entry?.title ?? group.code}</b> <span class="mark bad">${say('failures', { count: group.count.toLocaleString(viewer.lang) })}</span> <small>${say('since')} ${moment(viewer, group.openedAt)}</small><br>
${links}${more > 0 && html`<a href="/errors?code=${group.code}">${say('andMore', { count: more })}</a>`}${entry !== undefined && html`<br><small lang="ru">${say('todo')}: ${entry.remedy}</small>`}</li>`;
  });
  const more = groups.length - SHOWN;
  return html`<section class="card"><h2>${say('incidents')}</h2><ul class="plain">${rows}</ul>
<p><a href="/errors">${say('allErrors')}</a>${more > 0 && ` (${say('andMore', { count: more })})`}</p></section>`;
}

/** Numbers of what waits for a person's decision. */
export function waitingAlarms(viewer: Viewer, figures: Figures, say: OverviewSay): Markup | undefined {
  const { deliveriesAttention, cardsAttention, appealsAttention } = figures;
  if (deliveriesAttention + cardsAttention + appealsAttention === 0) return undefined;
  const figure = (count: number, href: string, words: string) =>
    count > 0 && html`<li><b>${bounded(count, viewer, say)}</b> <a href="${href}">${words}</a></li>`;
  return html`<section class="card"><h2>${say('waiting')}</h2><ul class="figures">
${figure(deliveriesAttention, '/appeals?delivery=attention', say('deliveriesAttention'))}
${figure(cardsAttention, '/errors', say('cardsAttention'))}
${figure(appealsAttention, '/appeals?stage=attention', say('appealsAttention'))}</ul></section>`;
}

export interface HeldEndpoint {
  /** As the administrator knows it: the platform, a cabinet's name, a channel. */
  readonly name: string;
  readonly isProbing: boolean;
  readonly waitMs: number;
}

/** Endpoints that are held back in this process now. */
export function heldEndpoints(
  { breakers }: Pick<ConsoleDeps, 'breakers'>,
  world: ScopeWorld,
  lang: Language,
): HeldEndpoint[] {
  return [...breakers.states()]
    .filter(([, mode]) => mode !== 'closed')
    .map(([endpoint, mode]) => ({
      name: scopeWords(endpoint, world, lang),
      isProbing: mode === 'half-open',
      waitMs: breakers.waitMs(endpoint),
    }));
}

export function breakerAlarms(
  viewer: Viewer,
  held: readonly HeldEndpoint[],
  say: OverviewSay,
): Markup | undefined {
  if (held.length === 0) return undefined;
  const rows = held.slice(0, SHOWN).map(({ name, isProbing, waitMs }) => {
    const words = isProbing
      ? say('breakerProbe')
      : say('breakerOpen', { wait: lengthOf(waitMs / 1000, viewer.lang) });
    return html`<li><b>${name}</b> <span class="mark warn">${words}</span></li>`;
  });
  const more = held.length - SHOWN;
  return html`<section class="card"><h2>${say('breakers')}</h2><ul class="plain">${rows}</ul>${more > 0 && html`<p>${say('andMore', { count: more })}</p>`}<p class="hint">${say('breakerHint')}</p></section>`;
}

/** What is not well, in one line, with its numbers; empty when all is. */
export function headline(
  viewer: Viewer,
  cabinets: readonly CabinetHealth[],
  groups: readonly IncidentGroup[],
  figures: Figures,
  held: readonly HeldEndpoint[],
  say: OverviewSay,
): string {
  const ranks = cabinets.map(rankOf);
  const { deliveriesAttention, cardsAttention, appealsAttention } = figures;
  const parts = [
    ['headBlocked', ranks.filter((rank) => rank === 0).length],
    ['headPaused', ranks.filter((rank) => rank === 1).length],
    ['headLate', ranks.filter((rank) => rank === 2).length],
    ['headIncidents', groups.reduce((sum, { incidents }) => sum + incidents, 0)],
    ['headWaiting', deliveriesAttention + cardsAttention + appealsAttention],
    ['headHeld', held.length],
  ] as const;
  return parts
    .filter(([, count]) => count > 0)
    .map(([word, count]) => say(word, { count: bounded(count, viewer, say) }))
    .join(' · ');
}
