import { hasIds, indexCategories } from './category-index.ts';
import { nameKey, pathKey, pathText } from './names.ts';
import { ruleId } from './rules.ts';
import type { Category, Rubric, RubricRule, StoredRubric } from './types.ts';

export interface Changed<T> {
  readonly from: T;
  readonly to: T;
}

/** What a new list of categories changes. Retired ones of the old list count as not there. */
export interface CategoryDiff {
  readonly added: readonly Category[];
  readonly removed: readonly Category[];
  /** Same id, other name or other parent. */
  readonly renamed: readonly Changed<Category>[];
  /** Same path, other id. */
  readonly renumbered: readonly Changed<Category>[];
  /** Same path, and an id where there was none. */
  readonly identified: readonly Changed<Category>[];
  readonly same: readonly Changed<Category>[];
}

/** Compares by ids first, then by paths; pure. */
export function diffCategories(before: readonly Category[], after: readonly Category[]): CategoryDiff {
  const old = before.filter((category) => !category.retired);
  const pairs = new Map<Category, Category>();
  const taken = new Set<Category>();
  const match = (keyOf: (category: Category) => string | undefined) => {
    const byKey = new Map<string, Category[]>();
    for (const category of old) {
      const key = taken.has(category) ? undefined : keyOf(category);
      if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), category]);
    }
    for (const category of after) {
      const key = pairs.has(category) ? undefined : keyOf(category);
      const found = key === undefined ? undefined : byKey.get(key)?.shift();
      if (found === undefined) continue;
      pairs.set(category, found);
      taken.add(found);
    }
  };
  // The fullest agreement first, so that a doubled id or name goes to its own.
  match((category) => `${category.key}\n${pathKey(category)}`);
  match((category) => (hasIds(category) ? idsOf(category) : undefined));
  match((category) => category.subsubjectId);
  match((category) => pathKey(category));

  const changed = { renamed: [], renumbered: [], identified: [], same: [] } as {
    [K in 'renamed' | 'renumbered' | 'identified' | 'same']: Changed<Category>[];
  };
  for (const [to, from] of pairs) changed[kindOfChange(from, to)].push({ from, to });
  return {
    ...changed,
    added: after.filter((category) => !pairs.has(category)),
    removed: old.filter((category) => !taken.has(category)),
  };
}

function kindOfChange(from: Category, to: Category): 'renamed' | 'renumbered' | 'identified' | 'same' {
  if (pathKey(from) !== pathKey(to)) return 'renamed';
  if (idsOf(from) === idsOf(to)) return 'same';
  return hasIds(from) ? 'renumbered' : 'identified';
}

function idsOf({ subjectId, subsubjectId }: Category): string {
  return `${subjectId ?? ''}/${subsubjectId ?? ''}`;
}

/** What a new edition of the thematic classifier changes. */
export interface RubricDiff {
  readonly added: readonly Rubric[];
  readonly removed: readonly Rubric[];
  readonly renamed: readonly Changed<Rubric>[];
  readonly same: number;
}

/** Compares by code; a difference of case or blanks is none. Pure. */
export function diffRubrics(before: readonly StoredRubric[], after: readonly Rubric[]): RubricDiff {
  const old = new Map(
    before.filter((rubric) => !rubric.retired).map((rubric) => [rubric.code, rubric] as const),
  );
  const codes = new Set(after.map(({ code }) => code));
  const added: Rubric[] = [];
  const renamed: Changed<Rubric>[] = [];
  for (const to of after) {
    const from = old.get(to.code);
    if (from === undefined) added.push(to);
    else if (nameKey(from.name) !== nameKey(to.name)) renamed.push({ from, to });
  }
  const removed = [...old.values()].filter(({ code }) => !codes.has(code));
  return { added, removed, renamed, same: after.length - added.length - renamed.length };
}

/** A rule that an import would change, and in which way. */
export interface TouchedRule {
  readonly ruleId: string;
  readonly code: string;
  /** The category as the rule names it. */
  readonly category: string;
  /**
   * `broken`: its category is not there any more, and its codes become unmapped; `moved`: it now gives another id;
   * `renamed`: it goes on, by the id; `mended`: it had no category and has one now.
   */
  readonly effect: 'broken' | 'moved' | 'renamed' | 'mended';
}

/** What becomes of the rules when categories change. */
export function touchedByCategories(
  rules: readonly RubricRule[],
  before: readonly Category[],
  after: readonly Category[],
): readonly TouchedRule[] {
  const [old, fresh] = [indexCategories(before), indexCategories(after)];
  return rules.flatMap((rule): TouchedRule[] => {
    const was = old.resolve(rule);
    const is = fresh.resolve(rule);
    const touched = { ruleId: ruleId(rule), code: rule.code, category: pathText(rule) };
    if ('missing' in is) return 'missing' in was ? [] : [{ ...touched, effect: 'broken' }];
    if ('missing' in was) return [{ ...touched, effect: 'mended' }];
    if (idsOf(was.category) !== idsOf(is.category)) return [{ ...touched, effect: 'moved' }];
    if (pathKey(was.category) !== pathKey(is.category)) return [{ ...touched, effect: 'renamed' }];
    return [];
  });
}

/** Rules about codes that the new edition no longer has. They go on for old cards, and match no new one. */
export function touchedByRubrics(rules: readonly RubricRule[], diff: RubricDiff): readonly TouchedRule[] {
  const gone = new Set(diff.removed.map(({ code }) => code));
  return rules
    .filter(({ code }) => gone.has(code))
    .map((rule) => ({
      ruleId: ruleId(rule),
      code: rule.code,
      category: pathText(rule),
      effect: 'broken' as const,
    }));
}
