import { z } from 'zod';
import type { CategoryRef } from '../model/appeal.ts';

const conditionsSchema = z.strictObject({
  /** Code of the region, as in the cabinet's `region`. */
  region: z.string().min(1).optional(),
  /** Id or name of the platform's category. */
  category: z.string().min(1).optional(),
  /** Id or name of the subcategory; names repeat, so only together with the category. */
  subcategory: z.string().min(1).optional(),
  kind: z.string().min(1).optional(),
  fastTrack: z.boolean().optional(),
});

const ruleSchema = z.strictObject({
  when: conditionsSchema.default({}),
  days: z.int().min(1).max(366),
  count: z.enum(['calendar', 'working']).default('calendar'),
  dayOff: z.enum(['keep', 'previous-working', 'next-working']).default('previous-working'),
  /** Where the term comes from, for people. */
  basis: z.string().min(1),
});

export const termsSchema = z.strictObject({
  rules: z
    .array(ruleSchema)
    .min(1, 'нужно хотя бы одно правило')
    .superRefine((rules, context) => {
      const seen = new Map<string, number>();
      for (const [index, rule] of rules.entries()) {
        const key = CONDITIONS.map((name) => String(rule.when[name] ?? '')).join('\u0001');
        const earlier = seen.get(key);
        if (earlier !== undefined) {
          const message = `те же условия, что в rules[${earlier}]: оставьте одно правило`;
          context.addIssue({ code: 'custom', path: [index, 'when'], message });
        }
        seen.set(key, index);
        if (rule.when.subcategory !== undefined && rule.when.category === undefined) {
          const message = 'добавьте category: подкатегории с одним именем есть в разных категориях';
          context.addIssue({ code: 'custom', path: [index, 'when'], message });
        }
      }
      if (!rules.some((rule) => CONDITIONS.every((name) => rule.when[name] === undefined))) {
        context.addIssue({
          code: 'custom',
          path: [],
          message:
            'нужно общее правило без условий (when: {}): оно действует, когда не подошло ни одно другое',
        });
      }
    }),
});

export type TermRule = z.infer<typeof ruleSchema>;

/** From the one that outweighs all to the least: decides between rules with equally many conditions. */
const CONDITIONS = ['subcategory', 'category', 'region', 'kind', 'fastTrack'] as const;

/** What a term depends on. */
export interface TermSubject {
  readonly region?: string;
  readonly category?: CategoryRef;
  readonly subcategory?: CategoryRef;
  /** As the platform names it: 'MESSAGE' | 'APPEAL_59FZ', open. */
  readonly kind: string;
  readonly fastTrack: boolean;
}

/**
 * The most specific rule that fits: the one with most conditions, among equals the one whose weightiest condition
 * (subcategory, category, region, kind, fast-track) the other lacks. Loading makes sure that a general one exists.
 */
export function selectRule(rules: readonly TermRule[], subject: TermSubject): TermRule | undefined {
  return rules
    .filter((rule) => fits(rule, subject))
    .reduce<TermRule | undefined>(
      (best, rule) => (best === undefined || weight(rule) > weight(best) ? rule : best),
      undefined,
    );
}

function fits({ when }: TermRule, subject: TermSubject): boolean {
  return (
    (when.region === undefined || when.region === subject.region) &&
    (when.category === undefined || names(subject.category, when.category)) &&
    (when.subcategory === undefined || names(subject.subcategory, when.subcategory)) &&
    (when.kind === undefined || when.kind === subject.kind) &&
    (when.fastTrack === undefined || when.fastTrack === subject.fastTrack)
  );
}

function names(reference: CategoryRef | undefined, wanted: string): boolean {
  if (reference === undefined) return false;
  if (reference.id === wanted) return true;
  return reference.name !== undefined && plainName(reference.name) === plainName(wanted);
}

/** The platform writes one name with «е» and «ё», with one space and two. */
function plainName(name: string): string {
  return name.trim().toLowerCase().replaceAll('ё', 'е').replaceAll(/\s+/g, ' ');
}

function weight({ when }: TermRule): number {
  const bits = CONDITIONS.map((name) => (when[name] === undefined ? 0 : 1));
  const count = bits.reduce<number>((sum, bit) => sum + bit, 0);
  return bits.reduce<number>((sum, bit) => sum * 2 + bit, count);
}
