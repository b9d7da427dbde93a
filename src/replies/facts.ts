import { z } from 'zod';

/** What the flow reads of a stored event's data; the driver wrote it, an older version of it perhaps. */
const party = z.object({ uid: z.string().optional(), name: z.string().optional() }).optional();
const person = z
  .object({ uid: z.string().optional(), fio: z.string().optional(), post: z.string().optional() })
  .optional();
const contact = { organization: party, department: z.string().optional(), person };
const field = z.object({ name: z.string(), value: z.string().default('') });
const named = z.object({ uid: z.string().optional(), name: z.string().optional() });

export const considerationFacts = z.object({
  text: z.string().optional(),
  note: z.string().optional(),
  deadline: z.string().optional(),
  isProject: z.boolean().default(false),
  privacy: z.boolean().default(false),
  parentTaskId: z.string().optional(),
  reportText: z.string().optional(),
  executor: z.object({ responsible: z.boolean().default(false), ...contact }).optional(),
});

export const movementFacts = z.object({ ...contact, toPerson: z.boolean().default(false) });

export const deadlineFacts = z.object({
  deadline: z.string(),
  registered: z.boolean().default(false),
  note: z.string().optional(),
  fields: z.array(field).default([]),
});

export const answerFacts = z.object({
  answerUid: z.string().optional(),
  returnId: z.string().default(''),
  messageId: z.string().default(''),
  number: z.string().optional(),
  date: z.string().optional(),
  annotation: z.string().optional(),
  note: z.string().optional(),
  group: named.optional(),
  rubrics: z.array(named).default([]),
  access: named.optional(),
  linkTypes: z.array(named).default([]),
  signer: z.object({ fio: z.string().optional(), post: z.string().optional() }).optional(),
  fields: z.array(field).default([]),
  files: z
    .array(
      z.object({
        resource: z.string().optional(),
        description: z.string().optional(),
        signatures: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

export type AnswerFacts = z.infer<typeof answerFacts>;
