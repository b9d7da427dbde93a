import { DateTime } from 'luxon';
import type { Cabinet } from '../../../config/index.ts';
import { html, type Markup } from '../../web/html.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import type { BackfillLine } from './counters.ts';
import type { CabinetSay } from './list-page.ts';

/** Its last back-fills; days in the cabinet's zone, as they were asked for. */
export function backfillsView(
  viewer: Viewer,
  cabinet: Pick<Cabinet, 'timeZone'>,
  fills: readonly BackfillLine[],
  say: CabinetSay,
): Markup {
  if (fills.length === 0) return html`<p class="empty">${say('noFills')}</p>`;
  const dayOf = (at: Date) => DateTime.fromJSDate(at, { zone: cabinet.timeZone }).toFormat('dd.MM.yyyy');
  const rows = fills.map(
    (fill) => html`<tr><th scope="row">${dayOf(fill.from)} – ${dayOf(new Date(fill.to.getTime() - 1))}</th>
<td data-label="${say('reason')}">${fill.reason === 'command' ? say('command') : fill.reason === 'gap' ? say('gap') : fill.reason}</td>
<td class="number" data-label="${say('items')}">${fill.items}</td>
<td data-label="${say('begun')}">${moment(viewer, fill.createdAt)}</td>
<td data-label="${say('finished')}">${fill.finishedAt === null ? html`<span class="mark warn">${say('waits')}</span>` : moment(viewer, fill.finishedAt)}</td></tr>`,
  );
  return html`<div class="table"><table class="rows"><thead><tr><th scope="col">${say('backfill')}</th><th scope="col">${say('reason')}</th><th scope="col" class="number">${say('items')}</th><th scope="col">${say('begun')}</th><th scope="col">${say('finished')}</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
