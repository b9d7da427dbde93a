import type { DataSource } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { hasIds, indexCategories } from './category-index.ts';
import { readCategories } from './classifier-store.ts';
import { normalCode } from './codes.ts';
import { pathText } from './names.ts';
import { isSameRule, makeRule, ruleId } from './rules.ts';
import type { Category, RubricRule, RuleConditions } from './types.ts';
import { type Authorship, addVersionIn } from './versions.ts';

export interface RuleTarget extends RuleConditions {
  readonly code: string;
}

export interface MapRequest extends RuleTarget {
  /** Key or id of a category, or «Категория / Подкатегория». */
  readonly category: string;
  readonly note?: string;
}

export interface RuleEdit {
  readonly rule: RubricRule;
  /** The rule with this code and these conditions before. */
  readonly before?: RubricRule;
  /** The version made; undefined when the rule was there already. */
  readonly version?: number;
  /** The platform can be told the category; otherwise its codes wait for the ids. */
  readonly isUsable: boolean;
}

/**
 * Maps a code, and all codes under it, to a category, as a new version of the rules.
 * @throws Fault COMMAND_INVALID for a code that is not in the classifier, or a category that is not, or not only one
 */
export async function mapCode(
  dataSource: DataSource,
  request: MapRequest,
  by: Authorship,
): Promise<RuleEdit> {
  return await inTransaction(dataSource, async (tx) => {
    const code = await requireCode(tx, request.code);
    const category = requireCategory(await readCategories(tx), request.category);
    const rule = ruleTo(category, { ...request, code });
    const id = ruleId(rule);
    let before: RubricRule | undefined;
    const made = await addVersionIn(tx, 'person', by, ({ rules }) => {
      before = rules.find((each) => ruleId(each) === id);
      if (before !== undefined && before.source === 'person' && isSameRule(before, rule)) return undefined;
      return [...rules.filter((each) => each !== before), rule];
    });
    return {
      rule,
      isUsable: hasIds(category),
      ...(before === undefined ? {} : { before }),
      ...(made === undefined ? {} : { version: made.version }),
    };
  });
}

/**
 * Takes a rule away, as a new version: the code then follows a wider rule, if there is one. Returns undefined when there
 * is no rule with this code and exactly these conditions.
 * @throws Fault COMMAND_INVALID when the code is none
 */
export async function unmapCode(
  dataSource: DataSource,
  target: RuleTarget,
  by: Authorship,
): Promise<{ readonly removed: RubricRule; readonly version: number } | undefined> {
  const code = normalCode(target.code);
  if (code === undefined) throw notCode(target.code);
  const id = ruleId(makeRule({ ...target, code, subject: '', source: 'person' }));
  return await inTransaction(dataSource, async (tx) => {
    let removed: RubricRule | undefined;
    const made = await addVersionIn(tx, 'person', by, ({ rules }) => {
      removed = rules.find((rule) => ruleId(rule) === id);
      return removed === undefined ? undefined : rules.filter((rule) => rule !== removed);
    });
    return removed === undefined || made === undefined ? undefined : { removed, version: made.version };
  });
}

/** The code as the classifier writes it. @throws Fault COMMAND_INVALID when the classifier has never had it */
export async function requireCode(db: Queryable, text: string): Promise<string> {
  const code = normalCode(text);
  if (code === undefined) throw notCode(text);
  const [found] = await db.query('SELECT FROM rubric WHERE code = $1', [code]);
  if (found !== undefined) return code;
  throw new Fault('COMMAND_INVALID', {
    detail: `в тематическом классификаторе нет кода ${code}`,
    field: 'code',
  });
}

function notCode(text: string): Fault {
  return new Fault('COMMAND_INVALID', {
    detail: `«${text}» не код рубрики; код состоит из четырёх или пяти групп по четыре цифры: 0003.0009.0099.0742`,
    field: 'code',
  });
}

/** A person's rule from a code to a category. */
export function ruleTo(category: Category, target: RuleTarget & { readonly note?: string }): RubricRule {
  return makeRule({
    ...target,
    source: 'person',
    subject: category.subject,
    subsubject: category.subsubject ?? null,
    subjectId: category.subjectId ?? null,
    subsubjectId: category.subsubjectId ?? null,
  });
}

/** The one category that a person means. @throws Fault COMMAND_INVALID when there is none, or several */
export function requireCategory(categories: readonly Category[], text: string): Category {
  if (categories.length === 0) {
    throw new Fault('COMMAND_INVALID', {
      detail: 'категории платформы ещё не загружены: выполните «rubrics import»',
      field: 'category',
    });
  }
  const [found, ...others] = indexCategories(categories).find(text);
  if (found !== undefined && others.length === 0) return found;
  const detail =
    found === undefined
      ? `нет категории «${text}»; подходящие предлагает «rubrics suggest»`
      : `категорий «${text}» несколько, назовите одну: ${[found, ...others].map(keyText).join('; ')}`;
  throw new Fault('COMMAND_INVALID', { detail, field: 'category' });
}

function keyText(category: Category): string {
  return `${category.key} (${pathText(category)})`;
}
