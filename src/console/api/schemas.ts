import { z } from 'zod';
import { ERROR_KINDS } from '../../model/errors.ts';

/** What a cabinet does. */
export const CABINET_STATES = ['active', 'paused', 'blocked'] as const;

/** A moment, ISO 8601 with its offset. */
export const moment = z.iso.datetime({ offset: true }).describe('Время, ISO 8601');

/** A number of ours, as text: it may be longer than JavaScript's numbers. */
export const id = z.string().regex(/^[1-9]\d{0,17}$/, 'номер состоит из цифр');

/** Why something is done: it gets into journal and audit. */
export const why = z
  .string()
  .trim()
  .min(1)
  .max(1000)
  .describe('Почему: попадёт в журнал и в список действий');

export const limit = z.coerce.number().int().min(1).max(200).default(50).describe('Не больше стольких');

/** A code of docs/errors.md. */
export const code = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{2,60}$/, 'код ошибки, например PLATFORM_REJECTED')
  .describe('Код ошибки');

/** Something that did not go, in words. */
export const trouble = z.object({
  code: z.string().describe('Код ошибки'),
  title: z.string().describe('Что случилось'),
  remedy: z.string().describe('Что делать'),
  field: z.string().nullable().describe('Поле, в котором дело'),
  detail: z.string().nullable().describe('Подробности'),
});

/** RFC 9457, with our code and what to do. */
export const problem = z.object({
  type: z.string().describe('Адрес описания ошибки'),
  title: z.string().describe('Что случилось'),
  status: z.int().describe('Код HTTP'),
  detail: z.string().optional().describe('Подробности'),
  code: z.string().describe('Код ошибки посредника'),
  kind: z.enum(ERROR_KINDS).describe('Род ошибки: от него зависит, есть ли смысл повторять'),
  remedy: z.string().describe('Что делать'),
  errors: z
    .array(z.object({ at: z.string().describe('Место в запросе'), detail: z.string() }))
    .optional()
    .describe('Что именно не так в запросе'),
});
