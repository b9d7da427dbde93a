import type { IncidentRow } from '../../../alerts/incident/rows.ts';
import { html, type Markup } from '../../web/html.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import type { ErrorWords } from './words.ts';

/** How an incident stands, in words: open or closed, who took it up, until when it is snoozed. */
export function stateMarks(viewer: Viewer, row: IncidentRow, say: ErrorWords): Markup {
  const { closedAt, acknowledgedBy, snoozedUntil } = row;
  if (closedAt !== null)
    return html`<span class="mark good">${say('isClosed')}</span> ${moment(viewer, closedAt)}`;
  const isSnoozed = snoozedUntil !== null && snoozedUntil.getTime() > Date.now();
  return html`${isSnoozed ? html`<span class="mark">${say('untilMark')}</span> ${moment(viewer, snoozedUntil)}` : html`<span class="mark bad">${say('isOpen')}</span>`}
${acknowledgedBy !== null && html` <span class="mark warn">${say('takenBy', { name: acknowledgedBy })}</span>`}`;
}
