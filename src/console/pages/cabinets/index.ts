import { checkCabinetSteps } from '../../../checks/cabinet-steps.ts';
import type { Cabinet } from '../../../config/index.ts';
import { pauseCabinet, registerCabinets, resumeCabinet } from '../../../intake/cabinets.ts';
import { Fault } from '../../../model/errors.ts';
import { askBackfill } from '../../ask-backfill.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import type { PageAnswer, PageRequest, PageRoute } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { cabinetPage } from './cabinet-page.ts';
import { cabinetsPage } from './list-page.ts';
import { CABINET_WORDS } from './words.ts';

/** The list of cabinets, one of them, and what is done to it. */
export function cabinetRoutes(deps: ConsoleDeps): PageRoute[] {
  const section = 'cabinets';
  const post = (action: string, handle: PageRoute['handle']): PageRoute => ({
    method: 'POST',
    path: `/cabinets/:id/${action}`,
    role: 'operator',
    section,
    handle,
  });
  return [
    {
      method: 'GET',
      path: '/cabinets',
      role: 'viewer',
      section,
      handle: (request) => cabinetsPage(deps, request),
    },
    {
      method: 'GET',
      path: '/cabinets/:id',
      role: 'viewer',
      section,
      handle: ({ viewer, params }) => cabinetPage(deps, viewer, params['id'] ?? ''),
    },
    // A reload after a check, or a link kept of it, shows the cabinet.
    {
      method: 'GET',
      path: '/cabinets/:id/check',
      role: 'viewer',
      section,
      handle: async ({ params }) => ({ goTo: `/cabinets/${encodeURIComponent(params['id'] ?? '')}` }),
    },
    post('check', (request) => check(deps, request)),
    post('pause', (request) => pause(deps, request)),
    post('resume', (request) => resume(deps, request)),
    post('backfill', (request) => backfill(deps, request)),
  ];
}

/** The cabinet of the address. @throws Fault COMMAND_INVALID when the settings in force have none */
function cabinetOf(deps: ConsoleDeps, { params }: PageRequest): Cabinet {
  const found = deps.cabinets().find(({ id }) => id === params['id']);
  if (found === undefined) throw new Fault('COMMAND_INVALID', { detail: 'такого кабинета нет в настройках' });
  return found;
}

async function check(deps: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  const { viewer } = request;
  const cabinet = cabinetOf(deps, request);
  // One just put into the settings may have no row yet.
  await registerCabinets(deps.db, [cabinet]);
  const steps = await checkCabinetSteps(deps, cabinet);
  const outcomes = steps.map(({ step, line }) => [step, line === undefined ? null : (line.code ?? 'ok')]);
  await writeAudit(deps.db, {
    who: viewer.login,
    action: 'cabinet-checked',
    object: `cabinet:${cabinet.id}`,
    data: Object.fromEntries(outcomes),
  });
  return await cabinetPage(deps, viewer, cabinet.id, steps);
}

async function pause(deps: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  const { viewer, form } = request;
  const say = speak(CABINET_WORDS, viewer.lang);
  const cabinet = cabinetOf(deps, request);
  const why = reasonOf(form);
  await registerCabinets(deps.db, [cabinet]);
  const changed = await pauseCabinet(deps.dataSource, cabinet, `${why} (${viewer.login})`);
  if (changed) await audit(deps, request, 'cabinet-paused', why);
  return {
    goTo: `/cabinets/${cabinet.id}`,
    notice: { tone: changed ? 'good' : 'bad', text: say(changed ? 'pausedNotice' : 'pausedBefore') },
  };
}

async function resume(deps: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  const { viewer, form } = request;
  const say = speak(CABINET_WORDS, viewer.lang);
  const cabinet = cabinetOf(deps, request);
  const why = reasonOf(form);
  const { state, changed } = await resumeCabinet(deps.dataSource, cabinet);
  if (changed) await audit(deps, request, 'cabinet-resumed', why);
  const word = !changed ? 'resumedBefore' : state === 'blocked' ? 'resumedBlocked' : 'resumedNotice';
  const tone = changed && state === 'active' ? 'good' : 'bad';
  return { goTo: `/cabinets/${cabinet.id}`, notice: { tone, text: say(word) } };
}

async function backfill(deps: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  const { viewer, form } = request;
  const say = speak(CABINET_WORDS, viewer.lang);
  const cabinet = cabinetOf(deps, request);
  const why = reasonOf(form);
  const days = { from: form.text('from'), to: form.text('to'), forceCards: form.text('withCards') === '1' };
  const fields = { from: say('from'), to: say('to') };
  await askBackfill(deps, cabinet, days, fields, { who: viewer.login, why });
  return { goTo: `/cabinets/${cabinet.id}`, notice: { tone: 'good', text: say('asked') } };
}

async function audit(deps: ConsoleDeps, request: PageRequest, action: string, why: string): Promise<void> {
  const { viewer, params } = request;
  await writeAudit(deps.db, { who: viewer.login, action, object: `cabinet:${params['id'] ?? ''}`, why });
}
