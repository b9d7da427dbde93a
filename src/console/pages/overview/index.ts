import { readCabinets } from '../../cabinet-rows.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { readTermRisks } from '../../terms.ts';
import { html } from '../../web/html.ts';
import type { PageAnswer, PageRequest, PageRoute } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import {
  breakerAlarms,
  cabinetAlarms,
  headline,
  heldEndpoints,
  incidentAlarms,
  waitingAlarms,
} from './alarms-view.ts';
import { hourCharts, lagChart } from './charts-view.ts';
import { readFigures, readIncidents, readShowcases } from './figures.ts';
import { createHours, type HourFigures } from './hours.ts';
import { figuresView, showcasesView, termsView } from './state-view.ts';
import { OVERVIEW_WORDS } from './words.ts';

/** Showcases told on one screen. */
const SHOWCASES = 12;

/** The first page. */
export function overviewRoutes(deps: ConsoleDeps): PageRoute[] {
  const hours = createHours(deps.db);
  return [
    {
      method: 'GET',
      path: '/',
      role: 'viewer',
      section: 'overview',
      handle: (request) => overviewPage(deps, hours, request),
    },
  ];
}

/** `/`: one look tells that all is well, or what is not and where to mend it; then numbers, charts, terms, showcases. */
async function overviewPage(
  deps: ConsoleDeps,
  readHours: () => Promise<HourFigures[]>,
  { viewer }: PageRequest,
): Promise<PageAnswer> {
  const { db, loaded } = deps;
  const say = speak(OVERVIEW_WORDS, viewer.lang);
  const [cabinets, incidents, figures, hours, risks, showcases] = await Promise.all([
    readCabinets(db, deps.cabinets()),
    readIncidents(db),
    readFigures(db),
    readHours(),
    readTermRisks(db, [...(deps.finalStatuses ?? [])]),
    readShowcases(
      db,
      loaded.config.showcases.slice(0, SHOWCASES).map(({ id }) => id),
    ),
  ]);
  const world = worldOf(deps);
  const held = heldEndpoints(deps, world, viewer.lang);
  const wrong = headline(viewer, cabinets, incidents, figures, held, say);
  const hasNone = !cabinets.some(({ config }) => config.enabled);
  const head = hasNone
    ? html`<p class="notice warn" role="status">${say('noCabinets', { file: loaded.config.cabinetsDir ?? loaded.path })}</p>`
    : wrong === '' &&
      html`<p class="notice good" role="status"><b>✓ ${say('well')}.</b> ${say('wellHint')}</p>`;
  const body = html`<div id="now" data-refresh>${head}
${wrong !== '' && html`<p class="notice bad" role="status"><b>${say('notWell')}:</b> ${wrong}</p><div class="columns"><div>${incidentAlarms(viewer, incidents, world, say)}</div><div>${cabinetAlarms(viewer, cabinets, say)}${breakerAlarms(viewer, held, say)}${waitingAlarms(viewer, figures, say)}</div></div>`}
${figuresView(viewer, figures, cabinets, say)}</div>
<section><h2>${say('hours')}</h2><div id="hours" data-refresh>${hourCharts(viewer, hours, say)}</div></section>
<div class="columns" id="rest" data-refresh><section class="card"><h2>${say('terms')}</h2>${termsView(viewer, risks, say)}</section>
<div><section class="card"><h2>${say('lag')}</h2>${lagChart(viewer, cabinets, say)}</section>
<section class="card"><h2>${say('showcase')}</h2>${showcasesView(viewer, showcases, say)}</section></div></div>`;
  return { title: say('title'), body };
}
