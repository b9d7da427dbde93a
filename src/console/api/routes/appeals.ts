import { z } from 'zod';
import { timeZone } from '../../../config/values.ts';
import { APPEAL_STAGES } from '../../../intake/eligibility.ts';
import { DELIVERY_STATES } from '../../../model/delivery.ts';
import { resendCards } from '../../../registration/commands.ts';
import type { Queryable } from '../../../store/data-source.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { type Journey, readJourneys } from '../../journey.ts';
import { dayBounds, readPlace } from '../../pages/appeals/filter.ts';
import { searchAppeals } from '../../pages/appeals/search.ts';
import { TERM_RISKS } from '../../terms.ts';
import { writeAudit } from '../../users/audit.ts';
import { may } from '../../web/viewer.ts';
import { Refusal } from '../problem.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { limit, moment, why } from '../schemas.ts';

const posId = z.string().min(1).max(64).describe('Номер обращения на платформе (posId)');
const day = z.iso.date().describe('День, ГГГГ-ММ-ДД');

const line = z.object({
  posId,
  cabinet: z.string().describe('Кабинет: id из настроек'),
  kind: z.string().describe('message или appeal-59fz'),
  stage: z.string(),
  receivedAt: moment,
  answerAt: moment.nullable().describe('Срок ответа на платформе'),
  answeredAt: moment.nullable().describe('Когда ответ принят'),
  errorCode: z.string().nullable(),
  cardStage: z.string().nullable(),
  cardNumber: z.string().nullable(),
  cardDate: z.string().nullable(),
});

export const journey = z.object({
  posId,
  cabinet: z.string(),
  stage: z.string(),
  status: z.string().describe('Статус на платформе'),
  receivedAt: moment,
  answerAt: moment.nullable(),
  error: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
  changes: z.array(z.object({ at: moment, change: z.string(), identity: z.string() })),
  files: z.array(z.object({ state: z.string(), size: z.number().nullable(), code: z.string().nullable() })),
  cards: z.array(
    z.object({
      stage: z.string(),
      number: z.string().nullable(),
      date: z.string().nullable(),
      channel: z.string(),
      documentUid: z.string(),
      code: z.string().nullable(),
      detail: z.string().nullable(),
      packages: z.array(
        z.object({ part: z.int(), attempt: z.int(), stage: z.string(), messageDir: z.string() }),
      ),
    }),
  ),
  deliveries: z.array(
    z.object({
      id: z.string(),
      seq: z.int(),
      kind: z.string(),
      state: z.string(),
      rule: z.string(),
      attempts: z.int(),
      code: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
  journal: z.array(
    z.object({ at: moment, event: z.string(), code: z.string().nullable(), data: z.unknown() }),
  ),
});

/** Appeals: no text and no name of a citizen, neither here nor anywhere in the API. */
export function appealRoutes({ db, dataSource, finalStatuses = new Set() }: ConsoleDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'GET',
      path: '/appeals',
      role: 'viewer',
      scope: 'appeals:read',
      summary: 'Поиск обращений, новые сверху',
      description: 'Следующая страница — с after из поля next; пустая страница с next значит: ищите дальше.',
      query: z.strictObject({
        posId: posId.optional().describe('Начало номера на платформе'),
        card: z.string().max(64).optional().describe('Начало номера карточки'),
        cabinet: z.string().max(64).optional(),
        stage: z.enum(APPEAL_STAGES).optional(),
        delivery: z.enum(DELIVERY_STATES).optional().describe('Есть отправка в этом состоянии'),
        term: z.enum(TERM_RISKS).optional().describe('Сроки под угрозой'),
        from: day.optional(),
        to: day.optional(),
        zone: timeZone.default('Europe/Moscow').describe('Часовой пояс дней from и to'),
        after: z.string().max(80).optional().describe('Место, с которого продолжить'),
        limit,
      }),
      answer: z.object({ items: z.array(line), next: z.string().nullable() }),
      async handle({ query: { zone, after, limit, ...given } }) {
        const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const place = readPlace(new URLSearchParams(after === undefined ? {} : { after }));
        if (after !== undefined && place === undefined) {
          throw new Refusal(400, 'API_REQUEST_INVALID', 'after: возьмите значение из поля next');
        }
        const page = await searchAppeals(db, {
          filter,
          finalStatuses: [...finalStatuses],
          size: limit,
          ...dayBounds(filter, zone),
          ...(place === undefined ? {} : { after: place }),
        });
        const next = page.next === undefined ? null : `${page.next.at}_${page.next.id}`;
        return { items: page.rows, next };
      },
    }),
    apiRoute({
      method: 'GET',
      path: '/appeals/:posId',
      role: 'viewer',
      scope: 'appeals:read',
      summary: 'Весь путь обращения: по одному на кабинет, который его знает',
      description: 'Подробности ошибок и журнала могут называть файлы: роли viewer они не показываются.',
      params: z.object({ posId }),
      answer: z.object({ journeys: z.array(journey).min(1) }),
      async handle({ caller, params }) {
        const journeys = await readJourneys(db, params.posId);
        if (journeys.length === 0) throw new Refusal(404, 'API_NOT_FOUND', 'такого обращения нет');
        await writeLook(db, params.posId, caller.who);
        return { journeys: may(caller.role, 'operator') ? journeys : journeys.map(withoutDetails) };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/appeals/:posId/resend',
      role: 'operator',
      scope: 'appeals:write',
      summary: 'Отправить карточку в СЭД снова: после отказа или молчания',
      params: z.object({ posId }),
      body: z.strictObject({ why }),
      answer: z.object({
        outcomes: z.array(
          z.object({ posId, cabinet: z.string(), action: z.enum(['again', 'corrected', 'nothing']) }),
        ),
      }),
      async handle({ caller, params, body: { why } }) {
        const outcomes = await resendCards(dataSource, params.posId, { said: { who: caller.who, why } });
        if (outcomes.length === 0) throw new Refusal(404, 'API_NOT_FOUND', 'такого обращения нет');
        return { outcomes };
      },
    }),
  ];
}

/** One entry for each cabinet's appeal of this number, as the pages name them. */
async function writeLook(db: Queryable, posId: string, who: string): Promise<void> {
  const rows = await db.query<{ id: string }>('SELECT id::text AS id FROM appeal WHERE pos_id = $1', [posId]);
  for (const { id } of rows) await writeAudit(db, { who, action: 'appeal-viewed', object: `appeal:${id}` });
}

/** What the flows stored beside a code may name a file. */
function withoutDetails(journey: Journey): Journey {
  return {
    ...journey,
    error: journey.error === null ? null : { ...journey.error, detail: null },
    cards: journey.cards.map((card) => ({ ...card, detail: null })),
    deliveries: journey.deliveries.map((delivery) => ({ ...delivery, detail: null })),
    journal: journey.journal.map((entry) => ({ ...entry, data: {} })),
  };
}
