import { Fault } from '../model/errors.ts';
import { readCategories } from '../rubrics/classifier-store.ts';
import { type CoverageReport, reportCoverage, type Share } from '../rubrics/coverage.ts';
import { requireCode } from '../rubrics/edit-rules.ts';
import { loadWorld } from '../rubrics/load.ts';
import { nameKey, pathText } from '../rubrics/names.ts';
import { createSuggester, type Suggestion } from '../rubrics/suggest.ts';
import { listUnmapped, type UnmappedCode } from '../rubrics/unmapped.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withRubrics } from './open-rubrics.ts';
import { categoryText, conflictText, listed, problemText } from './rubric-words.ts';

/** `posrednik rubrics coverage`: what the rules cover; exit code 1 when a rule cannot do what it says. */
export async function coverageCommand(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const { report, categories } = await withRubrics(loaded, async (db) => {
    const world = await loadWorld(db);
    return {
      report: reportCoverage(world.version, world.rules, world.categories, world.rubrics),
      categories: world.categories.filter(({ retired }) => !retired).length,
    };
  });
  printResult(
    flags.json,
    { ...report, categories, percent: percentOf(report.all) },
    categories === 0 ? NO_CATEGORIES : coverageLines(report),
  );
  if (report.problems.length + report.conflicts.length > 0) process.exitCode = 1;
}

const NO_CATEGORIES = [
  'Категории платформы ещё не загружены, поэтому не действует ни одно правило: выполните «rubrics import».',
];

function coverageLines({ version, all, sections, problems, conflicts }: CoverageReport): readonly string[] {
  return [
    `Версия правил ${version}. Сопоставлено ${shareText(all)}`,
    ...sections.map((section) => `  ${section.code} ${section.name}: ${shareText(section)}`),
    ...listed('Правила с замечаниями', problems, problemText),
    ...listed('Спорят между собой', conflicts, conflictText),
  ];
}

function shareText(share: Share): string {
  const parts = [
    share.byDraft > 0 ? `по черновику ${share.byDraft}` : '',
    share.categoryUnknown > 0 ? `категория без идентификатора ${share.categoryUnknown}` : '',
    share.conditionalOnly > 0 ? `только по условиям ${share.conditionalOnly}` : '',
    share.unmapped > 0 ? `без правила ${share.unmapped}` : '',
  ].filter((part) => part !== '');
  const more = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `${share.mapped} из ${share.codes} кодов (${percentOf(share)} %)${more}`;
}

function percentOf({ mapped, codes }: Share): number {
  return codes === 0 ? 0 : Math.floor((mapped * 1000) / codes) / 10;
}

export interface UnmappedFlags extends JsonFlag {
  readonly all?: boolean;
  readonly limit: string;
}

const REASONS: Readonly<Record<UnmappedCode['reason'], string>> = {
  'no-rule': 'нет правила',
  'category-unknown': 'у категории нет идентификатора',
  'rule-made': 'правило уже есть, уйдут при следующей сборке',
};

/** `posrednik rubrics unmapped`: codes without a category, those with the most waiting cards first. */
export async function unmappedCommand(options: GlobalOptions, flags: UnmappedFlags): Promise<void> {
  const limit = requireCount(flags.limit, '--limit');
  const loaded = await loadForCommand(options);
  const { total, codes } = await withRubrics(loaded, async (db) => {
    const world = await loadWorld(db);
    const all = await listUnmapped(db, world, { all: flags.all === true });
    const { suggest } = createSuggester(world.rubrics, world.categories, world.rules);
    const shown = all
      .slice(0, limit)
      .map((code) => ({ ...code, suggestions: suggest(code.code).map(toJson) }));
    return { total: all.length, codes: shown };
  });
  const lines = codes.flatMap(({ code, name, cards, reason, suggestions }) => [
    `${code}  карточек ${cards}: ${name ?? 'нет в классификаторе'} (${REASONS[reason]})`,
    ...suggestions.map(({ key, path }) => `    ${path}  [${key}]`),
  ]);
  const rest = total - codes.length;
  printResult(flags.json, { total, unmapped: codes }, [
    ...(lines.length === 0 ? ['Ни одна карточка не ждёт сопоставления.'] : lines),
    ...(rest > 0 ? [`… и ещё ${rest}: --limit ${total}`] : []),
  ]);
}

export interface SuggestFlags extends JsonFlag {
  readonly most: string;
}

/** `posrednik rubrics suggest`: the likeliest categories for a code; exit code 1 when there is none. */
export async function suggestCommand(
  options: GlobalOptions,
  text: string,
  flags: SuggestFlags,
): Promise<void> {
  const most = requireCount(flags.most, '--most');
  const loaded = await loadForCommand(options);
  const { code, suggestions } = await withRubrics(loaded, async (db) => {
    const known = await requireCode(db, text);
    const { rubrics, categories, rules } = await loadWorld(db);
    return { code: known, suggestions: createSuggester(rubrics, categories, rules).suggest(known, most) };
  });
  const near = (codes: readonly string[]) =>
    codes.length === 0 ? '' : `; рядом так сопоставлены ${codes.slice(0, 3).join(', ')}`;
  printResult(
    flags.json,
    { code, suggestions: suggestions.map(toJson) },
    suggestions.length === 0
      ? ['Похожих категорий нет. Загружены ли категории платформы? См. «rubrics import».']
      : suggestions.map(
          (each) => `${each.score.toFixed(2)}  ${categoryText(each.category)}${near(each.near)}`,
        ),
  );
  if (suggestions.length === 0) process.exitCode = 1;
}

function toJson({ category, score, near }: Suggestion): {
  readonly key: string;
  readonly path: string;
  readonly score: number;
  readonly near: readonly string[];
} {
  return { key: category.key, path: pathText(category), score: Math.round(score * 1000) / 1000, near };
}

/** `posrednik rubrics categories`: the imported categories with their keys, all or those with a word in the path. */
export async function categoriesCommand(
  options: GlobalOptions,
  word: string | undefined,
  flags: JsonFlag,
): Promise<void> {
  const loaded = await loadForCommand(options);
  const all = await withRubrics(loaded, (db) => readCategories(db));
  const found =
    word === undefined ? all : all.filter((category) => nameKey(pathText(category)).includes(nameKey(word)));
  printResult(
    flags.json,
    { categories: found },
    found.length === 0
      ? ['Таких категорий нет. Загрузить классификатор: «rubrics import».']
      : found.map((category) => `${category.key}  ${pathText(category)}`),
  );
}

/** A count of a flag. @throws Fault COMMAND_INVALID */
function requireCount(text: string, flag: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Fault('COMMAND_INVALID', { detail: `${flag}: напишите целое число от 1`, field: flag });
}
