import { html, type Markup } from '../../console/web/html.ts';
import { CHART_MONTHS, chartOf } from './chart.ts';
import type { Counts, PreviewFigures } from './figures.ts';
import { heatOf, type Matrix, matrixOf } from './matrix.ts';
import { PREVIEW_STYLE } from './style.ts';
import { monthName, numberText, placeName } from './words.ts';

export interface PreviewPage {
  /** Id of the showcase, and its region. */
  readonly showcase: string;
  readonly region: string;
  /** When it was counted, as a person reads it. */
  readonly at: string;
  readonly figures: PreviewFigures;
  /** Served by a site that allows no style inside of a page: where the style is, and the way back. */
  readonly served?: { readonly stylesheet: string; readonly back: string };
  /** Name of a category by its id; undefined when the imported classifier has none. */
  categoryName(subjectId: string): string | undefined;
}

const MEASURES = [
  { of: 'total', name: 'Все' },
  { of: 'fresh', name: 'Новые' },
  { of: 'repeated', name: 'Повторные' },
  { of: 'overdue', name: 'Просроченные' },
] as const satisfies readonly { of: keyof Counts; name: string }[];

/**
 * The showcase as the platform's heat map will show it: one file that needs nothing from outside and no scripts. Every
 * colour has its number beside it.
 */
export function previewPage(page: PreviewPage): string {
  const { showcase, region, at, figures } = page;
  const { total } = figures;
  const body = html`${backOf(page)}<h1>Витрина данных: предварительный просмотр</h1>
<p class="soft">Витрина «${showcase}», регион ${region}. Посчитано ${at}.</p>
<dl>${fact('вопросов в витрине', total.total)}${fact('из них принято платформой', total.accepted)}${fact('повторных', total.repeated)}${fact('просроченных', total.overdue)}</dl>
${total.total === 0 ? html`<p>В витрине пока нет ни одного вопроса, который можно выгрузить.</p>` : sections(page)}`;
  return `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${html`Витрина ${showcase}: предварительный просмотр`.markup}</title>
${styleOf(page)}</head>
<body><main>${body.markup}</main></body></html>
`;
}

function styleOf({ served }: PreviewPage): string {
  if (served === undefined) return `<style>${PREVIEW_STYLE}</style>`;
  return html`<link rel="stylesheet" href="${served.stylesheet}">`.markup;
}

function backOf({ served }: PreviewPage): Markup | undefined {
  return served === undefined ? undefined : html`<p><a href="${served.back}">← В консоль</a></p>`;
}

function fact(name: string, value: number): Markup {
  return html`<div><dt>${name}</dt><dd>${numberText(value)}</dd></div>`;
}

function sections({ figures, categoryName }: PreviewPage): Markup {
  const matrix = matrixOf(figures);
  const more =
    figures.periods.length > CHART_MONTHS
      ? html`<p class="soft">На рисунке последние ${CHART_MONTHS} месяца, в таблице все.</p>`
      : '';
  return html`<section aria-labelledby="map"><h2 id="map">Муниципалитеты и категории</h2>
${MEASURES.map(
  ({ of }, index) =>
    html`<input type="radio" class="pick" name="measure" id="m-${of}"${index === 0 ? CHECKED : ''}>`,
)}<div class="tabs">${MEASURES.map(({ of, name }) => html`<label for="m-${of}">${name}</label>`)}</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="map">${matrixTable(matrix, categoryName)}</div></section>
<section aria-labelledby="time"><h2 id="time">По месяцам регистрации</h2>${more}${chartOf(figures.periods)}
<div class="scroll" tabindex="0" role="region" aria-labelledby="time">${periodTable(figures.periods)}</div></section>`;
}

const CHECKED: Markup = { markup: ' checked' };

function matrixTable({ rows, categories, largest }: Matrix, nameOf: PreviewPage['categoryName']): Markup {
  const head = categories.map(
    ({ subjectId }) =>
      html`<th scope="col" class="name">${nameOf(subjectId) ?? `категория ${subjectId}`}</th>`,
  );
  const lines = rows.map(
    ({ oktmo, sum, cells }) =>
      html`<tr><th scope="row">${placeName(oktmo)}</th>${cell(sum)}${cells.map((counts) => cell(counts, largest))}</tr>
`,
  );
  return html`<table><thead><tr><th scope="col">ОКТМО</th><th scope="col" class="name">Всего</th>${head}</tr></thead>
<tbody>${lines}</tbody></table>`;
}

/** A cell tells all its measures; the chosen one is seen. Without a largest it has no heat: a sum. */
function cell(counts: Counts | undefined, largest?: Counts): Markup {
  return html`<td class="cell">${MEASURES.map(({ of }) => {
    const value = counts?.[of] ?? 0;
    const heat = largest === undefined ? '' : ` h${heatOf(value, largest[of])}`;
    return html`<span class="m-${of}${heat}">${numberText(value)}</span>`;
  })}</td>`;
}

function periodTable(periods: PreviewFigures['periods']): Markup {
  const lines = periods.map(
    (period) =>
      html`<tr><th scope="row">${monthName(period.period)}</th>${MEASURES.map(({ of }) => html`<td>${numberText(period[of])}</td>`)}</tr>
`,
  );
  return html`<table><thead><tr><th scope="col">Месяц</th>${MEASURES.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${lines}</tbody></table>`;
}
