import type { CabinetStep, StepLine } from '../../../checks/cabinet-steps.ts';
import { html, type Markup } from '../../web/html.ts';
import type { CabinetSay } from './list-page.ts';

const STEP_WORDS = {
  login: 'login',
  feed: 'feed',
  channel: 'channelStep',
  archive: 'archiveStep',
} as const satisfies Readonly<Record<CabinetStep, string>>;

/** What each step of a check said, with code and remedy where it failed. */
export function checkView(steps: readonly StepLine[], say: CabinetSay): Markup {
  return html`<section class="card" id="check" tabindex="-1"><h2>${say('checked')}</h2><table class="rows">
<thead><tr><th scope="col">${say('step')}</th><th scope="col">${say('outcome')}</th><th scope="col" class="number">${say('time')}</th></tr></thead>
<tbody>${steps.map((step) => stepView(step, say))}</tbody></table></section>`;
}

function stepView({ step, line }: StepLine, say: CabinetSay): Markup {
  const name = say(STEP_WORDS[step]);
  if (line === undefined) {
    const why = say(step === 'archive' ? 'noArchive' : 'stepBefore');
    return html`<tr><th scope="row">${name}</th><td data-label="${say('outcome')}"><span class="mark">${say('skipped')}</span> <small>${why}</small></td><td></td></tr>`;
  }
  const mark = line.ok
    ? html`<span class="mark good">${say('ok')}</span>`
    : html`<span class="mark bad">${say('failed')}</span> <code>${line.code ?? ''}</code><br><span lang="ru">${line.message}</span>`;
  return html`<tr><th scope="row">${name}</th><td data-label="${say('outcome')}">${mark}</td><td class="number" data-label="${say('time')}">${say('ms', { ms: line.ms })}</td></tr>`;
}
