import type { Queryable } from '../store/data-source.ts';
import { readCategories, readRubrics } from './classifier-store.ts';
import { createMapper, type RubricMapper } from './mapper.ts';
import type { Category, RubricRule, StoredRubric } from './types.ts';
import { readRules } from './versions.ts';

/** Both classifiers, retired parts included, and one version of the rules. */
export interface RubricWorld {
  readonly version: number;
  readonly rules: readonly RubricRule[];
  readonly categories: readonly Category[];
  readonly rubrics: readonly StoredRubric[];
  readonly mapper: RubricMapper;
}

/** Reads everything a report about the mapping needs. */
export async function loadWorld(db: Queryable, version?: number): Promise<RubricWorld> {
  const [set, categories, rubrics] = await Promise.all([
    readRules(db, version),
    readCategories(db, { withRetired: true }),
    readRubrics(db, { withRetired: true }),
  ]);
  const mapper = createMapper(set.rules, categories, rubrics, set.version);
  return { version: set.version, rules: set.rules, categories, rubrics, mapper };
}

/** The mapper of the newest rules and the imported categories. What is imported or mapped later it does not see. */
export async function loadMapper(db: Queryable): Promise<RubricMapper> {
  return (await loadWorld(db)).mapper;
}
