import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DataSource } from 'typeorm';
import type { LoadedConfig } from '../config/index.ts';
import { Fault } from '../model/errors.ts';
import { loadPlatformMapping } from '../platform/rest/index.ts';
import { readCategoryFile } from '../rubrics/category-file.ts';
import { fromPlatform } from '../rubrics/classifier-store.ts';
import { findLayout, parseColumns, type ToldColumns } from '../rubrics/headings.ts';
import { importCategories, importRubrics } from '../rubrics/import.ts';
import { type Note, noteText } from '../rubrics/notes.ts';
import { editionOf, readOtkFile } from '../rubrics/otk-file.ts';
import { isRuleBook } from '../rubrics/rule-book.ts';
import { readSheets, type Sheet } from '../rubrics/sheet-file.ts';
import type { Queryable } from '../store/data-source.ts';
import { findCabinet } from './find-cabinet.ts';
import type { GlobalOptions, JsonFlag } from './load.ts';
import { loadForCommand, printResult } from './load.ts';
import { mappingFile, openPlatform } from './open-platform.ts';
import { withRubrics } from './open-rubrics.ts';
import { importRules } from './rubric-rules-import.ts';
import { categoryDiffLines, listed, noteLines, rubricDiffLines, touchedLines } from './rubric-words.ts';

export interface ImportFlags extends JsonFlag {
  readonly otk?: boolean;
  readonly categories?: boolean;
  readonly rules?: boolean;
  readonly columns?: string;
  readonly edition?: string;
  readonly platform?: string;
  readonly region?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly who?: string;
  readonly why?: string;
}

type Kind = 'otk' | 'categories' | 'rules';
type Say = (lines: readonly string[]) => void;

/**
 * `posrednik rubrics import`: a classifier or a table of rules from a file, or the categories from the platform. What
 * changes is printed before it is taken; with --dry-run nothing is taken.
 * @throws Fault COMMAND_INVALID, CLASSIFIER_UNREADABLE, CLASSIFIER_SHRINKS, RUBRIC_RULES_INVALID
 */
export async function importCommand(
  options: GlobalOptions,
  file: string | undefined,
  flags: ImportFlags,
): Promise<void> {
  if ((file === undefined) === (flags.platform === undefined)) {
    throw new Fault('COMMAND_INVALID', { detail: 'назовите файл или --platform КАБИНЕТ, одно из двух' });
  }
  const told = flags.columns === undefined ? undefined : parseColumns(flags.columns);
  const loaded = await loadForCommand(options);
  const say: Say = (lines) => {
    if (flags.json !== true && lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  };
  const result = await withRubrics(loaded, async (db, dataSource) => {
    if (file === undefined) return await importFromPlatform(loaded, db, dataSource, flags, say);
    return await importFile(dataSource, file, flags, told, say);
  });
  const words = result['taken'] === true ? 'Принято.' : 'Ничего не принято: это был просмотр (--dry-run).';
  printResult(flags.json, result, [words]);
}

async function importFile(
  dataSource: DataSource,
  file: string,
  flags: ImportFlags,
  told: ToldColumns | undefined,
  say: Say,
): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new Fault('COMMAND_INVALID', { detail: `${file}: файл не читается`, field: 'file', cause });
  });
  const source = basename(file);
  const sheets = readSheets(bytes, source);
  const kind = kindOf(flags, sheets, told);
  if (kind === 'rules') return await importRules(dataSource, sheets, flags, say);
  const origin = {
    source,
    who: flags.who ?? 'команда',
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  if (kind === 'categories') {
    const read = readCategoryFile(sheets, told);
    say([`Прочитано строк: ${read.rows}, категорий и подкатегорий: ${read.categories.length}`]);
    return await takeCategories(dataSource, read, origin, flags, read.notes, say);
  }
  const read = readOtkFile(sheets, told);
  const edition = flags.edition ?? editionOf(source);
  if (edition === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(edition)) {
    throw new Fault('COMMAND_INVALID', {
      detail: '--edition: напишите день редакции классификатора как 2025-10-31',
      field: '--edition',
    });
  }
  const take = (dryRun: boolean) =>
    importRubrics(dataSource, read.rubrics, { ...origin, edition }, { dryRun, force: flags.force === true });
  const plan = await take(true);
  say([
    `Прочитано рубрик: ${read.rubrics.length}, редакция ${edition}`,
    ...noteLines(read.notes),
    ...rubricDiffLines(plan.diff),
    ...listed(
      'Правила о кодах, которых больше нет (действуют для старых карточек)',
      plan.rules,
      (rule) => rule.ruleId,
    ),
  ]);
  const { taken, diff, rules } = flags.dryRun === true ? plan : await take(false);
  return { kind: 'otk', edition, taken, ...diff, rules, notes: toJson(read.notes) };
}

type CategoryList = Parameters<typeof importCategories>[1];
type Origin = Parameters<typeof importCategories>[2];

async function takeCategories(
  dataSource: DataSource,
  list: CategoryList,
  origin: Origin,
  flags: ImportFlags,
  notes: readonly Note[],
  say: Say,
): Promise<Readonly<Record<string, unknown>>> {
  const take = (dryRun: boolean) =>
    importCategories(dataSource, list, origin, { dryRun, force: flags.force === true });
  const plan = await take(true);
  const { carried } = plan;
  say([
    ...noteLines(notes),
    ...categoryDiffLines(plan.diff),
    ...touchedLines(plan.rules),
    ...(carried === undefined ? [] : [`Правил из самого классификатора: ${carried.carried}`]),
    ...listed(
      'Код в нескольких категориях, принята первая',
      carried?.doubled ?? [],
      (each) => `${each.code}: ${each.kept}; не принята: ${each.left}`,
    ),
    ...listed(
      'Код уже сопоставлен человеком, его правило осталось',
      carried?.overruled ?? [],
      (each) => `${each.code}: ${each.kept}; в классификаторе: ${each.left}`,
    ),
  ]);
  const { taken, diff, rules, version } = flags.dryRun === true ? plan : await take(false);
  const { same, ...changes } = diff;
  return {
    kind: 'categories',
    taken,
    total: list.categories.length,
    ...changes,
    same: same.length,
    rules,
    notes: toJson(notes),
    ...(carried === undefined
      ? {}
      : { carried: carried.carried, doubled: carried.doubled, overruled: carried.overruled }),
    ...(version === undefined ? {} : { version }),
  };
}

async function importFromPlatform(
  loaded: LoadedConfig,
  db: Queryable,
  dataSource: DataSource,
  flags: ImportFlags,
  say: Say,
): Promise<Readonly<Record<string, unknown>>> {
  const cabinet = findCabinet(loaded, flags.platform ?? '');
  const region = flags.region ?? cabinet.region;
  if (region === undefined) {
    throw new Fault('COMMAND_INVALID', { detail: '--region: назовите код региона', field: '--region' });
  }
  const [row] = await db.query<{ state: string }>('SELECT state FROM cabinet WHERE opa_id = $1', [
    cabinet.opaId,
  ]);
  if (row?.state === 'blocked') {
    // Another log-in with a wrong password may lock the account for everybody.
    throw new Fault('COMMAND_INVALID', {
      detail: `кабинет ${cabinet.id} заблокирован: сначала выполните «cabinets check ${cabinet.id}»`,
      field: '--platform',
    });
  }
  const platform = openPlatform(loaded, await loadPlatformMapping(mappingFile(loaded, 'platform.yaml')));
  try {
    const categories = fromPlatform(await platform.readClassifier(cabinet.access, region));
    say([`Прочитано у платформы категорий и подкатегорий: ${categories.length}`]);
    const origin = { source: `платформа, регион ${region}`, who: flags.who ?? 'команда' };
    return await takeCategories(dataSource, { categories }, origin, flags, [], say);
  } finally {
    await platform.close();
  }
}

/** What the file is: as the flags say, else by its headings. */
function kindOf(flags: ImportFlags, sheets: readonly Sheet[], told: ToldColumns | undefined): Kind {
  const given = (['otk', 'categories', 'rules'] as const).filter((kind) => flags[kind] === true);
  if (given.length > 1) {
    throw new Fault('COMMAND_INVALID', { detail: '--otk, --categories и --rules: назовите что-то одно' });
  }
  if (given[0] !== undefined) return given[0];
  if (told !== undefined) return told.columns.category === undefined ? 'otk' : 'categories';
  if (isRuleBook(sheets)) return 'rules';
  return sheets.some((sheet) => findLayout(sheet, ['category']) !== undefined) ? 'categories' : 'otk';
}

function toJson(notes: readonly Note[]): readonly unknown[] {
  return notes.map((note) => ({ ...note, text: noteText(note) }));
}
