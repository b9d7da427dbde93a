import { z } from 'zod';
import { compileTemplate, type Template } from '../../text/template.ts';
import { additionalFieldIssue } from './additional-field.ts';
import { CARD_VARIABLE_TYPES } from './card-variables.ts';

/** A text with variables; a fault in it is told with its path in the file. */
const template = z.string().transform((source, context): Template => {
  const compiled = compileTemplate(source, CARD_VARIABLE_TYPES);
  if (compiled.ok) return compiled.template;
  context.issues.push({ code: 'custom', message: compiled.issue, input: source });
  return z.NEVER;
});

/** A plain text: variables do not work here, and somebody who writes one is told so. */
const literal = z
  .string()
  .trim()
  .min(1, 'напишите непустой текст')
  .refine((text) => !text.includes('{{'), 'здесь пишется обычный текст, без «{{…}}»');

/** A value of a СЭВ dictionary: its name, or name and «Индекс СЭВ». */
const named = z.union(
  [
    literal.transform((name): { name: string; uid?: string | undefined } => ({ name })),
    z.strictObject({ name: literal, uid: literal.optional() }),
  ],
  { error: 'напишите название или { name: …, uid: … }' },
);

const lines = z.array(template);

const additionalField = z
  .strictObject({
    name: literal.describe('Имя дополнительного реквизита в ДЕЛО'),
    type: z.enum(['Text', 'Date', 'Decimal', 'Flag']).default('Text'),
    value: template.optional(),
    customField: literal.optional().describe('Взять значение дополнительного поля платформы с этим именем'),
  })
  .superRefine((field, context) => {
    const issue = additionalFieldIssue(field);
    if (issue !== undefined) context.addIssue({ code: 'custom', message: issue, path: ['value'] });
  });

const rubricRule = z.strictObject({
  category: literal,
  subcategory: literal.optional(),
  rubric: literal,
  uid: literal.optional().describe('«Индекс СЭВ» рубрики'),
});

const cardfile = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('none') }),
  z.strictObject({ as: z.literal('field'), field: literal, value: template }),
  z.strictObject({ as: z.literal('department'), name: template, index: template.optional() }),
]);

const author = z.strictObject({
  anonymous: literal.describe('ФИО автора без имени; документ без автора ДЕЛО не принимает'),
  address: template,
});

const addition = z.strictObject({
  note: lines,
  withText: z.boolean().default(false).describe('Приложить файл с полным текстом'),
});

/** What a site may want different for one cabinet, region or kind of appeal. */
const overridable = {
  documentGroup: named,
  access: named,
  cardfile,
  consists: template,
  annotation: template,
  note: lines,
  author,
  defaultRubric: named,
};

const when = z
  .strictObject({ opaId: oneOrMany(), region: oneOrMany(), kind: oneOrMany() })
  .partial()
  .refine((value) => Object.keys(value).length > 0, 'назовите хотя бы одно: opaId, region или kind');

export const cardSchema = z.strictObject({
  ...overridable,
  access: named.optional(),
  cardfile: cardfile.default({ as: 'none' }),
  consists: template.optional(),
  defaultRubric: named.optional(),
  envelopeSubject: template,
  textFile: z.strictObject({ name: template, amendedName: template }),
  additionalFields: uniqueFields(),
  flag: z.strictObject({ yes: literal, no: literal }).default({ yes: 'true', no: 'false' }),
  rubrics: uniqueRubrics(),
  links: z.strictObject({ repeated: named, related: named }),
  additions: z.strictObject({
    'late-file': addition,
    amended: addition,
    withdrawn: addition,
    'term-moved': addition,
    rated: addition,
  }),
  dictionaries: z.strictObject({
    sources: z.record(z.string(), literal).default({}),
    statuses: z.record(z.string(), literal).default({}),
    kinds: z.record(z.string(), literal).default({}),
  }),
  limits: z.strictObject({
    annotation: z.int().min(100).max(100_000).default(2000),
    note: z.int().min(100).max(100_000).default(2000),
  }),
  overrides: z
    .array(
      z.strictObject({
        when,
        ...z.object(overridable).partial().shape,
        additionalFields: uniqueFields().optional(),
        rubrics: uniqueRubrics().optional(),
      }),
    )
    .default([]),
});

export type CardSettings = z.infer<typeof cardSchema>;
export type CardOverride = CardSettings['overrides'][number];
export type AdditionalFieldRule = CardSettings['additionalFields'][number];
export type RubricRule = CardSettings['rubrics'][number];

/** Categories are compared without case and outer spaces: the platform's names wander in both. */
export function categoryKey(category: string, subcategory?: string): string {
  return JSON.stringify(
    [category, subcategory ?? ''].map((name) => name.trim().replace(/\s+/g, ' ').toLowerCase()),
  );
}

function oneOrMany() {
  return z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)], {
    error: 'напишите строку (в кавычках) или список строк',
  });
}

function uniqueFields() {
  return z.array(additionalField).superRefine((fields, context) => {
    tellDoubles(
      fields.map((field) => field.name.toLowerCase()),
      'name',
      'такой реквизит уже есть выше',
      context,
    );
  });
}

function uniqueRubrics() {
  return z.array(rubricRule).superRefine((rules, context) => {
    const keys = rules.map((rule) => categoryKey(rule.category, rule.subcategory));
    tellDoubles(keys, 'category', 'для этой категории и подкатегории рубрика уже задана выше', context);
  });
}

function tellDoubles(
  keys: readonly string[],
  field: string,
  message: string,
  context: z.RefinementCtx,
): void {
  keys.forEach((key, index) => {
    if (keys.indexOf(key) < index) context.addIssue({ code: 'custom', message, path: [index, field] });
  });
}
