import { z } from 'zod';
import { isKnownCode } from '../model/code-entry.ts';
import { ERROR_KINDS } from '../model/errors.ts';
import { duration, timeZone } from './values.ts';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'напишите время как ЧЧ:ММ, например 08:00');

const recipientSchema = z.strictObject({
  to: z.array(z.string().min(3)).min(1).describe('Кому писать'),
  cabinets: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Только об этих кабинетах (id); по умолчанию обо всех и о том, что касается всех'),
  kinds: z
    .array(z.enum(ERROR_KINDS))
    .min(1)
    .optional()
    .describe('Только об ошибках этих видов (docs/errors.md)'),
  codes: z
    .array(z.string().refine((code) => isKnownCode(code), 'такого кода ошибки нет'))
    .min(1)
    .optional()
    .describe('Только об ошибках с этими кодами (docs/errors.md)'),
});

/** Section `alerts`: who is written to about incidents, when, and the daily digest. */
export const alertsSchema = z.strictObject({
  recipients: z
    .array(recipientSchema)
    .default([])
    .describe('Кому о чём писать; о чём не пишут никому из них, о том пишут адресатам из smtp.to'),
  timeZone: timeZone.default('Europe/Moscow').describe('Часовой пояс сводки и тихих часов'),
  quietHours: z
    .strictObject({
      from: timeOfDay.describe('Начало, ЧЧ:ММ'),
      to: timeOfDay.describe('Конец, ЧЧ:ММ; раньше начала — на следующий день'),
      timeZone: timeZone.optional().describe('Часовой пояс; по умолчанию alerts.timeZone'),
    })
    .optional()
    .describe(
      'Тихие часы: письма о том, что проходит само (виды transient и unknown), ждут их конца; остальные идут сразу',
    ),
  waitTransient: duration('2m').describe(
    'Сколько ждать, не пройдёт ли временная ошибка сама, прежде чем писать о ней',
  ),
  digestAt: timeOfDay.default('08:00').describe('Когда отправлять ежедневную сводку администраторам, ЧЧ:ММ'),
  digest: z.boolean().default(true).describe('false — ежедневной сводки не отправлять'),
  oldPasswordDays: z
    .int()
    .min(1)
    .default(180)
    .describe('Пароль в файле старше стольких дней сводка называет старым'),
});

export type AlertsConfig = z.infer<typeof alertsSchema>;
