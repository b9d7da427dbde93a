import type { ShowcaseStatus } from '../../../showcase/status.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { whyField } from '../appeals/why.ts';
import { csrfField } from '../rubrics/parts.ts';
import { trouble } from '../trouble.ts';
import { PATIENCE_MS, type ShowcasePages, type ShownShowcase } from './deps.ts';
import type { Known } from './slow.ts';
import { listUploads } from './upload-rows.ts';
import { meanings, type SayShowcase, uploadsTable } from './uploads-view.ts';
import { WORDS } from './words.ts';

const NEWEST_UPLOADS = 10;

/** `/showcase`: how each showcase stands, what may be done, and the newest files. */
export async function showcasePage(pages: ShowcasePages, { viewer }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const { showcases, console } = pages;
  if (showcases.length === 0) {
    const body = html`<p class="empty"><b>${say('none')}</b><br>${say('noneHint')}</p>`;
    return { title: say('title'), body };
  }
  const [uploads, asked, statuses] = await Promise.all([
    listUploads(console.db, {}, NEWEST_UPLOADS),
    console.db.query<{ key: string }>(`SELECT key FROM setting WHERE key LIKE 'showcase-run:%'`),
    Promise.all(showcases.map(({ id }) => pages.status.read(id, PATIENCE_MS))),
  ]);
  const isAsked = (id: string) => asked.some(({ key }) => key === `showcase-run:${id}`);
  const cards = showcases.map((showcase, at) =>
    card(viewer, showcase, statuses[at], isAsked(showcase.id), say),
  );
  const body = html`<div id="showcases" data-refresh>${cards}</div>
${may(viewer.role, 'operator') && forms(viewer, showcases, say)}
<h2>${say('uploads')}</h2><div id="uploads" data-refresh>${uploadsTable(viewer, uploads, say)}</div>
${meanings(say)}<p><a href="/showcase/uploads">${say('uploadsLink')}</a></p>`;
  return { title: say('title'), body };
}

function card(
  viewer: Viewer,
  { id, schedule, timeZone }: ShownShowcase,
  known: Known<ShowcaseStatus | undefined> | undefined,
  isAsked: boolean,
  say: SayShowcase,
): Markup {
  const status = known?.value;
  return html`<section class="card"><h2>${id}</h2>
${isAsked && html`<p class="notice">${say('asked')}</p>`}
${status === undefined || known === undefined ? html`<p>${say('counting')}</p>` : figures(viewer, id, status, known.at, say)}
<dl class="facts"><dt>${say('schedule')}</dt><dd>${scheduleView(schedule, say)} (${timeZone})</dd></dl>
<p class="row"><a class="button quiet" href="/showcase/failed?showcase=${id}">${say('failedLink')}</a><a class="button quiet" href="/showcase/preview/${id}">${say('preview')}</a></p></section>`;
}

/** The one of most sites in words: each day at one time; any other as the settings have it. */
function scheduleView(schedule: string, say: SayShowcase): Markup {
  const [, minute = '', hour = ''] = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(schedule) ?? [];
  return hour === ''
    ? html`<code>${schedule}</code>`
    : html`${say('daily', { at: `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}` })}`;
}

function figures(viewer: Viewer, id: string, status: ShowcaseStatus, at: Date, say: SayShowcase): Markup {
  const { states, lastBuild, lastSettledAt } = status;
  const build =
    lastBuild === undefined
      ? say('never')
      : html`${moment(viewer, lastBuild.startedAt)}: ${lastBuild.finishedAt === undefined && lastBuild.errorCode === undefined ? say('running') : say('buildCounts', { cards: lastBuild.cards, questions: lastBuild.questions })}`;
  const waiting = (state: 'refused' | 'unmapped') =>
    html`<li><b><a href="/showcase/failed?showcase=${id}&amp;state=${state}">${states[state]}</a></b>${say(state)}</li>`;
  return html`<ul class="figures"><li><b>${status.records}</b>${say('records')}</li><li><b>${states.accepted}</b>${say('accepted')}</li><li><b>${states.ready}</b>${say('ready')}</li><li><b>${states.sent}</b>${say('sent')}</li>${waiting('refused')}${waiting('unmapped')}</ul>
${trouble(viewer.lang, lastBuild?.errorCode ?? null, null)}
<dl class="facts"><dt>${say('lastBuild')}</dt><dd>${build}</dd><dt>${say('lastReport')}</dt><dd>${lastSettledAt === undefined ? say('never') : moment(viewer, lastSettledAt)}</dd><dt>${say('counted')}</dt><dd>${moment(viewer, at)}</dd></dl>`;
}

function forms(viewer: Viewer, showcases: readonly ShownShowcase[], say: SayShowcase): Markup {
  const choice = html`<label>${say('showcase')} <select name="showcase">${showcases.length > 1 && html`<option value="">${say('all')}</option>`}${showcases.map(({ id }) => html`<option value="${id}">${id}</option>`)}</select></label>`;
  return html`<div class="grid"><section class="card"><h2>${say('run')}</h2><p class="hint">${say('runHint')}</p>
<form method="post" action="/showcase/run">${csrfField(viewer)}${choice}${whyField(say)}<button>${say('run')}</button></form></section>
<section class="card"><h2>${say('resendAll')}</h2><p class="hint">${say('resendHint')}</p>
<form method="post" action="/showcase/resend">${csrfField(viewer)}${choice}${whyField(say)}<button>${say('resend')}</button></form></section></div>`;
}
