import { html, type Markup } from '../../console/web/html.ts';
import type { Counts, PreviewFigures } from './figures.ts';
import { monthName, numberText } from './words.ts';

type Period = PreviewFigures['periods'][number];

/** Months of the chart; the table below it has all. */
export const CHART_MONTHS = 24;

/** Units of the picture: as wide as the narrowest screen, so that its letters never shrink. */
const WIDTH = 340;
const LABEL = 16;
const BAR = 15;
const GAP = 10;
const NUMBER = 62;
const PERIOD = LABEL + 3 * BAR + GAP;

const MEASURES = [
  { of: 'fresh', style: 'bar-new', name: 'новые' },
  { of: 'repeated', style: 'bar-rep', name: 'повторные' },
  { of: 'overdue', style: 'bar-late', name: 'просроченные' },
] as const satisfies readonly { of: keyof Counts; style: string; name: string }[];

/** Bars of new, repeated and overdue questions by month: each has its number and its own pattern besides its colour. */
export function chartOf(periods: readonly Period[]): Markup {
  const shown = periods.slice(-CHART_MONTHS);
  const largest = Math.max(1, ...shown.flatMap((period) => MEASURES.map(({ of }) => period[of])));
  const height = shown.length * PERIOD;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img"
aria-label="Новые, повторные и просроченные вопросы по месяцам; те же числа в таблице ниже">
<defs><pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" class="stripe"/></pattern>
<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1.6" class="dot"/></pattern></defs>
${shown.map((period, at) => periodBars(period, at * PERIOD, largest))}</svg>
<ul class="legend">${MEASURES.map(
    ({ style, name }) =>
      html`<li><svg viewBox="0 0 22 14" aria-hidden="true"><rect width="22" height="14" class="${style}"/></svg>${name}</li>`,
  )}</ul>`;
}

function periodBars(period: Period, top: number, largest: number): Markup {
  const bars = MEASURES.map(({ of, style, name }, at) => {
    const value = period[of];
    const width = Math.round(((WIDTH - NUMBER) * value) / largest);
    const y = top + LABEL + at * BAR;
    return html`<rect x="0" y="${y}" width="${width}" height="${BAR - 3}" class="${style}"><title>${name}: ${numberText(value)}</title></rect>
<text x="${width + 5}" y="${y + BAR - 5}">${numberText(value)}</text>`;
  });
  return html`<g><text x="0" y="${top + LABEL - 4}" font-weight="600">${monthName(period.period)}</text>${bars}</g>`;
}
