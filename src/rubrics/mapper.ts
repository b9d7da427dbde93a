import { indexCategories } from './category-index.ts';
import { lineage, normalCode } from './codes.ts';
import { byPrecedence, narrowness, ruleId } from './rules.ts';
import { stemsOf } from './stems.ts';
import type { Category, Rubric, RubricRule } from './types.ts';

/** What a rule may look at besides the code. */
export interface MappedQuestion {
  readonly otkCode: string;
  readonly cardfile?: string;
  readonly organization?: string;
  /** The name of its rubric as the card has it, and what the card is about. */
  readonly text?: string;
}

export type MappingResult =
  | {
      readonly subjectId: string;
      readonly subsubjectId?: string;
      /** The rule that decided, for the log and for `rubrics explain`. */
      readonly ruleId: string;
    }
  /** No rule, or a rule whose category has no id in the imported classifier yet. */
  | { readonly unmapped: 'no-rule' | 'category-unknown'; readonly ruleId?: string };

/** From an ОТК code to a category of the platform: one version of the rules, held in memory, pure. */
export interface RubricMapper {
  readonly version: number;
  /** Some rule looks at the words of the text: without any, nobody need read it. */
  readonly readsText: boolean;
  map(question: MappedQuestion): MappingResult;
}

interface Candidate {
  readonly rule: RubricRule;
  readonly stems: readonly string[];
  readonly result: MappingResult;
}

/** The rules that may decide a code, in their order: those before the last are conditional. */
interface Chain {
  readonly conditional: readonly Candidate[];
  readonly otherwise: MappingResult;
}

const NO_RULE: MappingResult = Object.freeze({ unmapped: 'no-rule' });
/** Codes outside the classifier that are remembered, so that a stream of nonsense does not fill the memory. */
const MOST_FOREIGN = 10_000;

/**
 * Makes the mapper of one version. The nearest code wins: the question's own, its 4-group parent, group, theme,
 * section; among rules of one code the narrower that applies (`byPrecedence` settles ties). A rule whose category is
 * not in the classifier decides too: the code stays unmapped, for a wider rule would send it to a wrong category.
 * Codes of `rubrics` are worked out beforehand; others at their first look-up.
 */
export function createMapper(
  rules: readonly RubricRule[],
  categories: readonly Category[],
  rubrics: readonly Pick<Rubric, 'code'>[],
  version = 0,
): RubricMapper {
  const byRuleCode = candidatesByCode(rules, categories);
  const chains = new Map<string, Chain>();
  for (const { code } of rubrics) chains.set(code, chainOf(code, byRuleCode));
  let foreign = 0;

  function foreignChain(text: string): Chain {
    const code = normalCode(text);
    const chain = (code === undefined ? undefined : chains.get(code)) ?? chainOf(code, byRuleCode);
    if (foreign < MOST_FOREIGN) {
      foreign += 1;
      chains.set(text, chain);
    }
    return chain;
  }

  return {
    version,
    readsText: rules.some(({ word }) => word !== undefined),
    map(question) {
      const chain = chains.get(question.otkCode) ?? foreignChain(question.otkCode);
      if (chain.conditional.length === 0) return chain.otherwise;
      // A long text costs more than all the rest: only where a word is asked for.
      const isRead = chain.conditional.some(({ stems: wanted }) => wanted.length > 0);
      const stems = new Set(isRead ? stemsOf(question.text ?? '') : []);
      const found = chain.conditional.find((candidate) => applies(candidate, question, stems));
      return found === undefined ? chain.otherwise : found.result;
    },
  };
}

function candidatesByCode(
  rules: readonly RubricRule[],
  categories: readonly Category[],
): ReadonlyMap<string, readonly Candidate[]> {
  const index = indexCategories(categories);
  const byCode = new Map<string, Candidate[]>();
  for (const rule of [...rules].sort(byPrecedence)) {
    const id = ruleId(rule);
    const resolved = index.resolve(rule);
    const { subjectId, subsubjectId } = 'missing' in resolved ? {} : resolved.category;
    const result: MappingResult =
      subjectId === undefined
        ? { unmapped: 'category-unknown', ruleId: id }
        : { subjectId, ...(subsubjectId === undefined ? {} : { subsubjectId }), ruleId: id };
    const candidate = { rule, stems: stemsOf(rule.word ?? ''), result: Object.freeze(result) };
    const list = byCode.get(rule.code);
    if (list === undefined) byCode.set(rule.code, [candidate]);
    else list.push(candidate);
  }
  return byCode;
}

function chainOf(code: string | undefined, byCode: ReadonlyMap<string, readonly Candidate[]>): Chain {
  const conditional: Candidate[] = [];
  for (const at of code === undefined ? [] : lineage(code)) {
    for (const candidate of byCode.get(at) ?? []) {
      if (narrowness(candidate.rule) === 0) return { conditional, otherwise: candidate.result };
      conditional.push(candidate);
    }
  }
  return { conditional, otherwise: NO_RULE };
}

function applies(
  { rule, stems }: Candidate,
  question: MappedQuestion,
  textStems: ReadonlySet<string>,
): boolean {
  if (rule.cardfile !== undefined && rule.cardfile !== question.cardfile) return false;
  if (rule.organization !== undefined && rule.organization !== question.organization) return false;
  return stems.every((stem) => textStems.has(stem));
}
