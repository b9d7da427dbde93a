import type { CabinetHealth } from '../../cabinet-rows.ts';
import type { RiskLine, TermRisk, TermRisks } from '../../terms.ts';
import { html, type Markup } from '../../web/html.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import { entryOf } from '../trouble.ts';
import { bounded, type OverviewSay } from './alarms-view.ts';
import type { Figures, ShowcaseLine } from './figures.ts';

/** Numbers of what goes its way. */
export function figuresView(
  viewer: Viewer,
  figures: Figures,
  cabinets: readonly CabinetHealth[],
  say: OverviewSay,
): Markup {
  const enabled = cabinets.filter(({ config }) => config.enabled);
  const working = enabled.filter(({ state }) => state === 'active').length;
  const all = Math.round(figures.appeals).toLocaleString(viewer.lang);
  return html`<div class="card"><ul class="figures">
<li><b>${figures.appealsAreExact ? all : say('about', { count: all })}</b> <a href="/appeals">${say('appeals')}</a></li>
<li><b>${working.toLocaleString(viewer.lang)}</b> <a href="/cabinets">${say('cabinetsWork', { all: enabled.length })}</a></li>
<li><b>${bounded(figures.cardsWaiting, viewer, say)}</b> ${say('cardsWaiting')}</li>
<li><b>${bounded(figures.deliveriesWaiting, viewer, say)}</b> ${say('deliveriesWaiting')}</li></ul></div>`;
}

/** Terms that are over or end soon, and the next ones by name. */
export function termsView(
  viewer: Viewer,
  { counts, most, nearest, unresolvedOf }: TermRisks,
  say: OverviewSay,
): Markup {
  const figure = (risk: TermRisk) => {
    const count = counts[risk];
    const text =
      count > most
        ? say('more', { count: most.toLocaleString(viewer.lang) })
        : count.toLocaleString(viewer.lang);
    return html`<li><b>${text}</b> ${count === 0 ? say(risk) : html`<a href="/appeals?term=${risk}">${say(risk)}</a>`}</li>`;
  };
  return html`<ul class="figures">${figure('overdue')}${figure('soon')}${figure('unresolved')}</ul>
${unresolvedOf !== undefined && html`<p class="hint">${say('unresolvedOf', { count: unresolvedOf.toLocaleString(viewer.lang) })}</p>`}
${nearest.length === 0 ? html`<p class="none">${say('noTerms')}</p>` : nearestView(viewer, nearest, say)}`;
}

function nearestView(viewer: Viewer, lines: readonly RiskLine[], say: OverviewSay): Markup {
  const rows = lines.map(
    (line) =>
      html`<tr><th scope="row"><a href="/appeals/${line.id}">${line.posId}</a></th><td data-label="${say('due')}">${moment(viewer, line.answerAt)}</td><td data-label="${say('card')}">${line.cardNumber ?? '—'}</td><td data-label="${say('cabinet')}">${line.cabinet}</td></tr>`,
  );
  return html`<h3>${say('nearest')}</h3><table class="rows"><thead><tr><th scope="col">${say('appeal')}</th><th scope="col">${say('due')}</th><th scope="col">${say('card')}</th><th scope="col">${say('cabinet')}</th></tr></thead><tbody>${rows}</tbody></table>`;
}

/** The last pass and upload of each showcase. */
export function showcasesView(viewer: Viewer, lines: readonly ShowcaseLine[], say: OverviewSay): Markup {
  if (lines.length === 0) return html`<p class="empty">${say('noShowcase')}</p>`;
  const rows = lines.map((line) => {
    const isNever = line.builtAt === null && !line.running;
    const built = line.running
      ? html`<span class="mark">${say('running')}</span>`
      : html`${say('built')} ${moment(viewer, line.builtAt)}`;
    const code =
      line.code === null
        ? undefined
        : html`<br><span class="mark bad">${line.code}</span> <span lang="ru">${entryOf(line.code)?.title ?? ''}</span>`;
    const open =
      line.open > 0 &&
      html`<br><span class="mark warn">${say('open', { count: bounded(line.open, viewer, say) })}</span>`;
    const told =
      line.accepted !== null &&
      html`<br>${say('sent')} ${moment(viewer, line.sentAt)}: ${say('accepted', { accepted: line.accepted, rejected: line.rejected ?? 0 })}`;
    return html`<li><b>${line.id}</b> ${isNever ? html`<span class="none">${say('never')}</span>` : built}${told}${open}${code}</li>`;
  });
  return html`<ul class="plain">${rows}</ul><p><a href="/showcase">${say('toShowcase')}</a></p>`;
}
