import { z } from 'zod';
import type { ConsoleDeps } from '../../deps.ts';
import { listAudit } from '../../users/audit.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { id, limit, moment } from '../schemas.ts';

const entry = z.object({
  id,
  at: moment,
  who: z.string().describe('Имя для входа, token:ИМЯ или «команда»'),
  action: z.string(),
  object: z.string().nullable().describe('С чем: appeal:123, delivery:7'),
  why: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});

/** Who did what. */
export function auditApiRoutes({ db }: ConsoleDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'GET',
      path: '/audit',
      role: 'admin',
      scope: 'audit:read',
      summary: 'Кто что делал, новое сверху',
      query: z.strictObject({
        who: z.string().max(200).optional(),
        action: z.string().max(200).optional(),
        object: z.string().max(200).optional(),
        before: id.optional().describe('Только раньше этого: поле next прежней страницы'),
        limit,
      }),
      answer: z.object({ items: z.array(entry), next: id.nullable() }),
      async handle({ query: { limit, who, action, object, before } }) {
        const rows = await listAudit(db, {
          limit: limit + 1,
          ...(who === undefined ? {} : { who }),
          ...(action === undefined ? {} : { action }),
          ...(object === undefined ? {} : { object }),
          ...(before === undefined ? {} : { before }),
        });
        const items = rows.slice(0, limit);
        return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
      },
    }),
  ];
}
