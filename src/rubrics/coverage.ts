import { type CategoryIndex, indexCategories } from './category-index.ts';
import { stemOf } from './codes.ts';
import { createMapper, type MappingResult, type RubricMapper } from './mapper.ts';
import { pathKey, pathText } from './names.ts';
import { byCode, byPrecedence, narrowness, ruleId } from './rules.ts';
import type { Category, RubricRule, StoredRubric } from './types.ts';

/** How many of some codes are mapped whatever the card. */
export interface Share {
  readonly codes: number;
  readonly mapped: number;
  /** Of the mapped, those that a rule of the shipped draft decides. */
  readonly byDraft: number;
  /** A rule decides, but its category has no id. */
  readonly categoryUnknown: number;
  /** Only rules with conditions: some cards are mapped, others not. */
  readonly conditionalOnly: number;
  readonly unmapped: number;
}

/** A rule that says something it cannot do. */
export interface RuleProblem {
  readonly ruleId: string;
  readonly category: string;
  readonly problem:
    | 'category-unknown'
    | 'category-retired'
    | 'category-without-id'
    | 'category-ambiguous'
    | 'code-unknown'
    | 'code-retired';
}

/** Two rules of one code that can both apply to one card and give different categories. */
export interface RuleConflict {
  readonly code: string;
  /** The one that wins. */
  readonly wins: string;
  readonly loses: string;
}

export interface CoverageReport {
  readonly version: number;
  readonly all: Share;
  readonly sections: readonly (Share & { readonly code: string; readonly name: string })[];
  readonly problems: readonly RuleProblem[];
  readonly conflicts: readonly RuleConflict[];
}

/** How the rules treat a code, whatever the card. */
export type CodeState = 'mapped' | 'draft' | 'categoryUnknown' | 'conditionalOnly' | 'unmapped';

/** What the rules cover of the codes that a question can have (levels 4 and 5, not retired). Pure. */
export function reportCoverage(
  version: number,
  rules: readonly RubricRule[],
  categories: readonly Category[],
  rubrics: readonly StoredRubric[],
): CoverageReport {
  const mapper = createMapper(rules, categories, rubrics, version);
  const states = codeStates(mapper, rules, rubrics);
  const sections = rubrics
    .filter(({ level, retired }) => level === 1 && !retired)
    .map(({ code, name }) => ({
      code,
      name,
      ...shareOf(states.filter((entry) => isUnder(entry.code, [stemOf(code)])).map(({ state }) => state)),
    }));
  return {
    version,
    all: shareOf(states.map(({ state }) => state)),
    sections,
    problems: findProblems(rules, categories, rubrics),
    conflicts: findConflicts(rules, categories),
  };
}

/** How each code that a question can have stands, in the order of `rubrics`. Pure. */
export function codeStates(
  mapper: RubricMapper,
  rules: readonly RubricRule[],
  rubrics: readonly StoredRubric[],
): readonly { readonly code: string; readonly state: CodeState }[] {
  const byId = new Map(rules.map((rule) => [ruleId(rule), rule]));
  const narrowed = rules.filter((rule) => narrowness(rule) > 0).map(({ code }) => stemOf(code));
  return questionCodes(rubrics).map(({ code }) => ({
    code,
    state: stateOf(mapper.map({ otkCode: code }), byId, () => isUnder(code, narrowed)),
  }));
}

/** The codes that a question can have. */
export function questionCodes(rubrics: readonly StoredRubric[]): readonly StoredRubric[] {
  return rubrics.filter(({ level, retired }) => level >= 4 && !retired);
}

function stateOf(
  result: MappingResult,
  rules: ReadonlyMap<string, RubricRule>,
  isConditional: () => boolean,
): CodeState {
  if ('subjectId' in result) return rules.get(result.ruleId)?.source === 'starter' ? 'draft' : 'mapped';
  if (result.unmapped === 'category-unknown') return 'categoryUnknown';
  return isConditional() ? 'conditionalOnly' : 'unmapped';
}

function isUnder(code: string, stems: readonly string[]): boolean {
  return stems.some((stem) => code === stem || code.startsWith(`${stem}.`));
}

/** Counts states. */
export function shareOf(states: readonly CodeState[]): Share {
  const count = (state: CodeState) => states.filter((each) => each === state).length;
  const byDraft = count('draft');
  return {
    codes: states.length,
    mapped: count('mapped') + byDraft,
    byDraft,
    categoryUnknown: count('categoryUnknown'),
    conditionalOnly: count('conditionalOnly'),
    unmapped: count('unmapped'),
  };
}

/** Rules whose category or code is not what it should be. */
export function findProblems(
  rules: readonly RubricRule[],
  categories: readonly Category[],
  rubrics: readonly StoredRubric[],
): readonly RuleProblem[] {
  const index = indexCategories(categories);
  const codes = new Map(rubrics.map((rubric) => [rubric.code, rubric]));
  return [...rules].sort(byCode).flatMap((rule) => {
    const rubric = codes.get(rule.code);
    const problems = [
      categoryProblem(index, rule),
      rubric === undefined ? 'code-unknown' : rubric.retired ? 'code-retired' : undefined,
    ] as const;
    return problems.flatMap((problem) =>
      problem === undefined ? [] : [{ ruleId: ruleId(rule), category: pathText(rule), problem }],
    );
  });
}

function categoryProblem(index: CategoryIndex, rule: RubricRule): RuleProblem['problem'] | undefined {
  const resolved = index.resolve(rule);
  if (!('missing' in resolved)) return resolved.others.length > 0 ? 'category-ambiguous' : undefined;
  if (resolved.missing === 'retired') return 'category-retired';
  return resolved.missing === 'no-id' ? 'category-without-id' : 'category-unknown';
}

/**
 * Pairs of rules of one code, equally narrow, that some card would fit both, with different categories. The mapper
 * always takes the same one of them; a person should say which is meant.
 */
export function findConflicts(
  rules: readonly RubricRule[],
  categories: readonly Category[],
): readonly RuleConflict[] {
  const index = indexCategories(categories);
  const target = (rule: RubricRule) => {
    const resolved = index.resolve(rule);
    return 'missing' in resolved ? pathKey(rule) : resolved.category.key;
  };
  const byCodeText = Map.groupBy(rules, ({ code }) => code);
  return [...byCodeText].flatMap(([code, group]) => {
    const sorted = [...group].sort(byPrecedence);
    return sorted.flatMap((wins, at) =>
      sorted
        .slice(at + 1)
        .filter((loses) => areEquallyNear(wins, loses) && target(wins) !== target(loses))
        .map((loses) => ({ code, wins: ruleId(wins), loses: ruleId(loses) })),
    );
  });
}

function areEquallyNear(a: RubricRule, b: RubricRule): boolean {
  if (narrowness(a) !== narrowness(b)) return false;
  const agree = (left: string | undefined, right: string | undefined) =>
    left === undefined || right === undefined || left === right;
  return agree(a.cardfile, b.cardfile) && agree(a.organization, b.organization);
}
