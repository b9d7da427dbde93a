import type { DataSource } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { type CarriedRules, withCarriedRules } from './carried.ts';
import type { CarriedCode } from './category-file.ts';
import {
  type CategoryDiff,
  diffCategories,
  diffRubrics,
  type RubricDiff,
  type TouchedRule,
  touchedByCategories,
  touchedByRubrics,
} from './classifier-diff.ts';
import {
  type ImportOrigin,
  readCategories,
  readRubrics,
  storeCategories,
  storeRubrics,
} from './classifier-store.ts';

import type { Category, Rubric } from './types.ts';
import { addVersionIn, readRules } from './versions.ts';

export interface ImportOptions {
  /** Only tells what would change. */
  readonly dryRun?: boolean;
  /** Takes also a list that lacks more than half of the present one. */
  readonly force?: boolean;
}

export interface CategoryImport {
  readonly diff: CategoryDiff;
  readonly rules: readonly TouchedRule[];
  /** Rules that the codes in the list itself make; undefined when it has none. */
  readonly carried?: CarriedRules;
  /** The version made of them. */
  readonly version?: number;
  readonly taken: boolean;
}

/**
 * Takes a new list of the platform's categories, and the rules that it carries. The list before is retired, not lost.
 * @throws Fault CLASSIFIER_SHRINKS
 */
export async function importCategories(
  dataSource: DataSource,
  list: { readonly categories: readonly Category[]; readonly codes?: readonly CarriedCode[] },
  origin: ImportOrigin,
  options: ImportOptions = {},
): Promise<CategoryImport> {
  return await inTransaction(dataSource, async (tx) => {
    await lockImports(tx);
    const before = await readCategories(tx, { withRetired: true });
    const present = await readRules(tx);
    const diff = diffCategories(before, list.categories);
    const gone = diff.removed.map((category) => ({ ...category, retired: true }));
    const after = [...list.categories, ...gone];
    const carried =
      list.codes === undefined || list.codes.length === 0
        ? undefined
        : withCarriedRules(present.rules, list.codes);
    const rules = touchedByCategories(carried?.rules ?? present.rules, before, after);
    const plan = { diff, rules, ...(carried === undefined ? {} : { carried }) };
    if (options.dryRun === true) return { ...plan, taken: false };
    refuseShrinking(diff.removed.length, before.filter(({ retired }) => !retired).length, options);
    await storeCategories(tx, list.categories, diff, origin);
    const made =
      carried === undefined
        ? undefined
        : await addVersionIn(
            tx,
            'classifier',
            { who: origin.who, why: `коды рубрик из классификатора платформы: ${origin.source}` },
            () => carried.rules,
          );
    return { ...plan, taken: true, ...(made === undefined ? {} : { version: made.version }) };
  });
}

export interface RubricImport {
  readonly diff: RubricDiff;
  readonly rules: readonly TouchedRule[];
  readonly taken: boolean;
}

/** Takes a new edition of the thematic classifier. @throws Fault CLASSIFIER_SHRINKS */
export async function importRubrics(
  dataSource: DataSource,
  rubrics: readonly Rubric[],
  origin: ImportOrigin & { readonly edition: string },
  options: ImportOptions = {},
): Promise<RubricImport> {
  return await inTransaction(dataSource, async (tx) => {
    await lockImports(tx);
    const before = await readRubrics(tx);
    const diff = diffRubrics(before, rubrics);
    const rules = touchedByRubrics((await readRules(tx)).rules, diff);
    if (options.dryRun === true) return { diff, rules, taken: false };
    refuseShrinking(diff.removed.length, before.length, options);
    await storeRubrics(tx, rubrics, diff, origin);
    return { diff, rules, taken: true };
  });
}

/** Two imports at a time come one after the other, each compared with what the other left. */
async function lockImports(tx: Queryable): Promise<void> {
  await tx.query('LOCK TABLE classifier_import IN SHARE ROW EXCLUSIVE MODE');
}

function refuseShrinking(removed: number, before: number, { force = false }: ImportOptions): void {
  if (force || removed * 2 <= before) return;
  throw new Fault('CLASSIFIER_SHRINKS', { detail: `пропадает ${removed} из ${before}` });
}
