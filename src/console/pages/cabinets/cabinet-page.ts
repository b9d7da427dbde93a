import type { StepLine } from '../../../checks/cabinet-steps.ts';
import type { Cabinet } from '../../../config/index.ts';
import { type CabinetHealth, readCabinets } from '../../cabinet-rows.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { lengthOf } from '../../web/duration.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { trouble } from '../trouble.ts';
import { backfillsView } from './backfills-view.ts';
import { checkView } from './check-view.ts';
import { MOST, readBackfills, readFigures } from './counters.ts';
import { readCredentials } from './credentials.ts';
import { actionsView } from './forms-view.ts';
import { bounded, type CabinetSay, stateOf } from './list-page.ts';
import { CABINET_WORDS } from './words.ts';

/** `/cabinets/:id`: how it stands, where its settings are, and what can be done; `steps` of a check just made. */
export async function cabinetPage(
  deps: ConsoleDeps,
  viewer: Viewer,
  id: string,
  steps?: readonly StepLine[],
): Promise<PageAnswer> {
  const say = speak(CABINET_WORDS, viewer.lang);
  const config = deps.cabinets().find((cabinet) => cabinet.id === id);
  if (config === undefined) return gone(deps, say);
  const [[health], figures, fills, places] = await Promise.all([
    readCabinets(deps.db, [config]),
    readFigures(deps.db, config.opaId),
    readBackfills(deps.db, config.opaId),
    placesView(viewer, config, say),
  ]);
  if (health === undefined) return gone(deps, say);
  const isPaused = health.state === 'paused';
  const cause =
    health.code === null ? pauseNote(health, isPaused) : trouble(viewer.lang, health.code, health.detail);
  const body = html`${cause}
${steps !== undefined && checkView(steps, say)}
<div class="columns"><section class="card"><h2>${say('facts')}</h2>${factsView(viewer, health, say)}</section>
<section class="card"><h2>${say('settings')}</h2>${places}<p class="hint">${say('settingsHint')}</p></section>
<section class="card"><h2>${say('figures')}</h2><ul class="figures">
<li><b>${bounded(figures.day, MOST, say)}</b> ${say('day')}</li><li><b>${bounded(figures.week, MOST, say)}</b> ${say('week')}</li>
<li><b>${bounded(figures.attention, MOST, say)}</b> <a href="/appeals?cabinet=${config.id}&amp;stage=attention">${say('inAttention')}</a></li></ul>
<p><a href="/appeals?cabinet=${config.id}">${say('appeals')}</a><br><a href="/appeals?cabinet=${config.id}&amp;delivery=attention">${say('attentionDeliveries')}</a></p></section></div>
${may(viewer.role, 'operator') && actionsView(viewer, health, say)}
<section><h2>${say('fills')}</h2>${backfillsView(viewer, config, fills, say)}</section>`;
  return { title: say('one', { name: config.id }), body };
}

function gone(deps: ConsoleDeps, say: CabinetSay): PageAnswer {
  const file = deps.loaded.config.cabinetsDir ?? deps.loaded.path;
  const body = html`<p class="empty">${say('goneHint', { file })}<br><a href="/cabinets">${say('back')}</a></p>`;
  return { title: say('gone'), body, status: 404 };
}

function pauseNote({ detail }: CabinetHealth, isPaused: boolean): Markup | undefined {
  return isPaused && detail !== null ? html`<p class="notice warn">${detail}</p>` : undefined;
}

function factsView(viewer: Viewer, health: CabinetHealth, say: CabinetSay): Markup {
  const { config } = health;
  return html`<dl class="facts"><dt>${say('organization')}</dt><dd>${config.name}</dd>
<dt>${say('state')}</dt><dd>${stateOf(viewer, health, say)}</dd>
<dt>${say('since')}</dt><dd>${moment(viewer, health.since)}</dd>
<dt>${say('polled')}</dt><dd>${moment(viewer, health.polledAt)}</dd>
<dt>${say('lag')}</dt><dd>${lengthOf(health.lag, viewer.lang)}</dd>
${health.failures > 0 && html`<dt>${say('failures')}</dt><dd>${health.failures}</dd>`}
<dt>${say('opaId')}</dt><dd>${config.opaId}</dd>
<dt>${say('channel')}</dt><dd>${config.channel}</dd>
${config.archive !== undefined && html`<dt>${say('archive')}</dt><dd>${config.archive}</dd>`}
<dt>${say('mode')}</dt><dd>${say(config.mode ?? 'live')}</dd>
<dt>${say('zone')}</dt><dd>${config.timeZone}</dd>
<dt>${say('interval')}</dt><dd>${lengthOf(config.pollInterval / 1000, viewer.lang)}</dd></dl>`;
}

/** Files and variables by name: what is in them is neither read nor shown. */
async function placesView(viewer: Viewer, config: Cabinet, say: CabinetSay): Promise<Markup> {
  const { kind, place, since, isMissing } = await readCredentials(config);
  const where = kind === 'file' ? say('passwordFile', { place }) : say('passwordVariable', { place });
  const missing = isMissing && html` <span class="mark bad">${say('fileMissing')}</span>`;
  const age = kind === 'file' ? moment(viewer, since) : say('passwordUnknown');
  return html`<dl class="facts"><dt>${say('settingsPlace')}</dt><dd class="mono">${config.file}</dd>
<dt>${say('identifier')}</dt><dd>${say('identifierPlace', { file: config.file })}</dd>
<dt>${say('passwordPlace')}</dt><dd>${where}${missing}</dd>
<dt>${say('passwordAge')}</dt><dd>${age}</dd>
<dt>${say('modePlace')}</dt><dd>${say('modeWords')}</dd></dl>`;
}
