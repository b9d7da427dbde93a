import type { CategoryDiff, Changed, RubricDiff, TouchedRule } from '../rubrics/classifier-diff.ts';
import type { RuleConflict, RuleProblem } from '../rubrics/coverage.ts';
import { pathText } from '../rubrics/names.ts';
import { NOTE_KINDS, type Note, noteText } from '../rubrics/notes.ts';
import { ruleId } from '../rubrics/rules.ts';
import type { Category, Rubric, RubricRule } from '../rubrics/types.ts';
import type { RuleDiff, VersionInfo } from '../rubrics/versions.ts';

/** Lines of a list that are shown before «и ещё N». */
const MOST_LINES = 30;

const EFFECTS: Readonly<Record<TouchedRule['effect'], string>> = {
  broken: 'перестанет действовать',
  moved: 'даст другой идентификатор',
  renamed: 'действует, название изменилось',
  mended: 'начнёт действовать',
};

const PROBLEMS: Readonly<Record<RuleProblem['problem'], string>> = {
  'category-unknown': 'такой категории нет в загруженном классификаторе',
  'category-retired': 'категория убрана из классификатора',
  'category-without-id': 'у категории нет идентификатора',
  'category-ambiguous': 'категорий с таким названием несколько',
  'code-unknown': 'такого кода нет в тематическом классификаторе',
  'code-retired': 'код убран из тематического классификатора',
};

/** A category for a person: its path, and the ids behind it. */
export function categoryText(category: Category | RubricRule): string {
  const ids = [category.subjectId, category.subsubjectId].filter((id) => id !== undefined);
  return ids.length === 0 ? pathText(category) : `${pathText(category)} [${ids.join('/')}]`;
}

/** A heading with its list, cut to what a person reads; nothing for an empty list. */
export function listed<T>(
  heading: string,
  items: readonly T[],
  line: (item: T) => string,
): readonly string[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, MOST_LINES).map((item) => `  ${line(item)}`);
  const rest = items.length - shown.length;
  return [`${heading}: ${items.length}`, ...shown, ...(rest > 0 ? [`  … и ещё ${rest}`] : [])];
}

/** What a new list of categories changes. */
export function categoryDiffLines(diff: CategoryDiff): readonly string[] {
  const move = ({ from, to }: Changed<Category>) => `${categoryText(from)} → ${categoryText(to)}`;
  return [
    ...listed('Новые категории', diff.added, categoryText),
    ...listed('Убраны', diff.removed, categoryText),
    ...listed('Переименованы', diff.renamed, move),
    ...listed('Сменили идентификатор', diff.renumbered, move),
    ...listed('Получили идентификатор', diff.identified, move),
    `Без изменений: ${diff.same.length}`,
  ];
}

/** What a new edition of the thematic classifier changes. */
export function rubricDiffLines(diff: RubricDiff): readonly string[] {
  const line = ({ code, name }: Rubric) => `${code} ${name}`;
  return [
    ...listed('Новые рубрики', diff.added, line),
    ...listed('Убраны', diff.removed, line),
    ...listed('Переименованы', diff.renamed, ({ from, to }) => `${to.code} ${from.name} → ${to.name}`),
    `Без изменений: ${diff.same}`,
  ];
}

/** What an import does to the rules. */
export function touchedLines(rules: readonly TouchedRule[]): readonly string[] {
  return (['broken', 'moved', 'renamed', 'mended'] as const).flatMap((effect) =>
    listed(
      `Правила: ${EFFECTS[effect]}`,
      rules.filter((rule) => rule.effect === effect),
      (rule) => `${rule.ruleId} → ${rule.category}`,
    ),
  );
}

/** What the reader of a file has to say, lost rows first. */
export function noteLines(notes: readonly Note[]): readonly string[] {
  const lost = notes.filter(({ kind }) => NOTE_KINDS[kind].lost);
  return [...lost, ...notes.filter((note) => !lost.includes(note))].map(
    (note) => `Замечание: ${noteText(note)}`,
  );
}

/** A rule for a person. */
export function ruleText(rule: RubricRule): string {
  const draft = rule.source === 'starter' ? ' (черновик)' : '';
  return `${ruleId(rule)} → ${categoryText(rule)}${draft}`;
}

export function ruleDiffLines(diff: RuleDiff): readonly string[] {
  if (diff.added.length + diff.removed.length + diff.changed.length === 0) return ['Правила не отличаются.'];
  return [
    ...listed('Новые правила', diff.added, ruleText),
    ...listed('Убраны', diff.removed, ruleText),
    ...listed('Изменены', diff.changed, ({ from, to }) => `${ruleText(from)} ⇒ ${categoryText(to)}`),
  ];
}

export function problemText({ ruleId: id, category, problem }: RuleProblem): string {
  return `${id} → ${category}: ${PROBLEMS[problem]}`;
}

export function conflictText({ code, wins, loses }: RuleConflict): string {
  return `${code}: действует ${wins}, уступает ${loses}`;
}

/** One line of the history of versions. */
export function versionText({ version, equalTo, who, why, at, rules }: VersionInfo): string {
  const repeats = equalTo === undefined ? '' : `, равна версии ${equalTo}`;
  return `${version}  ${at.toISOString()}  правил ${rules}${repeats}  ${who}: ${why}`;
}
