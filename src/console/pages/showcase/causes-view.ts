import { html, type Markup } from '../../web/html.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import { entryOf } from '../trouble.ts';
import type { CauseLine } from './causes.ts';
import { PATIENCE_MS, type ShowcasePages } from './deps.ts';
import { type FailedFilter, failedAddress } from './failed-filter.ts';
import { resendForm, type SayFailed } from './resend-form.ts';

/** Why records are not uploaded, by cause: how many, what to do, and what can be done here. */
export async function causesCard(
  { showcases, causes }: ShowcasePages,
  viewer: Viewer,
  filter: FailedFilter,
  say: SayFailed,
): Promise<Markup | undefined> {
  const shown = showcases.filter(({ id }) => filter.showcase === undefined || filter.showcase === id);
  const lists = await Promise.all(
    shown.map(async ({ id }) => ({ id, known: await causes.read(id, PATIENCE_MS) })),
  );
  const lines = lists.flatMap(({ id, known }) =>
    (known?.value ?? []).slice(0, 20).map((cause) => line(viewer, id, cause, say)),
  );
  const isCounting = lists.some(({ known }) => known === undefined);
  if (lines.length === 0 && !isCounting) return undefined;
  return html`<section><h2>${say('causes')}</h2>${isCounting && html`<p>${say('counting')}</p>`}
${lines.length > 0 && html`<div class="table"><table class="rows"><thead><tr><th scope="col">${say('cause')}</th><th scope="col">${say('showcase')}</th><th scope="col" class="number">${say('count')}</th><th scope="col">${say('remedy')}</th></tr></thead><tbody>${lines}</tbody></table></div>`}</section>`;
}

function line(viewer: Viewer, showcase: string, cause: CauseLine, say: SayFailed): Markup {
  const { code, platformCode, count, isCut } = cause;
  const entry = entryOf(code);
  const address = failedAddress({ showcase, code: platformCode === null ? code : platformCode });
  const mapThem =
    code === 'RUBRIC_NOT_MAPPED' &&
    html`<a class="button quiet" href="/rubrics/unmapped">${say('mapThem')}</a>`;
  const resend =
    platformCode !== null &&
    may(viewer.role, 'operator') &&
    html`<details><summary>${say('resend')}</summary>${resendForm(viewer, { showcase, code: platformCode }, '/showcase/failed', say)}</details>`;
  return html`<tr><th scope="row" lang="ru">${entry?.title ?? code} <small class="mono">${platformCode ?? code}</small></th>
<td data-label="${say('showcase')}">${showcase}</td>
<td class="number" data-label="${say('count')}"><a href="${address}" aria-label="${say('only')}: ${count}">${isCut && '> '}${count}</a></td>
<td data-label="${say('remedy')}"><p lang="ru">${entry?.remedy}</p>${mapThem}${resend}</td></tr>`;
}
