import { z } from 'zod';
import { CARD_STATES } from '../port.ts';

const word = z.string().min(1, 'не может быть пустым');
/** Name of an entity or of one of its fields, as it stands in addresses and in JSON. */
const name = z.string().regex(/^[A-Za-z_$][\w$]*$/, 'нужно имя: латинские буквы, цифры и подчёркивание');
/** A place under the archive's address, without slashes at its ends. */
const place = z
  .string()
  .regex(/^[\w$.-]+(\/[\w$.-]+)*$/, 'нужен путь без косых черт по краям, пробелов, ? и #');
/** Where a value of a card stands: `FIELD`, `X_Ref.FIELD`, `X_List.FIELD`, `AR:Название реквизита`. */
const path = z
  .string()
  .regex(
    /^(AR:.*\S.*|[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)$/u,
    'нужно имя поля, путь через точку или «AR:Название реквизита»',
  );
const criterion = z.string().regex(/^[A-Za-z_][\w.]*$/, 'нужно имя поля');

const values = z
  .union([z.string(), z.array(z.string()).min(1, 'нужно хотя бы одно значение')], {
    error: 'нужно значение в кавычках или список таких значений',
  })
  .transform((given) => (typeof given === 'string' ? [given] : given));
const when = z.record(path, values);

function rules<T extends z.ZodType>(value: T) {
  return z.array(z.strictObject({ when, value }));
}

/** The same where every card must get a value: the last rule takes what the others left. */
function completeRules<T extends z.ZodType>(value: T) {
  return rules(value)
    .min(1, 'нужно хотя бы одно правило')
    .refine((list) => Object.keys(list.at(-1)?.when ?? { none: [] }).length === 0, {
      error: 'последнее правило должно подходить ко всем: when: {}',
    });
}

const httpStatus = z.int().min(300, 'нужен код ответа HTTP').max(599, 'нужен код ответа HTTP');

export const deloMappingSchema = z.strictObject({
  version: z.literal(1, { error: 'поддерживается только version: 1' }),
  session: z.strictObject({
    path: place,
    app: word,
    failureMark: word,
    lost: z.array(httpStatus).min(1, 'нужен хотя бы один код ответа'),
  }),
  odata: z.strictObject({
    path: place,
    format: z.enum(['compact', 'light']).optional(),
    maxUrl: z.int().min(500, 'не меньше 500').max(100_000, 'не больше 100000'),
    paging: z.enum(['keyset', 'skip']),
    batch: z.int().min(1, 'не меньше 1').max(1000, 'не больше 1000'),
    totalRecords: word,
    refusalType: word,
    criteria: z.strictObject({
      parameter: name,
      or: word,
      range: z
        .string()
        .refine(
          (text) => /^[^{}]*\{from\}[^{}]+\{to\}[^{}]*$/.test(text),
          'нужно {from}, знак между ними и {to}',
        ),
      date: z.enum(['yyyy-MM-dd', 'dd/MM/yyyy', 'dd.MM.yyyy']),
      empty: word,
    }),
  }),
  cardfiles: z.strictObject({ entity: name, due: name, name, flag: name, flagValue: word }),
  docGroups: z.strictObject({ entity: name, due: name, name, type: name, citizens: word }),
  rubrics: z.strictObject({ entity: name, due: name, code: name, name }),
  requisiteList: z.strictObject({ entity: name, title: name, api: name }),
  requisites: z.strictObject({
    valuesAt: name,
    writeTo: z.string().regex(/^[\w$./()]*\{isn\}[\w$./()]*$/, 'нужен адрес записи с {isn}'),
    criterion: z.string().regex(/^[\w.]*\{api\}[\w.]*$/, 'нужно имя условия с {api}'),
    posId: word,
    showcaseFlag: word,
    posStatus: word,
    posError: word,
    key: word.optional(),
    flagYes: z.array(word).min(1, 'нужно хотя бы одно значение'),
    flagNo: z.array(word).min(1, 'нужно хотя бы одно значение'),
    maxLength: z.int().min(10, 'не меньше 10').max(100_000, 'не больше 100000'),
  }),
  card: z.strictObject({
    entity: name,
    expand: z
      .array(z.string().regex(/^[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/, 'нужно имя связи'))
      .max(10, 'не больше десяти связей'),
    fields: z.strictObject({
      // These five are looked for too, so they are the card's own fields.
      isn: name,
      regNumber: name,
      regDate: name,
      cardfile: name,
      docGroup: name,
      dueDate: path.optional(),
      answeredDate: path.optional(),
      oktmo: path.optional(),
      address: path.optional(),
      latitude: path.optional(),
      longitude: path.optional(),
      organization: path.optional(),
      text: path.optional(),
    }),
    rubrics: z.strictObject({ list: criterion, due: name, order: name.optional() }),
    states: completeRules(z.enum(CARD_STATES)),
    kinds: completeRules(z.enum(['APPEAL_59FZ', 'MESSAGE'])),
    results: rules(z.enum(['SUPPORTED', 'EXPLAINED', 'NOT_SUPPORTED'])),
    repeated: z.array(
      when.refine(
        (given) => Object.keys(given).length > 0,
        'условие не может быть пустым: повторными стали бы все',
      ),
    ),
    channels: rules(word),
    applicantKinds: rules(word),
  }),
  oldStatus: z.partialRecord(z.enum(CARD_STATES), word).default({}),
});

/** mappings/delo.yaml: every name by which a ДЕЛО-WEB archive is spoken to; nothing of it leaves the driver. */
export type DeloMapping = z.infer<typeof deloMappingSchema>;
/** Conditions on values of a card: all of them must hold, each by any of its values. */
export type When = z.infer<typeof when>;
