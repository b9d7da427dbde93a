import { z } from 'zod';
import type { Cabinet } from '../../../config/index.ts';
import {
  pauseCabinet,
  recheckCabinet,
  registerCabinets,
  resumeCabinet,
  stateOf,
} from '../../../intake/cabinets.ts';
import { ERROR_CODES } from '../../../model/error-codes.ts';
import type { Fault } from '../../../model/errors.ts';
import { askBackfill } from '../../ask-backfill.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { Refusal } from '../problem.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { CABINET_STATES, moment, trouble, why } from '../schemas.ts';

const cabinetId = z.string().min(1).max(64).describe('id кабинета из настроек');
const day = z.iso.date().describe('День, ГГГГ-ММ-ДД, в часовом поясе кабинета');
const state = z.enum(CABINET_STATES);
const params = z.object({ id: cabinetId });

const cabinet = z.object({
  id: cabinetId,
  name: z.string(),
  opaId: z.string().describe('Номер кабинета на платформе'),
  enabled: z.boolean(),
  mode: z.enum(['live', 'dry']),
  timeZone: z.string(),
  state: state.nullable().describe('null: ещё не читался ни одним посредником'),
  stateCode: z.string().nullable().describe('Код ошибки, из-за которой заблокирован'),
  stateDetail: z.string().nullable(),
  stateSince: moment.nullable(),
  polledAt: moment.nullable().describe('Когда лента прочитана до конца'),
  nextPollAt: moment.nullable().describe('null: не раньше, чем исправят причину'),
});

interface StoredRow {
  readonly opaId: string;
  readonly state: (typeof CABINET_STATES)[number];
  readonly stateCode: string | null;
  readonly stateDetail: string | null;
  readonly stateSince: Date;
  readonly polledAt: Date | null;
  readonly nextPollAt: Date | null;
}

/** Cabinets of the settings in force, and what a person does with them. */
export function cabinetRoutes(deps: ConsoleDeps): ApiRoute[] {
  const { db, dataSource } = deps;
  const find = async (id: string): Promise<Cabinet> => {
    const found = deps.cabinets().find((one) => one.id === id);
    if (found === undefined) throw new Refusal(404, 'API_NOT_FOUND', 'такого кабинета в настройках нет');
    // One just put into the settings may not have been read by any daemon yet.
    await registerCabinets(db, [found]);
    return found;
  };
  const written = (who: string, action: string, id: string, more: { why?: string; data?: object } = {}) =>
    writeAudit(db, { who, action, object: `cabinet:${id}`, ...more, data: { ...more.data } });
  return [
    apiRoute({
      method: 'GET',
      path: '/cabinets',
      role: 'viewer',
      scope: 'cabinets:read',
      summary: 'Кабинеты и их состояние',
      answer: z.object({ items: z.array(cabinet) }),
      handle: async () => ({ items: await listCabinets(deps) }),
    }),
    apiRoute({
      method: 'POST',
      path: '/cabinets/:id/pause',
      role: 'operator',
      scope: 'cabinets:write',
      summary: 'Не читать кабинет и ничего не отправлять от него на платформу',
      params,
      body: z.strictObject({ why }),
      answer: z.object({ id: cabinetId, state, changed: z.boolean() }),
      async handle({ caller, params: { id }, body: { why } }) {
        const changed = await pauseCabinet(dataSource, await find(id), why);
        if (changed) await written(caller.who, 'cabinet-paused', id, { why });
        return { id, state: 'paused' as const, changed };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/cabinets/:id/resume',
      role: 'operator',
      scope: 'cabinets:write',
      summary: 'Вернуть приостановленный кабинет к работе',
      params,
      answer: z.object({ id: cabinetId, state, changed: z.boolean() }),
      async handle({ caller, params: { id } }) {
        const outcome = await resumeCabinet(dataSource, await find(id));
        if (outcome.changed) await written(caller.who, 'cabinet-resumed', id);
        return { id, ...outcome };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/cabinets/:id/check',
      role: 'operator',
      scope: 'cabinets:write',
      summary: 'Войти в кабинет заново; заблокированный при удаче снова работает',
      params,
      answer: z.object({ id: cabinetId, ok: z.boolean(), state, trouble: trouble.nullable() }),
      async handle({ caller, params: { id } }) {
        const found = await find(id);
        const fault = await recheckCabinet(db, deps.incidents, deps.platform, found, found.access);
        await written(caller.who, 'cabinet-checked', id, { data: { ok: fault === undefined } });
        return {
          id,
          ok: fault === undefined,
          state: await stateOf(db, found.opaId),
          trouble: fault === undefined ? null : wordsOf(fault),
        };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/cabinets/:id/backfill',
      role: 'operator',
      scope: 'cabinets:write',
      summary: 'Дочитать изменения кабинета за дни, оба включительно',
      params,
      body: z.strictObject({
        from: day,
        to: day,
        withCards: z
          .boolean()
          .default(false)
          .describe('Завести карточки и тем, что поступили раньше startFrom или уже отвечены'),
        why,
      }),
      answer: z.object({
        id: cabinetId,
        from: moment,
        to: moment,
        enabled: z.boolean().describe('false: кабинет выключен, дочитывание начнётся, когда его включат'),
      }),
      async handle({ caller, params: { id }, body }) {
        const days = { from: body.from, to: body.to, forceCards: body.withCards };
        const said = { who: caller.who, why: body.why };
        const found = await find(id);
        const request = await askBackfill(deps, found, days, { from: 'from', to: 'to' }, said);
        return { id, from: request.from, to: request.to, enabled: found.enabled };
      },
    }),
  ];
}

async function listCabinets(deps: ConsoleDeps) {
  const settings = deps.cabinets();
  const rows = await deps.db.query<StoredRow>(
    `SELECT opa_id AS "opaId", state, state_code AS "stateCode", state_detail AS "stateDetail",
       state_since AS "stateSince", polled_at AS "polledAt",
       CASE WHEN isfinite(next_poll_at) THEN next_poll_at END AS "nextPollAt"
     FROM cabinet WHERE opa_id = ANY($1)`,
    [settings.map(({ opaId }) => opaId)],
  );
  const stored = new Map(rows.map((row) => [row.opaId, row]));
  return settings.map(({ id, name, opaId, enabled, mode = 'live', timeZone }) => {
    const row = stored.get(opaId);
    return {
      id,
      name,
      opaId,
      enabled,
      mode,
      timeZone,
      state: row?.state ?? null,
      stateCode: row?.stateCode ?? null,
      stateDetail: row?.stateDetail ?? null,
      stateSince: row?.stateSince ?? null,
      polledAt: row?.polledAt ?? null,
      nextPollAt: row?.nextPollAt ?? null,
    };
  });
}

function wordsOf({ code, field, detail }: Fault) {
  const { title, remedy } = ERROR_CODES[code];
  return { code, title, remedy, field: field ?? null, detail: detail ?? null };
}
