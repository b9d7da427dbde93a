import { findIncident } from '../../../alerts/incident/rows.ts';
import { cabinetsOf, readScope } from '../../../alerts/incident/scope.ts';
import { archiveChecks } from '../../../checks/archives.ts';
import { checkCabinetSteps } from '../../../checks/cabinet-steps.ts';
import { channelChecks } from '../../../checks/channels.ts';
import { type CheckArea, type CheckLine, type CheckTask, runChecks } from '../../../config/check.ts';
import { checkSmtp } from '../../../config/check-smtp.ts';
import type { Cabinet } from '../../../config/index.ts';
import { registerCabinets } from '../../../intake/cabinets.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { writeAudit } from '../../users/audit.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { type Say, speak, type Words } from '../../web/words.ts';

const WORDS = {
  ru: {
    title: 'Проверка соединения',
    back: 'К группе ошибок',
    step: 'Что проверено',
    outcome: 'Исход',
    ok: 'в порядке',
    failed: 'не получилось',
    skipped: 'не проверялось',
    nothing: 'Проверить нечего: в настройках этого больше нет.',
    login: 'Вход кабинета {name}',
    feed: 'Чтение ленты кабинета {name}',
    channel: 'Папки канала {name}',
    archive: 'Архив СЭД {name}',
    smtp: 'Почтовый сервер {name}',
  },
  en: {
    title: 'Check of the connection',
    back: 'To the group of errors',
    step: 'What was tried',
    outcome: 'Outcome',
    ok: 'all right',
    failed: 'failed',
    skipped: 'not tried',
    nothing: 'Nothing to check: the settings do not have it any more.',
    login: 'Log-in of the cabinet {name}',
    feed: 'Feed of the cabinet {name}',
    channel: 'Folders of the channel {name}',
    archive: 'СЭД archive {name}',
    smtp: 'Mail server {name}',
  },
} satisfies Words<string>;

interface Outcome {
  readonly step: 'login' | 'feed' | 'channel' | 'archive' | 'smtp';
  readonly name: string;
  readonly line?: CheckLine;
}

const STEP_MS = 20_000;

/** Whether there is a connection behind a scope that can be tried. */
export function isCheckable(deps: ConsoleDeps, scope: string): boolean {
  const read = readScope(scope);
  if (read.what === 'smtp') return deps.loaded.config.smtp !== undefined;
  if (read.what === 'channel' || read.what === 'archive') return true;
  return cabinetOf(deps, scope) !== undefined;
}

/** `POST /errors/:id/check`: tries what the group is about, step by step, and shows each outcome. */
export async function checkPage(deps: ConsoleDeps, { viewer, params }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const incident = await findIncident(deps.db, params['id'] ?? '');
  if (incident === undefined) return { goTo: '/errors' };
  const outcomes = await tryScope(deps, incident.scope);
  await writeAudit(deps.db, {
    who: viewer.login,
    action: 'connection-checked',
    object: `incident:${incident.id}`,
    data: Object.fromEntries(
      outcomes.map(({ step, line }) => [step, line === undefined ? null : (line.code ?? 'ok')]),
    ),
  });
  const body = html`<p><a href="/errors/${incident.id}">← ${say('back')}</a></p>
${outcomes.length === 0 ? html`<p class="empty">${say('nothing')}</p>` : table(outcomes, say)}`;
  return { title: say('title'), body };
}

function table(outcomes: readonly Outcome[], say: Say<keyof typeof WORDS.ru>): Markup {
  return html`<div class="table"><table class="rows"><thead><tr><th scope="col">${say('step')}</th><th scope="col">${say('outcome')}</th></tr></thead>
<tbody>${outcomes.map(
    ({ step, name, line }) =>
      html`<tr><th scope="row">${say(step, { name })}</th><td data-label="${say('outcome')}">${
        line === undefined
          ? html`<span class="mark">${say('skipped')}</span>`
          : line.ok
            ? html`<span class="mark good">${say('ok')}</span>`
            : html`<span class="mark bad">${say('failed')}</span> <code>${line.code ?? ''}</code><br><span lang="ru">${line.message}</span>`
      }</td></tr>`,
  )}</tbody></table></div>`;
}

async function tryScope(deps: ConsoleDeps, scope: string): Promise<readonly Outcome[]> {
  const { loaded } = deps;
  const read = readScope(scope);
  if (read.what === 'smtp') {
    const { smtp } = loaded.config;
    if (smtp === undefined) return [];
    const name = `${smtp.host}:${smtp.port}`;
    const run = async (signal: AbortSignal) => {
      await checkSmtp(smtp, () => loaded.secrets.smtpPassword(), signal);
      return undefined;
    };
    return await tryTask('smtp', 'smtp', { name, run });
  }
  if (read.what === 'channel') {
    const task = (await channelChecks(loaded)).find(({ name }) => name === read.channel);
    return task === undefined ? [] : await tryTask('channel', 'channel', task);
  }
  if (read.what === 'archive') {
    const task = (await archiveChecks(loaded)).find(({ name }) => name === read.archive);
    return task === undefined ? [] : await tryTask('archive', 'archive', task);
  }
  const cabinet = cabinetOf(deps, scope);
  if (cabinet === undefined) return [];
  await registerCabinets(deps.db, [cabinet]);
  const steps = await checkCabinetSteps(deps, cabinet);
  const name = { login: cabinet.id, feed: cabinet.id, channel: cabinet.channel, archive: cabinet.archive };
  return steps.flatMap(({ step, line }) => {
    const named = name[step];
    return named === undefined ? [] : [{ step, name: named, ...(line === undefined ? {} : { line }) }];
  });
}

async function tryTask(area: CheckArea, step: Outcome['step'], task: CheckTask): Promise<readonly Outcome[]> {
  const [line] = await runChecks({ [area]: [task] }, { timeoutMs: STEP_MS });
  return [{ step, name: task.name, ...(line === undefined ? {} : { line }) }];
}

/** The cabinet that a scope names; of the platform as a whole any that works. */
function cabinetOf(deps: ConsoleDeps, scope: string): Cabinet | undefined {
  const cabinets = deps.cabinets().filter(({ enabled }) => enabled);
  if (readScope(scope).what === 'platform') return cabinets[0];
  const named = cabinetsOf(scope, worldOf(deps));
  return cabinets.find(({ id }) => named?.includes(id));
}
