import { DateTime } from 'luxon';
import { html, type Markup } from './html.ts';
import type { Viewer } from './viewer.ts';

/** A moment for the viewer: «21.11.2026 14:05» in his zone, how long ago in the title; «—» when there is none. */
export function moment(viewer: Pick<Viewer, 'lang' | 'timeZone'>, at: Date | null | undefined): Markup {
  if (at === null || at === undefined) return html`<span class="none">—</span>`;
  const local = DateTime.fromJSDate(at, { zone: viewer.timeZone }).setLocale(viewer.lang);
  const title = local.toRelative() ?? '';
  return html`<time datetime="${at.toISOString()}" title="${title}">${local.toFormat('dd.MM.yyyy HH:mm')}</time>`;
}

/** A day as the data has it, `YYYY-MM-DD`, as people write it. */
export function day(text: string | null | undefined): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)/.exec(text ?? '');
  return match === null ? '—' : `${match[3]}.${match[2]}.${match[1]}`;
}
