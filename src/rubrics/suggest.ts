import { indexCategories } from './category-index.ts';
import { lineage, parentOf } from './codes.ts';
import { createLikeness, type WeightedText } from './likeness.ts';
import type { Category, Rubric, RubricRule } from './types.ts';

export interface Suggestion {
  readonly category: Category;
  /** 1 is the likeliest by words alone; what the site mapped near by adds to it. */
  readonly score: number;
  /** Codes near by that the site mapped to this category. */
  readonly near: readonly string[];
}

export interface Suggester {
  /** The likeliest categories for a code, best first; none for a code that is not in the classifier. */
  suggest(code: string, most?: number): readonly Suggestion[];
}

/** How much a rubric's own name and those above it tell of it. */
const LINE_WEIGHTS = [1, 0.6, 0.4, 0.25, 0.15];
/** How much the category's name tells of its sub-category. */
const SUBJECT_WEIGHT = 0.6;
/**
 * What codes under the same parent, and under the parent's parent, add when very many of them go to one category; one
 * alone adds half of it: likely, but less so than words that agree.
 */
const NEAR_WEIGHTS = [1.2, 0.4];
/** What they add to the other sub-categories of that category. */
const SAME_SUBJECT = 0.3;

/**
 * Prepares suggestions: likeness of the names and paths of both classifiers, and what the site itself has mapped near by
 * (rules for questions, not those of the shipped draft). Pure; built once for many codes.
 */
export function createSuggester(
  rubrics: readonly Rubric[],
  categories: readonly Category[],
  rules: readonly RubricRule[],
): Suggester {
  const living = categories.filter((category) => !category.retired);
  const names = new Map(rubrics.map(({ code, name }) => [code, name]));
  const likeness = createLikeness(living.map(categoryTexts));
  const mapped = mappedByPerson(rules, categories);

  return {
    suggest(code, most = 3) {
      if (!names.has(code)) return [];
      const scores = likeness(rubricTexts(code, names));
      const best = Math.max(...scores, 0);
      const near = nearBy(code, mapped);
      return living
        .map((category, at) => {
          const bonus = near.bonus.get(category.key) ?? 0;
          const kin = category.subsubject === undefined ? 0 : (near.subjects.get(category.subject) ?? 0);
          const score = (best === 0 ? 0 : (scores[at] ?? 0) / best) + Math.max(bonus, kin * SAME_SUBJECT);
          return { category, score, near: near.codes.get(category.key) ?? [] };
        })
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || (a.category.key < b.category.key ? -1 : 1))
        .slice(0, most);
    },
  };
}

function categoryTexts({ subject, subsubject }: Category): readonly WeightedText[] {
  if (subsubject === undefined) return [{ text: subject, weight: 1 }];
  return [
    { text: subsubject, weight: 1 },
    { text: subject, weight: SUBJECT_WEIGHT },
  ];
}

function rubricTexts(code: string, names: ReadonlyMap<string, string>): readonly WeightedText[] {
  return lineage(code).flatMap((at, depth) => {
    const text = names.get(at);
    const weight = LINE_WEIGHTS[depth];
    return text === undefined || weight === undefined ? [] : [{ text: aboutItself(text), weight }];
  });
}

/** A name without what it says it is not about: «Связь (за исключением …)». */
function aboutItself(name: string): string {
  return name.replace(/\([^()]*за исключением[^()]*\)/giu, ' ');
}

interface Mapped {
  readonly code: string;
  readonly category: Category;
}

function mappedByPerson(rules: readonly RubricRule[], categories: readonly Category[]): readonly Mapped[] {
  const index = indexCategories(categories);
  return rules.flatMap((rule) => {
    const resolved = rule.source === 'starter' ? undefined : index.resolve(rule);
    return resolved === undefined || 'missing' in resolved
      ? []
      : [{ code: rule.code, category: resolved.category }];
  });
}

interface NearBy {
  readonly bonus: ReadonlyMap<string, number>;
  readonly subjects: ReadonlyMap<string, number>;
  readonly codes: ReadonlyMap<string, readonly string[]>;
}

/** What the codes beside this one, and then those beside its parent, are mapped to: each by its share of them. */
function nearBy(code: string, mapped: readonly Mapped[]): NearBy {
  const bonus = new Map<string, number>();
  const subjects = new Map<string, number>();
  const codes = new Map<string, string[]>();
  let above = parentOf(code);
  for (const weight of NEAR_WEIGHTS) {
    if (above === undefined) break;
    const parent = above;
    const beside = mapped.filter((rule) => rule.code !== code && lineage(rule.code).includes(parent));
    for (const { code: other, category } of beside) {
      const share = weight / (beside.length + 1);
      bonus.set(category.key, (bonus.get(category.key) ?? 0) + share);
      subjects.set(category.subject, (subjects.get(category.subject) ?? 0) + share);
      const list = codes.get(category.key) ?? [];
      if (!list.includes(other)) codes.set(category.key, [...list, other]);
    }
    above = parentOf(parent);
  }
  return { bonus, subjects, codes };
}
