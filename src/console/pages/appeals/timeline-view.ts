import { html, type Markup } from '../../web/html.ts';
import { day, moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { entryOf } from '../trouble.ts';
import { entryTone, titleOf } from './event-words.ts';
import type { ShowWords } from './show-page.ts';
import { MOST_PRINTED, type Order, type Timeline, type TimelineEntry } from './timeline.ts';

interface TimelineOptions {
  readonly order: Order;
  readonly all: boolean;
  /** Not its first page. */
  readonly isLater: boolean;
  /** All at once, to be printed. */
  readonly print: boolean;
}

/** What happened, entry by entry; raw messages are a page of their own, for those who may see them. */
export function timelineView(
  viewer: Viewer,
  appealId: string,
  timeline: Timeline,
  { order, all, isLater, print }: TimelineOptions,
  say: ShowWords,
): Markup {
  const at = (change: { order?: Order; all?: boolean; print?: boolean; after?: string }) => {
    const asked = { order, all, print, ...change };
    const query = new URLSearchParams({
      ...(asked.order === 'oldest' ? { order: 'oldest' } : {}),
      ...(asked.all ? { all: '1' } : {}),
      ...(asked.print ? { print: '1' } : {}),
      ...(asked.after === undefined ? {} : { after: asked.after }),
    });
    return `/appeals/${appealId}${query.size === 0 ? '' : `?${query}`}#timeline`;
  };
  const other = order === 'newest' ? 'oldest' : 'newest';
  const more = (after: string) =>
    print
      ? html`<p>${say('printCut', { count: String(MOST_PRINTED) })}</p>`
      : html`<p class="pager"><a class="button" rel="next" href="${at({ after })}">${say('more')}</a></p>`;
  return html`<p class="pager no-print"><a href="${at({ order: other })}">${say(other)}</a><a href="${at({ all: !all })}">${say(all ? 'brief' : 'all')}</a>${isLater && html`<a href="${at({})}">${say('first')}</a>`}<a href="${at({ print: !print })}">${say(print ? 'fromPrint' : 'toPrint')}</a></p>
${print && html`<p class="no-print"><small>${say('printHint')}</small></p>`}
${timeline.entries.length === 0 ? html`<p class="empty">${say('noTimeline')}</p>` : html`<ol class="timeline">${timeline.entries.map((entry) => entryView(viewer, appealId, entry, say))}</ol>`}
${timeline.next !== undefined && more(timeline.next)}`;
}

function entryView(viewer: Viewer, appealId: string, entry: TimelineEntry, say: ShowWords): Markup {
  const isOperator = may(viewer.role, 'operator');
  const facts = factsOf(entry, isOperator, say);
  const code = entry.code === null ? undefined : (entryOf(entry.code)?.title ?? entry.code);
  return html`<li class="${entryTone(entry)}">${moment(viewer, entry.at)} <b>${titleOf(viewer.lang, entry)}</b>
${facts !== '' && html`<br><small>${facts}</small>`}${code !== undefined && html`<br><small lang="ru">${code}</small>`}
${entry.hasRaw && isOperator && html` <a class="no-print" href="/appeals/${appealId}/raw/${entry.source}/${entry.id}">${say(rawWord(entry))}</a>`}</li>`;
}

/** What begins with a day as people write it; nothing stays nothing. */
function dayIn(text: string): string {
  return text === '' ? '' : day(text);
}

function rawWord({ source }: TimelineEntry): 'raw' | 'outgoing' | 'call' {
  return source === 'package' ? 'outgoing' : source === 'delivery' ? 'call' : 'raw';
}

/** Plain values that are worth a line. What the СЭД wrote in its refusal may name people: operators only. */
function factsOf({ source, data }: TimelineEntry, isOperator: boolean, say: ShowWords): string {
  const text = (name: string) => {
    const value = data[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const joined = (...parts: readonly string[]) => parts.filter((part) => part !== '').join(' · ');
  switch (source) {
    case 'package':
      return joined(text('channel'), text('messageDir'), isOperator ? text('failure') : '');
    case 'message':
      return joined(text('channel'), text('messageDir'));
    case 'event':
      return joined(text('number'), dayIn(text('date')), dayIn(text('deadline')));
    case 'delivery':
      return joined(text('rule'), text('detail'));
    case 'audit':
      return say('byWhom', { who: text('who'), why: text('why') || '—' });
    case 'journal':
      return joined(text('rule'), text('detail'), text('why'), text('value'));
    default:
      return '';
  }
}
