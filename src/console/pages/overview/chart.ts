import { html, type Markup } from '../../web/html.ts';

export interface Bar {
  /** Under the bar, where there is room. */
  readonly label: string;
  readonly value: number;
  readonly text: string;
}

export interface ChartOptions {
  /** Told to who does not see it: what the chart shows, in one sentence. */
  readonly summary: string;
  /** Unique in the page. */
  readonly id: string;
  readonly bars: readonly Bar[];
  /** Every n-th bar has its label under it. */
  readonly labelEvery?: number;
}

const WIDTH = 480;
const HEIGHT = 110;
const FOOT = 18;
const HEAD = 14;

/** Upright bars over time; drawn here, so it is there without scripts and prints. */
export function barChart({ summary, id, bars, labelEvery = 1 }: ChartOptions): Markup {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const step = WIDTH / Math.max(1, bars.length);
  const room = HEIGHT - FOOT - HEAD;
  const drawn = bars.map((bar, index) => {
    const height = bar.value === 0 ? 0 : Math.max(1.5, (bar.value / most) * room);
    const x = index * step;
    const isLabelled = index % labelEvery === 0;
    return html`<g><title>${bar.label}: ${bar.text}</title><rect class="bar" x="${fix(x + 1)}" y="${fix(HEIGHT - FOOT - height)}" width="${fix(Math.max(1, step - 2))}" height="${fix(height)}" rx="1"/>${isLabelled && html`<text x="${fix(x + step / 2)}" y="${HEIGHT - 5}" text-anchor="middle">${bar.label}</text>`}</g>`;
  });
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}"><title id="${id}">${summary}</title>
<line class="axis" x1="0" x2="${WIDTH}" y1="${HEIGHT - FOOT}" y2="${HEIGHT - FOOT}"/>${bars.some(({ value }) => value > 0) && html`<text x="0" y="10">${most}</text>`}${drawn}</svg>`;
}

const ROW = 24;
const NAME = 130;

/** Lying bars, one a row: for names. */
export function rowChart({ summary, id, bars }: ChartOptions): Markup {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const height = Math.max(1, bars.length) * ROW;
  const room = WIDTH - NAME - 70;
  const drawn = bars.map((bar, index) => {
    const y = index * ROW;
    const width = Math.max(1.5, (bar.value / most) * room);
    return html`<g><text x="0" y="${y + 16}">${cut(bar.label)}</text><rect class="bar" x="${NAME}" y="${y + 5}" width="${fix(width)}" height="${ROW - 10}" rx="1"/><text x="${fix(NAME + width + 6)}" y="${y + 16}">${bar.text}</text></g>`;
  });
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}"><title id="${id}">${summary}</title>${drawn}</svg>`;
}

function fix(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function cut(label: string): string {
  const signs = [...label];
  return signs.length > 20 ? `${signs.slice(0, 19).join('')}…` : label;
}
