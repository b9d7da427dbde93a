import { z } from 'zod';
import { DELIVERY_STATES } from '../../../model/delivery.ts';
import { Fault } from '../../../model/errors.ts';
import { cancelDelivery, listDeliveries, resendDeliveries } from '../../../replies/commands.ts';
import { type AnswerEdit, editAnswer } from '../../../replies/edit.ts';
import type { AnswerFile } from '../../../replies/interpret.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { may } from '../../web/viewer.ts';
import { Refusal } from '../problem.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { code, id, limit, moment, why } from '../schemas.ts';
import { base64File, keepFile, UPLOAD_LIMIT } from '../upload.ts';

export const delivery = z.object({
  id,
  cabinet: z.string().describe('Кабинет: id из настроек'),
  posId: z.string().describe('Номер обращения на платформе'),
  seq: z.int().describe('Которая по порядку у обращения'),
  kind: z.string().describe('status или answer'),
  state: z.enum(DELIVERY_STATES),
  rule: z.string().describe('Правило, по которому она сделана'),
  attempts: z.int(),
  errorCode: z.string().nullable(),
  errorField: z.string().nullable(),
  errorDetail: z.string().nullable().describe('Может называть файлы: роли viewer не показывается'),
  createdAt: moment,
});

/** Statuses and answers on their way to the platform. */
export function deliveryRoutes(deps: ConsoleDeps): ApiRoute[] {
  const { db, dataSource } = deps;
  return [
    apiRoute({
      method: 'GET',
      path: '/deliveries',
      role: 'viewer',
      scope: 'deliveries:read',
      summary: 'Отправки, новые сверху',
      query: z.strictObject({
        state: z.enum(DELIVERY_STATES).optional(),
        error: code.optional(),
        posId: z.string().max(64).optional().describe('Только по этому обращению'),
        limit,
      }),
      answer: z.object({ items: z.array(delivery) }),
      async handle({ caller, query: { state, error, posId, limit } }) {
        const rows = await listDeliveries(db, {
          limit,
          ...(state === undefined ? {} : { state }),
          ...(error === undefined ? {} : { code: error }),
          ...(posId === undefined ? {} : { posId }),
        });
        const isShown = may(caller.role, 'operator');
        return { items: rows.map((row) => (isShown ? row : { ...row, errorDetail: null })) };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/deliveries/resend',
      role: 'operator',
      scope: 'deliveries:write',
      summary: 'Отправить снова: одну по номеру или все с одним кодом ошибки',
      body: z.strictObject({ id: id.optional(), error: code.optional(), why }),
      answer: z.object({ resent: z.array(id) }),
      async handle({ caller, body: { id, error, why } }) {
        if ((id === undefined) === (error === undefined)) {
          throw new Fault('COMMAND_INVALID', { detail: 'назовите id или error, одно из двух' });
        }
        const filter = id === undefined ? { code: error ?? '' } : { id };
        return { resent: await resendDeliveries(dataSource, filter, { who: caller.who, why }) };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/deliveries/:id/cancel',
      role: 'operator',
      scope: 'deliveries:write',
      summary: 'Не отправлять на платформу',
      params: z.object({ id }),
      body: z.strictObject({ why }),
      answer: z.object({ id, cancelled: z.literal(true) }),
      async handle({ caller, params, body: { why } }) {
        if (!(await cancelDelivery(dataSource, params.id, { who: caller.who, why }))) {
          throw new Refusal(404, 'API_NOT_FOUND', 'отправки нет, она уже ушла или уходит сейчас');
        }
        return { id: params.id, cancelled: true as const };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/deliveries/:id/edit',
      role: 'operator',
      scope: 'deliveries:write',
      summary: 'Исправить ответ, который требует внимания, и отправить его',
      params: z.object({ id }),
      body: z.strictObject({
        without: z.array(z.string().max(255)).max(50).default([]).describe('Отправить без этих файлов'),
        replace: z
          .array(z.strictObject({ name: z.string().max(255), by: base64File }))
          .max(20)
          .default([])
          .describe('Отправить вместо файла другой'),
        add: z.array(base64File).max(20).default([]).describe('Приложить файлы'),
        answerType: z.string().max(64).optional().describe('Вид ответа'),
        comment: z.string().max(20_000).optional().describe('Текст ответа'),
        why,
      }),
      bodyLimit: UPLOAD_LIMIT,
      answer: z.object({ id, edited: z.literal(true) }),
      async handle({ caller, params, body }) {
        const take = async (file: z.output<typeof base64File>): Promise<AnswerFile> => ({
          name: file.name,
          ...(await keepFile(deps.spool, file)),
        });
        const replace: AnswerEdit['replace'][number][] = [];
        for (const { name, by } of body.replace) replace.push({ name, by: await take(by) });
        const add: AnswerFile[] = [];
        for (const file of body.add) add.push(await take(file));
        const edit: AnswerEdit = {
          without: body.without,
          replace,
          add,
          ...(body.answerType === undefined ? {} : { answerType: body.answerType }),
          ...(body.comment === undefined ? {} : { comment: body.comment }),
        };
        await editAnswer(dataSource, deps.answers, params.id, edit, { who: caller.who, why: body.why });
        return { id: params.id, edited: true as const };
      },
    }),
  ];
}
