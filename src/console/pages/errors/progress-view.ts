import type { ResendProgress } from '../../../alerts/incident/resend.ts';
import { html, type Markup } from '../../web/html.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import type { GroupWords } from './group-words.ts';

/** How the newest wish to send the group again stands; it follows the server's events, and a reload shows it too. */
export function progressView(viewer: Viewer, progress: ResendProgress | undefined, say: GroupWords): Markup {
  if (progress === undefined) return html`<div id="resend-progress" data-refresh></div>`;
  const { total, given, waiting, done, again, finishedAt, who, why, createdAt } = progress;
  const settled = done + again;
  const isDone = finishedAt !== null && waiting === 0;
  return html`<section id="resend-progress" class="card" data-refresh aria-labelledby="resend-heading">
<h2 id="resend-heading">${say('progress')}</h2>
<p class="soft">${moment(viewer, createdAt)}, ${say('progressOf', { who, why })}</p>
<progress max="${Math.max(1, total)}" value="${isDone ? Math.max(1, total) : settled}" aria-label="${say('progress')}" ${!isDone && html`data-poll="3"`}></progress>
<p role="status">${isDone ? say('progressDone', { done, again }) : say('progressText', { given, total, waiting, done, again })}</p>
</section>`;
}
