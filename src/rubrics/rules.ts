import { isRubricCode, stemOf } from './codes.ts';
import { cleanName, nameKey, pathKey } from './names.ts';
import { stemsOf } from './stems.ts';
import type { RubricRule, RuleConditions, RuleSource } from './types.ts';

/** Parts of a rule as a person, a file or the database gives them; an empty text is no value. */
export interface RuleParts {
  readonly code: string;
  readonly subject: string;
  readonly source: RuleSource;
  readonly subsubject?: string | null;
  readonly subjectId?: string | null;
  readonly subsubjectId?: string | null;
  readonly cardfile?: string | null;
  readonly organization?: string | null;
  readonly word?: string | null;
  readonly note?: string | null;
}

const OPTIONAL = [
  'subsubject',
  'subjectId',
  'subsubjectId',
  'cardfile',
  'organization',
  'word',
  'note',
] as const;

/** A rule with all its texts made clean and no empty member. Its code must be one: see `normalCode`. */
export function makeRule(parts: RuleParts): RubricRule {
  const rule: { -readonly [K in keyof RubricRule]: RubricRule[K] } = {
    code: parts.code,
    source: parts.source,
    subject: cleanName(parts.subject),
  };
  for (const name of OPTIONAL) {
    const text = cleanName(parts[name] ?? '');
    if (text !== '') rule[name] = text;
  }
  return rule;
}

/** What is wrong with a rule, in words; undefined when nothing is. */
export function faultOfRule(rule: RubricRule): string | undefined {
  if (!isRubricCode(rule.code)) return `«${rule.code}» не код рубрики`;
  if (rule.subject === '') return 'не названа категория';
  if (rule.word !== undefined && stemsOf(rule.word).length === 0) return `«${rule.word}»: здесь нет слова`;
  return undefined;
}

/** Names a rule in all versions: its code and conditions. Two rules of one version never share it. */
export function ruleId(rule: { readonly code: string } & RuleConditions): string {
  const conditions = [
    ...(rule.cardfile === undefined ? [] : [`cardfile=${rule.cardfile}`]),
    ...(rule.organization === undefined ? [] : [`organization=${rule.organization}`]),
    ...(rule.word === undefined ? [] : [`word=${nameKey(rule.word)}`]),
  ];
  return conditions.length === 0 ? rule.code : `${rule.code}?${conditions.join('&')}`;
}

/** How many conditions narrow the rule, 0 to 3. */
export function narrowness(rule: RuleConditions): number {
  return [rule.cardfile, rule.organization, rule.word].filter((value) => value !== undefined).length;
}

/** Whether two rules of one id say the same. Who made them does not count. */
export function isSameRule(a: RubricRule, b: RubricRule): boolean {
  return (
    pathKey(a) === pathKey(b) &&
    a.subjectId === b.subjectId &&
    a.subsubjectId === b.subsubjectId &&
    a.note === b.note
  );
}

/**
 * Which of two rules of one code goes first where both apply: the narrower; then the one that names the organisation,
 * then the cardfile; then the longer word; at last the order of their ids, so that the same rules always give the same.
 */
export function byPrecedence(a: RubricRule, b: RubricRule): number {
  return (
    narrowness(b) - narrowness(a) ||
    Number(b.organization !== undefined) - Number(a.organization !== undefined) ||
    Number(b.cardfile !== undefined) - Number(a.cardfile !== undefined) ||
    (b.word?.length ?? 0) - (a.word?.length ?? 0) ||
    (ruleId(a) < ruleId(b) ? -1 : 1)
  );
}

/** Order in which rules are listed: by code, the wider before the narrower. */
export function byCode(a: RubricRule, b: RubricRule): number {
  const [left, right] = [stemOf(a.code), stemOf(b.code)];
  if (left !== right) return left < right ? -1 : 1;
  return ruleId(a) < ruleId(b) ? -1 : 1;
}
