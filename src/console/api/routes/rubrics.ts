import { z } from 'zod';
import { reportCoverage } from '../../../rubrics/coverage.ts';
import { mapCode } from '../../../rubrics/edit-rules.ts';
import { loadWorld } from '../../../rubrics/load.ts';
import { pathText } from '../../../rubrics/names.ts';
import { listUnmapped } from '../../../rubrics/unmapped.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { type ApiRoute, apiRoute } from '../route.ts';
import { moment, why } from '../schemas.ts';

const rubric = z.string().min(4).max(40).describe('Код рубрики ССТУ, например 0003.0009.0099.0742');
const share = z.object({
  codes: z.int().describe('Кодов 4-го и 5-го уровня'),
  mapped: z.int(),
  byDraft: z.int().describe('из сопоставленных — правилами из поставки'),
  categoryUnknown: z.int().describe('правило есть, категории нет'),
  conditionalOnly: z.int().describe('только правила с условиями'),
  unmapped: z.int(),
});

/** The mapping of rubrics to categories of the platform. */
export function rubricApiRoutes({ db, dataSource }: ConsoleDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'GET',
      path: '/rubrics/coverage',
      role: 'viewer',
      scope: 'rubrics:read',
      summary: 'Сколько рубрик сопоставлено',
      answer: z.object({
        version: z.int().describe('Номер версии правил'),
        all: share,
        sections: z.array(share.extend({ code: z.string(), name: z.string() })),
      }),
      async handle() {
        const world = await loadWorld(db);
        return reportCoverage(world.version, world.rules, world.categories, world.rubrics);
      },
    }),
    apiRoute({
      method: 'GET',
      path: '/rubrics/unmapped',
      role: 'viewer',
      scope: 'rubrics:read',
      summary: 'Рубрики без категории, которых ждут карточки',
      answer: z.object({
        items: z.array(
          z.object({
            code: rubric,
            name: z.string().optional(),
            cards: z.int().describe('Сколько карточек ждёт'),
            since: moment.optional(),
            reason: z.enum(['no-rule', 'category-unknown', 'rule-made']),
          }),
        ),
      }),
      handle: async () => ({ items: await listUnmapped(db, await loadWorld(db)) }),
    }),
    apiRoute({
      method: 'POST',
      path: '/rubrics/map',
      role: 'operator',
      scope: 'rubrics:write',
      summary: 'Сопоставить рубрику и всё под ней с категорией платформы',
      body: z.strictObject({
        code: rubric,
        category: z.string().min(1).max(500).describe('Номер категории или «Категория / Подкатегория»'),
        cardfile: z.string().min(1).max(255).optional().describe('Только для этой картотеки (DUE)'),
        note: z.string().max(1000).optional(),
        why,
      }),
      answer: z.object({
        code: rubric,
        category: z.string(),
        version: z.int().nullable().describe('Новая версия правил; null: такое правило уже было'),
        isUsable: z.boolean().describe('У категории есть номер: её можно назвать платформе'),
      }),
      async handle({ caller, body: { why, code, category, cardfile, note } }) {
        const request = {
          code,
          category,
          ...(cardfile === undefined ? {} : { cardfile }),
          ...(note === undefined ? {} : { note }),
        };
        const { rule, version, isUsable } = await mapCode(dataSource, request, { who: caller.who, why });
        const data = { version: version ?? null };
        const object = `rubric:${rule.code}`;
        await writeAudit(db, { who: caller.who, action: 'rubric-mapped', object, why, data });
        return { code: rule.code, category: pathText(rule), version: version ?? null, isUsable };
      },
    }),
  ];
}
