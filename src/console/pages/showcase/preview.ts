import { DateTime } from 'luxon';
import { readCategories } from '../../../rubrics/classifier-store.ts';
import { previewPage } from '../../../showcase/preview/page.ts';
import { PREVIEW_STYLE } from '../../../showcase/preview/style.ts';
import { html } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { PATIENCE_MS, type ShowcasePages } from './deps.ts';
import { WORDS } from './words.ts';

/** `/showcase/preview/:id`: the heat map as a page of its own; while it is counted, a page that says so. */
export async function heatMapPage(
  { console, showcases, figures }: ShowcasePages,
  { viewer, params, url }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const showcase = showcases.find(({ id }) => id === params['id']);
  if (showcase === undefined) {
    const body = html`<p>${say('goneHint')} <a href="/showcase">${say('title')}</a></p>`;
    return { title: say('goneTitle'), body, status: 404 };
  }
  const known = await figures.read(showcase.id, PATIENCE_MS);
  if (known === undefined) {
    const body = html`<p>${say('waitHint')}</p><p><a class="button" href="${url}">${say('again')}</a></p>`;
    return { title: say('waitTitle'), body };
  }
  const categories = await readCategories(console.db, { withRetired: true });
  const names = new Map(categories.map(({ subjectId, subject }) => [subjectId, subject]));
  const whole = previewPage({
    showcase: showcase.id,
    region: showcase.region,
    at: DateTime.fromJSDate(known.at, { zone: viewer.timeZone }).toFormat('dd.MM.yyyy HH:mm'),
    figures: known.value,
    categoryName: (subjectId) => names.get(subjectId),
    served: { stylesheet: '/showcase/preview.css', back: '/showcase' },
  });
  return { whole };
}

/** The style of that page: the console allows none inside of pages. */
export function previewStyle(): PageAnswer {
  return { download: { name: 'preview.css', type: 'text/css; charset=utf-8', content: PREVIEW_STYLE } };
}
