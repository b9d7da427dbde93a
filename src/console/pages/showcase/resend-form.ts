import { html, type Markup } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import type { Say } from '../../web/words.ts';
import { whyField } from '../appeals/why.ts';
import { csrfField } from '../rubrics/parts.ts';
import type { FAILED_WORDS } from './failed-words.ts';

export type SayFailed = Say<keyof typeof FAILED_WORDS.ru>;

/** Sends again what the fields name. */
export function resendForm(
  viewer: Viewer,
  fields: Readonly<Record<string, string>>,
  back: string,
  say: SayFailed,
): Markup {
  const hidden = Object.entries({ ...fields, back }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return html`<form method="post" action="/showcase/resend" class="row">${csrfField(viewer)}${hidden}${whyField(say)}<button class="quiet">${say('resend')}</button></form>`;
}
