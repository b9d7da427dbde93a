import { DateTime } from 'luxon';
import type { CabinetHealth } from '../../cabinet-rows.ts';
import { lengthOf } from '../../web/duration.ts';
import { html, type Markup } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import type { OverviewSay } from './alarms-view.ts';
import { barChart, rowChart } from './chart.ts';
import type { HourFigures } from './hours.ts';

const SERIES = [
  ['appeals', 'appealsHour'],
  ['cards', 'cardsHour'],
  ['answers', 'answersHour'],
] as const;

/** Three small charts of the last day, and the same numbers as a table for who cannot see them. */
export function hourCharts(viewer: Viewer, hours: readonly HourFigures[], say: OverviewSay): Markup {
  const hourOf = (at: Date) => DateTime.fromJSDate(at, { zone: viewer.timeZone }).toFormat('HH');
  const charts = SERIES.map(([field, word]) => {
    const bars = hours.map((hour) => ({
      label: hourOf(hour.at),
      value: hour[field],
      text: hour[field].toLocaleString(viewer.lang),
    }));
    const total = hours.reduce((sum, hour) => sum + hour[field], 0);
    const top = bars.reduce((best, bar) => (bar.value > best.value ? bar : best), bars[0] ?? NO_BAR);
    const summary =
      total === 0
        ? say('chartNone', { what: say(word) })
        : say('chart', {
            what: say(word),
            total: total.toLocaleString(viewer.lang),
            hour: `${top.label}:00`,
            most: top.text,
          });
    return html`<figure class="card"><figcaption><b>${total.toLocaleString(viewer.lang)}</b> ${say(word)}</figcaption>${barChart({ summary, id: `chart-${field}`, bars, labelEvery: 3 })}</figure>`;
  });
  const rows = hours.map(
    (hour) =>
      html`<tr><th scope="row">${hourOf(hour.at)}:00</th><td class="number">${hour.appeals}</td><td class="number">${hour.cards}</td><td class="number">${hour.answers}</td></tr>`,
  );
  return html`<p class="hint">${say('hoursZone', { zone: viewer.timeZone })}</p><div class="columns">${charts}</div>
<details><summary>${say('table')}</summary><div class="table"><table><thead><tr><th scope="col">${say('hour')}</th><th scope="col" class="number">${say('appealsHour')}</th><th scope="col" class="number">${say('cardsHour')}</th><th scope="col" class="number">${say('answersHour')}</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

const NO_BAR = { label: '', value: 0, text: '0' };
const MOST_LAGS = 8;

/** The cabinets that lag most. */
export function lagChart(viewer: Viewer, cabinets: readonly CabinetHealth[], say: OverviewSay): Markup {
  const read = cabinets
    .filter(({ lag }) => lag !== null)
    .sort((a, b) => (b.lag ?? 0) - (a.lag ?? 0))
    .slice(0, MOST_LAGS);
  if (read.length === 0) return html`<p class="empty">${say('lagNone')}</p>`;
  const bars = read.map(({ config, lag }) => ({
    label: config.id,
    value: lag ?? 0,
    text: lengthOf(lag, viewer.lang),
  }));
  const list = bars.map(({ label, text }) => `${label} ${text}`).join(', ');
  return html`${rowChart({ summary: say('lagChart', { list }), id: 'chart-lag', bars })}<p class="hint">${say('lagHint')}</p>`;
}
