import {
  acknowledgeIncident,
  closeIncident,
  noteIncident,
  snoozeIncident,
} from '../../../alerts/incident/commands.ts';
import { resendIncident } from '../../../alerts/incident/resend.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { plural, speak, type Words } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { SNOOZE_HOURS } from './handling-view.ts';

const WORDS = {
  ru: {
    acknowledged: 'Группа взята в работу.',
    snoozed: 'Группа отложена.',
    woken: 'Группа возвращена из отложенных.',
    noted: 'Заметка сохранена.',
    closed: 'Группа закрыта. Если причина осталась, она откроется снова.',
    resent: 'Отправляются снова: {count}.',
  },
  en: {
    acknowledged: 'The group is taken up.',
    snoozed: 'The group is snoozed.',
    woken: 'The group is awake again.',
    noted: 'The note is saved.',
    closed: 'The group is closed. If the cause is still there, it opens again.',
    resent: 'Sent again: {count}.',
  },
} satisfies Words<string>;

function done(request: PageRequest, key: keyof typeof WORDS.ru, values = {}): PageAnswer {
  const text = speak(WORDS, request.viewer.lang)(key, values);
  return { goTo: `/errors/${idOf(request)}`, notice: { tone: 'good', text } };
}

function idOf({ params }: PageRequest): string {
  return /^\d{1,18}$/.exec(params['id'] ?? '')?.[0] ?? '0';
}

export async function acknowledgeAction(
  { dataSource }: ConsoleDeps,
  request: PageRequest,
): Promise<PageAnswer> {
  await acknowledgeIncident(dataSource, idOf(request), request.viewer.login);
  return done(request, 'acknowledged');
}

export async function snoozeAction({ dataSource }: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  const wish = request.form.text('for');
  const hours = Object.entries(SNOOZE_HOURS).find(([name]) => name === wish)?.[1];
  const until = hours === undefined ? null : new Date(Date.now() + hours * 3_600_000);
  await snoozeIncident(dataSource, idOf(request), until, request.viewer.login);
  return done(request, until === null ? 'woken' : 'snoozed');
}

export async function noteAction({ dataSource }: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  await noteIncident(dataSource, idOf(request), request.form.text('note'), request.viewer.login);
  return done(request, 'noted');
}

export async function closeAction({ dataSource }: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  await closeIncident(dataSource, idOf(request), request.viewer.login, reasonOf(request.form));
  return done(request, 'closed');
}

/** Sends the whole group again; the rest goes on by itself, and the group's page shows how far it is. */
export async function resendAction(deps: ConsoleDeps, request: PageRequest): Promise<PageAnswer> {
  const { viewer, form } = request;
  const why = reasonOf(form);
  const { total } = await resendIncident(deps.dataSource, idOf(request), worldOf(deps), viewer.login, why);
  const count = viewer.lang === 'ru' ? plural(total, 'отправка', 'отправки', 'отправок') : total;
  return done(request, 'resent', { count });
}
