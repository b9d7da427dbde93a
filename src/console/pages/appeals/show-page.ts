import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { stateMark } from '../../web/state-words.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { trouble } from '../trouble.ts';
import { cardsView } from './cards-view.ts';
import { deliveriesView } from './deliveries-view.ts';
import { type AppealFacts, readCards, readDeliveries, readFacts, readFiles } from './facts.ts';
import { filesView } from './files-view.ts';
import { SHOW_WORDS } from './show-words.ts';
import { isTimelineKey, MOST_PRINTED, type Order, readTimeline } from './timeline.ts';
import { timelineView } from './timeline-view.ts';

export type ShowWords = Say<keyof typeof SHOW_WORDS.ru>;

/** `/appeals/:id`: one appeal's whole journey. That it was looked at is written before anything of it is shown. */
export async function showPage(
  deps: ConsoleDeps,
  { viewer, params, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(SHOW_WORDS, viewer.lang);
  const id = params['id'] ?? '';
  const facts = /^\d{1,18}$/.test(id) ? await readFacts(deps.db, id) : undefined;
  if (facts === undefined) return gone(say);
  await writeAudit(deps.db, { who: viewer.login, action: 'appeal-viewed', object: `appeal:${id}` });
  const order: Order = query.get('order') === 'oldest' ? 'oldest' : 'newest';
  const all = query.get('all') === '1';
  const after = query.get('after') ?? '';
  const print = query.get('print') === '1';
  const isLater = !print && isTimelineKey(after);
  const [files, cards, deliveries, timeline] = await Promise.all([
    readFiles(deps.db, id),
    readCards(deps.db, id),
    readDeliveries(deps.db, id),
    readTimeline(deps.db, id, {
      order,
      all,
      ...(isLater ? { after } : {}),
      ...(print ? { size: MOST_PRINTED } : {}),
    }),
  ]);
  const showsNames = may(viewer.role, 'operator');
  const body = html`<p class="print-only">${say('print')}</p>
<div class="columns"><section aria-label="${say('facts')}" class="card"><h2>${say('facts')}</h2>${factsView(viewer, facts, deps.statusTitles ?? {}, say)}</section>
<section class="card" id="cards"><h2>${say('cards')}</h2>${cardsView(viewer, facts, cards, say)}</section>
<section class="card" id="files"><h2>${say('files')}</h2>${filesView(viewer, id, files, showsNames, say)}</section></div>
<section id="deliveries"><h2>${say('deliveries')}</h2>${deliveriesView(viewer, id, deliveries, say)}</section>
<section id="timeline"><h2>${say('timeline')}</h2>${timelineView(viewer, id, timeline, { order, all, isLater, print }, say)}</section>`;
  return { title: say('title', { posId: facts.posId }), body };
}

function gone(say: ShowWords): PageAnswer {
  const body = html`<p class="empty">${say('goneHint')}<br><a href="/appeals">${say('toSearch')}</a></p>`;
  return { title: say('gone'), body, status: 404 };
}

function factsView(
  viewer: Viewer,
  facts: AppealFacts,
  statusTitles: Readonly<Record<string, string>>,
  say: ShowWords,
): Markup {
  const kinds: Readonly<Record<string, string>> = { MESSAGE: say('message'), APPEAL_59FZ: say('appeal59') };
  const isRunning = facts.stage === 'open' || facts.stage === 'attention' || facts.stage === 'awaiting';
  const isLate =
    isRunning &&
    facts.answeredAt === null &&
    facts.answerAt !== null &&
    facts.answerAt.getTime() < Date.now();
  return html`<dl class="facts">
<dt>${say('stage')}</dt><dd>${stateMark(viewer.lang, 'appeal', facts.stage)} ${facts.stageReason !== null && facts.stageReason !== facts.stage && html`<small>${facts.stageReason}</small>`}</dd>
<dt>${say('cabinet')}</dt><dd><a href="/cabinets/${facts.cabinet}">${facts.cabinet}</a></dd>
<dt>${say('kind')}</dt><dd>${kinds[facts.kind] ?? facts.kind}</dd>
<dt>${say('status')}</dt><dd>${statusView(statusTitles, facts.status)}</dd>
<dt>${say('received')}</dt><dd>${moment(viewer, facts.receivedAt)}</dd>
<dt>${say('seen')}</dt><dd>${moment(viewer, facts.firstSeenAt)}</dd>
<dt>${say('due')}</dt><dd>${moment(viewer, facts.answerAt)}${isLate && html` <span class="mark bad">${say('overdue')}</span>`}</dd>
${facts.answeredAt !== null && html`<dt>${say('answered')}</dt><dd>${moment(viewer, facts.answeredAt)}</dd>`}
${facts.repeatOf !== null && html`<dt>${say('repeatOf')}</dt><dd><a href="/appeals?posId=${encodeURIComponent(facts.repeatOf)}">${facts.repeatOf}</a></dd>`}
</dl>${trouble(viewer.lang, facts.code, facts.detail)}`;
}

/** The platform's status in words, with its own name for those who speak with its support. */
function statusView(titles: Readonly<Record<string, string>>, status: string): Markup {
  const title = Object.hasOwn(titles, status) ? titles[status] : undefined;
  return title === undefined
    ? html`${status}`
    : html`<span lang="ru">${title}</span> <small><code>${status}</code></small>`;
}
