import type { CarriedCode } from './category-file.ts';
import { pathKey, pathText } from './names.ts';
import { makeRule, ruleId } from './rules.ts';
import type { RubricRule } from './types.ts';

/** The rules as they are after a classifier that carries codes was taken. */
export interface CarriedRules {
  readonly rules: readonly RubricRule[];
  /** Rules made of the codes. */
  readonly carried: number;
  /** Codes that the classifier gives to several categories; the first counts. */
  readonly doubled: readonly { readonly code: string; readonly kept: string; readonly left: string }[];
  /** Codes for which a person's own rule says otherwise; it stays. */
  readonly overruled: readonly { readonly code: string; readonly kept: string; readonly left: string }[];
}

/**
 * Puts the rules that the platform's classifier carries among the present ones: in place of those that an earlier
 * classifier carried and of the draft's, but never of a person's own. Pure.
 */
export function withCarriedRules(
  present: readonly RubricRule[],
  codes: readonly CarriedCode[],
): CarriedRules {
  const carried = new Map<string, RubricRule>();
  const doubled: CarriedRules['doubled'][number][] = [];
  const overruled: CarriedRules['overruled'][number][] = [];
  const own = new Map(
    present.filter(({ source }) => source === 'person').map((rule) => [ruleId(rule), rule] as const),
  );
  for (const { code, category } of codes) {
    const { subject, subsubject, subjectId, subsubjectId } = category;
    const rule = makeRule({
      code,
      source: 'classifier',
      subject,
      ...(subsubject === undefined ? {} : { subsubject }),
      ...(subjectId === undefined ? {} : { subjectId }),
      ...(subsubjectId === undefined ? {} : { subsubjectId }),
    });
    const first = carried.get(code);
    if (first === undefined) carried.set(code, rule);
    else if (pathKey(first) !== pathKey(rule)) {
      doubled.push({ code, kept: pathText(first), left: pathText(rule) });
    }
  }
  for (const [code, rule] of carried) {
    const kept = own.get(code);
    if (kept === undefined) continue;
    carried.delete(code);
    if (pathKey(kept) !== pathKey(rule)) {
      overruled.push({ code, kept: pathText(kept), left: pathText(rule) });
    }
  }
  const others = present.filter((rule) => rule.source !== 'classifier' && !carried.has(ruleId(rule)));
  return { rules: [...others, ...carried.values()], carried: carried.size, doubled, overruled };
}
