import { UPLOAD_STATES, type UploadState } from '../../../showcase/records.ts';
import type { Queryable } from '../../../store/data-source.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { trouble } from '../trouble.ts';
import { listUploads, readUploadFilter, type UploadLine, uploadsAddress } from './upload-rows.ts';
import { WORDS } from './words.ts';

export type SayShowcase = Say<keyof typeof WORDS.ru>;
const PAGE = 50;

const STATES = {
  ready: { tone: '', word: 'uploadReady', means: 'meansReady' },
  sending: { tone: 'warn', word: 'uploadSending', means: 'meansSending' },
  polling: { tone: 'warn', word: 'uploadPolling', means: 'meansPolling' },
  settled: { tone: 'good', word: 'uploadSettled', means: 'meansSettled' },
  split: { tone: '', word: 'uploadSplit', means: 'meansSplit' },
  failed: { tone: 'bad', word: 'uploadFailed', means: 'meansFailed' },
} as const satisfies Record<
  UploadState,
  { tone: string; word: keyof typeof WORDS.ru; means: keyof typeof WORDS.ru }
>;

/** `/showcase/uploads`: all files, newest first, by keyset. */
export async function uploadsPage(
  db: Queryable,
  known: readonly string[],
  { viewer, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const filter = readUploadFilter(query, known);
  const rows = await listUploads(db, filter, PAGE + 1);
  const shown = rows.slice(0, PAGE);
  const { before, ...newest } = filter;
  const last = rows.length > PAGE ? shown.at(-1)?.id : undefined;
  const option = (value: string, text: string, chosen: string | undefined) =>
    html`<option value="${value}" ${value === (chosen ?? '') && html`selected`}>${text}</option>`;
  const body = html`<p><a href="/showcase">← ${say('title')}</a></p>
<form method="get" action="/showcase/uploads" class="row card" role="search">
<label>${say('showcase')} <select name="showcase">${option('', say('all'), filter.showcase)}${known.map((id) => option(id, id, filter.showcase))}</select></label>
<label>${say('state')} <select name="state">${option('', say('any'), filter.state)}${UPLOAD_STATES.map((state) => option(state, say(STATES[state].word), filter.state))}</select></label>
<button>${say('show')}</button></form>
<div id="uploads" data-refresh>${shown.length === 0 && Object.keys(filter).length > 0 ? html`<p class="empty">${say('noneFound')}</p>` : uploadsTable(viewer, shown, say)}</div>
${meanings(say)}
<p class="pager">${before !== undefined && html`<a href="${uploadsAddress(newest)}">${say('newest')}</a>`}${last !== undefined && html`<a class="button quiet" rel="next" href="${uploadsAddress({ ...filter, before: last })}">${say('older')}</a>`}</p>`;
  return { title: say('uploads'), body };
}

/** Files with their states, counts and what went wrong. */
export function uploadsTable(viewer: Viewer, rows: readonly UploadLine[], say: SayShowcase): Markup {
  if (rows.length === 0) {
    return html`<p class="empty"><b>${say('noUploads')}</b><br>${say('noUploadsHint')}</p>`;
  }
  const head = (word: keyof typeof WORDS.ru, style = '') =>
    html`<th scope="col" class="${style}">${say(word)}</th>`;
  return html`<div class="table"><table class="rows"><thead><tr>${head('upload')}${head('state')}${head('made')}${head('settledAt')}${head('recordsOf', 'number')}${head('acceptedOf', 'number')}${head('rejectedOf', 'number')}${head('problem')}</tr></thead>
<tbody>${rows.map((row) => line(viewer, row, say))}</tbody></table></div>`;
}

function line(viewer: Viewer, row: UploadLine, say: SayShowcase): Markup {
  const { tone, word } = STATES[row.state];
  const isWaiting = row.state === 'ready' || row.state === 'sending' || row.state === 'polling';
  const count = (value: number | null) => value ?? '—';
  // The platform's words may quote a citizen.
  const detail = may(viewer.role, 'operator') ? row.errorDetail : null;
  const tries =
    isWaiting &&
    row.attempts > 1 &&
    html` <small>${say('attempts', { count: row.attempts })}, ${say('nextTry')} ${moment(viewer, row.nextTryAt)}</small>`;
  return html`<tr><th scope="row">${row.showcase} №${row.id} ${row.parentId !== null && html`<small>${say('piece', { id: row.parentId })}</small>`}</th>
<td data-label="${say('state')}"><span class="mark ${tone}">${say(word)}</span>${tries}</td>
<td data-label="${say('made')}">${moment(viewer, row.createdAt)}</td><td data-label="${say('settledAt')}">${moment(viewer, row.settledAt)}</td>
<td class="number" data-label="${say('recordsOf')}">${row.records}</td><td class="number" data-label="${say('acceptedOf')}">${count(row.accepted)}</td><td class="number" data-label="${say('rejectedOf')}">${count(row.rejected)}</td>
<td data-label="${say('problem')}">${trouble(viewer.lang, row.errorCode, detail) ?? '—'}</td></tr>`;
}

/** What each state of a file means. */
export function meanings(say: SayShowcase): Markup {
  const items = UPLOAD_STATES.map((state) => {
    const { tone, word, means } = STATES[state];
    return html`<dt><span class="mark ${tone}">${say(word)}</span></dt><dd>${say(means)}</dd>`;
  });
  return html`<details><summary>${say('meaningsTitle')}</summary><dl class="facts">${items}</dl></details>`;
}
