import { countMembers, listMembers } from '../../../alerts/incident/members.ts';
import { isResendable, resendProgress } from '../../../alerts/incident/resend.ts';
import { findIncident, type IncidentRow } from '../../../alerts/incident/rows.ts';
import { cabinetsOf } from '../../../alerts/incident/scope.ts';
import { scopeWords } from '../../../alerts/incident/scope-words.ts';
import { sourcesOf } from '../../../alerts/incident/sources.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { entryOf } from '../trouble.ts';
import { isCheckable } from './check-page.ts';
import { GROUP_WORDS, type GroupWords } from './group-words.ts';
import { handlingView } from './handling-view.ts';
import { stateMarks } from './marks.ts';
import { membersView } from './members-view.ts';
import { mendPlaces } from './mend.ts';
import { progressView } from './progress-view.ts';
import { readAgainForm } from './read-again.ts';
import { WORDS } from './words.ts';

const PAGE = 20;
/** Counted to this and no further: a page must not wait for more. */
export const MOST_COUNTED = 10_000;
const NAMED_CABINETS = 20;

/** `/errors/:id`: one group, what it means, what to do, whom it concerns, and what is done about it. */
export async function groupPage(
  deps: ConsoleDeps,
  { viewer, params, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(GROUP_WORDS, viewer.lang);
  const row = await findIncident(deps.db, params['id'] ?? '');
  if (row === undefined) {
    const body = html`<p class="empty"><b>${say('noGroup')}</b><br>${say('noGroupHint')} <a href="/errors">${say('toLog')}</a></p>`;
    return { title: say('noGroup'), status: 404, body };
  }
  const world = worldOf(deps);
  const after = query.get('after');
  const isOpen = row.closedAt === null;
  const isOperator = may(viewer.role, 'operator');
  const [page, count, progress, reading] = await Promise.all([
    isOpen
      ? listMembers(deps.db, row, world, { limit: PAGE, ...(after === null ? {} : { after }) })
      : { members: [] },
    isOpen ? countMembers(deps.db, row, world, MOST_COUNTED + 1) : 0,
    resendProgress(deps.db, row.id),
    isOperator ? readAgainForm(deps, viewer, row) : undefined,
  ]);
  const hasMembers = sourcesOf(row, world).length > 0;
  const body = html`<p><a href="/errors">← ${say('toLog')}</a></p>
${facts(deps, viewer, row, say)}
${guide(deps, row, say)}
${isOperator && isOpen && buttons(deps, viewer, row, count > 0, say)}
${count > 0 && reading}
${!isOperator && html`<p class="hint">${say('viewerHint')}</p>`}
${progressView(viewer, progress, say)}
${isOperator && handlingView(viewer, row, say)}
<h2 id="members">${say('members')}</h2>
${
  page.members.length > 0
    ? membersView(
        viewer,
        {
          ...page,
          incidentId: row.id,
          code: row.code,
          isOpen,
          isResendable: isResendable(row, world),
          isLater: after !== null,
          count: countWords(count, viewer, say),
          cabinetName: (opaId) =>
            deps.cabinets().find((cabinet) => cabinet.opaId === opaId)?.id ?? opaId ?? undefined,
        },
        say,
      )
    : html`<p class="empty">${say(hasMembers ? 'noMembers' : 'oneThing')}</p>`
}`;
  return { title: entryOf(row.code)?.title ?? row.code, body };
}

/** «10 000» or «больше 10 000». */
export function countWords(count: number, viewer: Viewer, say: GroupWords): string {
  const words = Math.min(count, MOST_COUNTED).toLocaleString(viewer.lang);
  return count > MOST_COUNTED ? say('more', { count: words }) : words;
}

function facts(deps: ConsoleDeps, viewer: Viewer, row: IncidentRow, say: GroupWords): Markup {
  const log = speak(WORDS, viewer.lang);
  const kind = entryOf(row.code)?.kind;
  const fact = (name: string, value: Markup | string) => html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<section class="card" aria-label="${say('facts')}"><dl class="facts" id="group-facts" data-refresh>
${fact(say('state'), stateMarks(viewer, row, log))}
${fact(say('where'), scopeWords(row.scope, worldOf(deps), viewer.lang))}
${fact(say('cabinets'), cabinetNames(deps, row, say))}
${fact(say('code'), html`<code>${row.code}</code>${kind !== undefined && html` <small>${log(kind)}</small>`}`)}
${row.detail !== null && row.detail !== '' && fact(say('cause'), html`<span lang="ru">${row.detail}</span>`)}
${fact(say('count'), row.count.toLocaleString(viewer.lang))}
${fact(say('first'), moment(viewer, row.openedAt))}
${fact(say('last'), moment(viewer, row.lastAt))}
${fact(say('mail'), say(`mail-${row.mailState}`))}
${row.acknowledgedBy !== null && fact(say('taken'), html`${row.acknowledgedBy}, ${moment(viewer, row.acknowledgedAt)}`)}
${row.note !== null && fact(say('note'), html`${row.note} <small>${row.noteBy ?? ''}, ${moment(viewer, row.noteAt)}</small>`)}
</dl></section>`;
}

function cabinetNames(deps: ConsoleDeps, row: IncidentRow, say: GroupWords): Markup | string {
  const ids = cabinetsOf(row.scope, worldOf(deps));
  if (ids === undefined) return say('whole');
  const shown = ids
    .slice(0, NAMED_CABINETS)
    .map((id, index) => html`${index > 0 && ', '}<a href="/cabinets/${id}">${id}</a>`);
  const rest = ids.length - NAMED_CABINETS;
  return html`${ids.length === 0 ? html`<span class="none">—</span>` : shown}${rest > 0 && ` ${say('manyCabinets', { count: rest })}`}`;
}

function guide(deps: ConsoleDeps, row: IncidentRow, say: GroupWords): Markup {
  const places = mendPlaces(deps, row, say);
  return html`<section class="notice ${row.closedAt === null ? 'warn' : ''}"><h2>${say('whatToDo')}</h2>
<p lang="ru">${entryOf(row.code)?.remedy}</p>
${places.length > 0 && html`<h3>${say('mend')}</h3><ul>${places.map((place) => html`<li>${place}</li>`)}</ul>`}</section>`;
}

function buttons(
  deps: ConsoleDeps,
  viewer: Viewer,
  row: IncidentRow,
  hasMembers: boolean,
  say: GroupWords,
): Markup {
  const isCheck = isCheckable(deps, row.scope);
  const isResend = hasMembers && isResendable(row, worldOf(deps));
  return html`<div class="row">${isCheck && html`<form method="post" action="/errors/${row.id}/check"><input type="hidden" name="csrf" value="${viewer.csrf}"><button>${say('check')}</button></form>`}
${isResend && html`<a class="button" href="/errors/${row.id}/resend">${say('resend')}</a>`}</div>`;
}
