import { z } from 'zod';
import { askRuns } from '../../../showcase/asked-runs.ts';
import { cardLinks } from '../../../showcase/card-links.ts';
import { listNotUploaded } from '../../../showcase/not-uploaded.ts';
import { RECORD_STATES, UPLOAD_STATES } from '../../../showcase/records.ts';
import { readStatus } from '../../../showcase/status.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { Refusal } from '../problem.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { code, id, limit, moment, why } from '../schemas.ts';

const showcaseId = z.string().min(1).max(64).describe('id витрины из настроек');
const count = z.int();

const status = z.object({
  showcase: showcaseId,
  records: count.describe('Всего вопросов в витрине'),
  states: z.record(z.enum(RECORD_STATES), count).describe('Сколько вопросов в каждом состоянии'),
  uploads: z.record(z.enum(UPLOAD_STATES), count).describe('Сколько файлов в каждом состоянии'),
  lastBuild: z
    .object({
      startedAt: moment,
      finishedAt: moment.optional(),
      cards: count,
      questions: count,
      errorCode: z.string().optional(),
    })
    .optional(),
  lastSettledAt: moment.optional().describe('Когда принят последний отчёт платформы'),
});

/** No words of the platform or the card: they may quote a citizen. */
const failed = z.object({
  id,
  showcase: showcaseId,
  recordId: z.string(),
  cardNumber: z.string(),
  cardDate: z.string().optional(),
  questionNo: z.int(),
  otkCode: z.string(),
  state: z.enum(RECORD_STATES),
  since: moment,
  code: z.string().optional(),
  field: z.string().optional(),
  platformCode: z.string().optional(),
  reason: z.string().describe('Что случилось'),
  remedy: z.string().describe('Что делать'),
  link: z.string().optional().describe('Карточка в СЭД, если её адрес есть в настройках'),
});

/** Showcases of the settings. */
export function showcaseApiRoutes({ db, loaded }: ConsoleDeps): ApiRoute[] {
  const known = loaded.config.showcases.map((showcase) => showcase.id);
  const linkOf = cardLinks(loaded.config);
  const require = (showcase: string | undefined) => {
    if (showcase === undefined || known.includes(showcase)) return;
    throw new Refusal(404, 'API_NOT_FOUND', 'такой витрины в настройках нет');
  };
  return [
    apiRoute({
      method: 'GET',
      path: '/showcase/status',
      role: 'viewer',
      scope: 'showcase:read',
      summary: 'Как стоят витрины',
      answer: z.object({ items: z.array(status) }),
      handle: async () => ({ items: await readStatus(db, known) }),
    }),
    apiRoute({
      method: 'GET',
      path: '/showcase/failed',
      role: 'viewer',
      scope: 'showcase:read',
      summary: 'Вопросы, которых нет в витрине, с причинами',
      query: z.strictObject({
        showcase: showcaseId.optional(),
        code: code.optional(),
        after: id.optional().describe('Только после этого: поле next прежней страницы'),
        limit,
      }),
      answer: z.object({ items: z.array(failed), next: id.nullable() }),
      async handle({ query: { showcase, code, after, limit } }) {
        require(showcase);
        const rows = await listNotUploaded(db, {
          states: ['refused', 'unmapped'],
          linkOf,
          limit: limit + 1,
          ...(showcase === undefined ? {} : { showcase }),
          ...(code === undefined ? {} : { code }),
          ...(after === undefined ? {} : { afterId: after }),
        });
        const items = rows.slice(0, limit);
        return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
      },
    }),
    apiRoute({
      method: 'POST',
      path: '/showcase/upload',
      role: 'operator',
      scope: 'showcase:write',
      summary: 'Собрать и выгрузить сейчас, не дожидаясь расписания',
      body: z.strictObject({ showcase: showcaseId.optional(), why }),
      answer: z.object({ asked: z.array(showcaseId) }),
      async handle({ caller, body: { showcase, why } }) {
        require(showcase);
        const asked = showcase === undefined ? known : [showcase];
        await askRuns(db, asked);
        await writeAudit(db, { who: caller.who, action: 'showcase-asked', why, data: { showcases: asked } });
        return { asked };
      },
    }),
  ];
}
