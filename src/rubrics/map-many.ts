import type { DataSource } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { inTransaction } from '../store/data-source.ts';
import { hasIds } from './category-index.ts';
import { readCategories } from './classifier-store.ts';
import { requireCategory, requireCode, ruleTo } from './edit-rules.ts';
import { ruleId } from './rules.ts';
import type { RubricRule } from './types.ts';
import { type Authorship, addVersionIn } from './versions.ts';

/** Codes that go to one category in one step at most. */
export const MOST_CODES = 500;

export interface ManyMapped {
  readonly rules: readonly RubricRule[];
  /** The version made; undefined when all these rules were there already. */
  readonly version?: number;
  readonly isUsable: boolean;
}

/**
 * Maps several codes, each with all codes under it, to one category, as one new version: all of them or none.
 * @throws Fault COMMAND_INVALID without a code, with too many, or for one that is not in the classifier; for a category
 *   that is not, or not only one
 */
export async function mapCodes(
  dataSource: DataSource,
  { codes, category: text }: { readonly codes: readonly string[]; readonly category: string },
  by: Authorship,
): Promise<ManyMapped> {
  if (codes.length === 0) throw new Fault('COMMAND_INVALID', { detail: 'не выбрано ни одной рубрики' });
  if (codes.length > MOST_CODES) {
    throw new Fault('COMMAND_INVALID', { detail: `за один раз не больше ${MOST_CODES} рубрик` });
  }
  return await inTransaction(dataSource, async (tx) => {
    const category = requireCategory(await readCategories(tx), text);
    const rules = new Map<string, RubricRule>();
    for (const code of codes) {
      const rule = ruleTo(category, { code: await requireCode(tx, code) });
      rules.set(ruleId(rule), rule);
    }
    const made = await addVersionIn(tx, 'person', by, ({ rules: present }) => [
      ...present.filter((rule) => !rules.has(ruleId(rule))),
      ...rules.values(),
    ]);
    return {
      rules: [...rules.values()],
      isUsable: hasIds(category),
      ...(made === undefined ? {} : { version: made.version }),
    };
  });
}
