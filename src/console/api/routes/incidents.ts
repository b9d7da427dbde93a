import { z } from 'zod';
import {
  acknowledgeIncident,
  closeIncident,
  noteIncident,
  snoozeIncident,
} from '../../../alerts/incident/commands.ts';
import { previewResend, resendIncident, resendProgress } from '../../../alerts/incident/resend.ts';
import {
  findIncident,
  INCIDENT_ORDERS,
  INCIDENT_STATES,
  type IncidentRow,
  listIncidents,
  nextOf,
} from '../../../alerts/incident/rows.ts';
import { scopeWords } from '../../../alerts/incident/scope-words.ts';
import { codeEntry } from '../../../model/code-entry.ts';
import { ERROR_KINDS } from '../../../model/errors.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { Refusal } from '../problem.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { code, id, limit, moment, why } from '../schemas.ts';

const params = z.object({ id });
const done = z.object({ id, done: z.literal(true) });

const incident = z.object({
  id,
  code: z.string(),
  kind: z.enum(ERROR_KINDS),
  title: z.string().describe('Что случилось'),
  remedy: z.string().describe('Что делать'),
  scope: z.string().describe('Где: cabinet:ID, channel:ID, platform'),
  where: z.string().describe('То же словами: «Кабинет Мэрия (city)»'),
  detail: z.string().nullable(),
  count: z.number().describe('Сколько раз'),
  openedAt: moment,
  lastAt: moment,
  closedAt: moment.nullable(),
  acknowledgedBy: z.string().nullable(),
  acknowledgedAt: moment.nullable(),
  snoozedUntil: moment.nullable(),
  note: z.string().nullable(),
});

const progress = z.object({
  id,
  who: z.string(),
  why: z.string(),
  createdAt: moment,
  finishedAt: moment.nullable().describe('Когда отданы все'),
  total: z.int(),
  given: z.int().describe('Отдано на отправку; из них:'),
  waiting: z.int().describe('ещё идут'),
  done: z.int().describe('дошли'),
  again: z.int().describe('снова отклонены'),
});

/** Groups of equal failures and what a person does about them. */
export function incidentApiRoutes(deps: ConsoleDeps): ApiRoute[] {
  const { db, dataSource } = deps;
  const world = () => worldOf(deps);
  const shown = (row: IncidentRow) => {
    const { kind, title, remedy } = codeEntry(row.code);
    return { ...row, kind, title, remedy, where: scopeWords(row.scope, world()) };
  };
  const write = { role: 'operator', scope: 'incidents:write', method: 'POST', params } as const;
  return [
    apiRoute({
      method: 'GET',
      path: '/incidents',
      role: 'viewer',
      scope: 'incidents:read',
      summary: 'Инциденты: группы одинаковых ошибок',
      query: z.strictObject({
        state: z.enum(INCIDENT_STATES).default('open'),
        order: z.enum(INCIDENT_ORDERS).default('new').describe('new — новые сверху, large — большие сверху'),
        code: code.optional(),
        after: z.string().max(40).optional().describe('Место, с которого продолжить: поле next'),
        limit,
      }),
      answer: z.object({ items: z.array(incident), next: z.string().nullable() }),
      async handle({ query: { state, order, code, after, limit } }) {
        const rows = await listIncidents(db, {
          state,
          order,
          limit: limit + 1,
          ...(code === undefined ? {} : { codes: [code] }),
          ...(after === undefined ? {} : { after }),
        });
        const items = rows.slice(0, limit);
        const last = rows.length > limit ? items.at(-1) : undefined;
        return { items: items.map(shown), next: last === undefined ? null : nextOf(order, last) };
      },
    }),
    apiRoute({
      method: 'GET',
      path: '/incidents/:id',
      role: 'viewer',
      scope: 'incidents:read',
      summary: 'Один инцидент и ход его повторной отправки',
      params,
      answer: z.object({ incident, resend: progress.nullable() }),
      async handle({ params: { id } }) {
        const row = await findIncident(db, id);
        if (row === undefined) throw new Refusal(404, 'API_NOT_FOUND', 'такого инцидента нет');
        return { incident: shown(row), resend: (await resendProgress(db, id)) ?? null };
      },
    }),
    apiRoute({
      ...write,
      path: '/incidents/:id/acknowledge',
      summary: 'Взять инцидент на себя',
      answer: done,
      async handle({ caller, params: { id } }) {
        await acknowledgeIncident(dataSource, id, caller.who);
        return { id, done: true as const };
      },
    }),
    apiRoute({
      ...write,
      path: '/incidents/:id/snooze',
      summary: 'Отложить до времени или, с null, вернуть',
      body: z.strictObject({ until: moment.nullable(), why: why.optional() }),
      answer: done,
      async handle({ caller, params: { id }, body: { until, why } }) {
        await snoozeIncident(dataSource, id, until === null ? null : new Date(until), caller.who, why);
        return { id, done: true as const };
      },
    }),
    apiRoute({
      ...write,
      path: '/incidents/:id/note',
      summary: 'Оставить заметку; пустая убирает',
      body: z.strictObject({ note: z.string().max(2000) }),
      answer: done,
      async handle({ caller, params: { id }, body: { note } }) {
        await noteIncident(dataSource, id, note, caller.who);
        return { id, done: true as const };
      },
    }),
    apiRoute({
      ...write,
      path: '/incidents/:id/close',
      summary: 'Закрыть вручную; если причина осталась, откроется снова',
      body: z.strictObject({ why }),
      answer: done,
      async handle({ caller, params: { id }, body: { why } }) {
        await closeIncident(dataSource, id, caller.who, why);
        return { id, done: true as const };
      },
    }),
    apiRoute({
      method: 'GET',
      path: '/incidents/:id/resend',
      role: 'viewer',
      scope: 'incidents:read',
      summary: 'Сколько ушло бы, если отправить группу снова',
      params,
      answer: z.object({ count: z.int() }),
      async handle({ params: { id } }) {
        const { count } = await previewResend(db, id, world());
        return { count };
      },
    }),
    apiRoute({
      ...write,
      path: '/incidents/:id/resend',
      summary: 'Отправить снова всю группу',
      description:
        'Ход показывает GET /incidents/{id}. Повторный вызов, пока группа идёт, ничего не добавляет.',
      body: z.strictObject({ why }),
      answer: z.object({ id, total: z.int() }),
      handle: ({ caller, params: { id }, body: { why } }) =>
        resendIncident(dataSource, id, world(), caller.who, why),
    }),
  ];
}
