import type { DataSource } from 'typeorm';
import { Fault } from '../../../model/errors.ts';
import { type CategoryFile, readCategoryFile } from '../../../rubrics/category-file.ts';
import { findProblems, type RuleProblem } from '../../../rubrics/coverage.ts';
import { findLayout, parseColumns, type ToldColumns } from '../../../rubrics/headings.ts';
import {
  type CategoryImport,
  importCategories,
  importRubrics,
  type RubricImport,
} from '../../../rubrics/import.ts';
import type { Note } from '../../../rubrics/notes.ts';
import { editionOf, type OtkFile, readOtkFile } from '../../../rubrics/otk-file.ts';
import { isRuleBook, readRuleBook } from '../../../rubrics/rule-book.ts';
import { readSheets, type Sheet } from '../../../rubrics/sheet-file.ts';
import type { Category, RubricRule } from '../../../rubrics/types.ts';
import { addVersion, diffRules, type RuleDiff } from '../../../rubrics/versions.ts';
import type { KeptFile, KeptKind } from './kept-files.ts';
import type { RubricView } from './world.ts';

/** What a file would change. */
export type ImportPlan =
  | (CategoryImport & {
      readonly kind: 'categories';
      readonly total: number;
      readonly notes: readonly Note[];
    })
  | (RubricImport & {
      readonly kind: 'otk';
      readonly total: number;
      readonly edition: string;
      readonly notes: readonly Note[];
    })
  | {
      readonly kind: 'rules';
      readonly total: number;
      readonly blank: number;
      readonly rules: readonly RubricRule[];
      readonly diff: RuleDiff;
      readonly problems: readonly RuleProblem[];
    };

type File = Pick<KeptFile, 'name' | 'kind' | 'edition' | 'columns' | 'content'>;
type Origin = Parameters<typeof importCategories>[2];

/** What a file is, by its headings, unless a person has said so. @throws Fault CLASSIFIER_UNREADABLE, COMMAND_INVALID */
export function kindOf(content: Buffer, name: string, said: string, columns: string | null): KeptKind {
  if (said === 'otk' || said === 'categories' || said === 'rules') return said;
  const told = toldOf(columns);
  if (told !== undefined) return told.columns.category === undefined ? 'otk' : 'categories';
  const sheets = readSheets(content, name);
  if (isRuleBook(sheets)) return 'rules';
  return sheets.some((sheet) => findLayout(sheet, ['category']) !== undefined) ? 'categories' : 'otk';
}

/**
 * What taking the file would change; nothing is taken.
 * @throws Fault CLASSIFIER_UNREADABLE, RUBRIC_RULES_INVALID, COMMAND_INVALID
 */
export async function planImport(dataSource: DataSource, view: RubricView, file: File): Promise<ImportPlan> {
  if (file.kind === 'rules') return planRules(sheetsOf(file), view);
  const origin = { source: file.name, who: 'просмотр' };
  if (file.kind === 'otk') {
    const { read, edition } = otkOf(file);
    const plan = await importRubrics(dataSource, read.rubrics, { ...origin, edition }, { dryRun: true });
    return { ...plan, kind: 'otk', edition, total: read.rubrics.length, notes: read.notes };
  }
  const read = listOf(file);
  const plan = await importCategories(dataSource, read, origin, { dryRun: true });
  return { ...plan, kind: 'categories', total: read.categories.length, notes: read.notes };
}

/**
 * Takes the file; gives the version of the rules that it made, if any.
 * @throws Fault as `planImport`; CLASSIFIER_SHRINKS without `force`; COMMAND_INVALID when the rules changed meanwhile
 */
export async function takeImport(
  dataSource: DataSource,
  view: RubricView,
  file: KeptFile,
  by: { readonly who: string; readonly why: string; readonly force: boolean },
): Promise<number | undefined> {
  const { who, why, force } = by;
  const origin: Origin = { source: file.name, who, sha256: file.sha256 };
  if (file.kind === 'otk') {
    const { read, edition } = otkOf(file);
    await importRubrics(dataSource, read.rubrics, { ...origin, edition }, { force });
    return undefined;
  }
  if (file.kind !== 'rules') {
    return (await importCategories(dataSource, listOf(file), origin, { force })).version;
  }
  const { rules } = planRules(sheetsOf(file), view);
  const made = await addVersion(dataSource, 'spreadsheet', { who, why }, (present) => {
    if (present.version === view.version) return rules;
    throw new Fault('COMMAND_INVALID', {
      detail: 'правила только что изменил кто-то другой: посмотрите ещё раз',
    });
  });
  return made?.version;
}

function planRules(sheets: readonly Sheet[], view: RubricView): ImportPlan & { kind: 'rules' } {
  const { rules, blank } = readRuleBook(sheets, view);
  const diff = diffRules(view.rules, rules);
  const problems = findProblems(rules, view.categories, view.rubrics);
  return { kind: 'rules', total: rules.length, blank, rules, diff, problems };
}

function otkOf(file: File): { readonly read: OtkFile; readonly edition: string } {
  const read = readOtkFile(sheetsOf(file), toldOf(file.columns));
  const edition = file.edition ?? editionOf(file.name);
  if (edition !== undefined) return { read, edition };
  throw new Fault('COMMAND_INVALID', {
    detail: 'укажите день редакции тематического классификатора: в имени файла его нет',
    field: 'edition',
  });
}

/** A list of the file, or the one that the platform told, which is kept as JSON of our own. */
function listOf(file: File): Pick<CategoryFile, 'categories' | 'codes' | 'notes'> {
  if (file.kind !== 'platform') return readCategoryFile(sheetsOf(file), toldOf(file.columns));
  return { categories: JSON.parse(file.content.toString()) as Category[], codes: [], notes: [] };
}

function sheetsOf({ content, name }: File): readonly Sheet[] {
  return readSheets(content, name);
}

function toldOf(columns: string | null): ToldColumns | undefined {
  return columns === null ? undefined : parseColumns(columns);
}
