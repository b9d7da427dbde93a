import type { DataSource } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { findProblems } from '../rubrics/coverage.ts';
import { loadWorld } from '../rubrics/load.ts';
import { readRuleBook } from '../rubrics/rule-book.ts';
import type { Sheet } from '../rubrics/sheet-file.ts';
import { addVersion, diffRules } from '../rubrics/versions.ts';
import { queryable } from '../store/data-source.ts';
import { listed, problemText, ruleDiffLines } from './rubric-words.ts';

export interface RulesImportFlags {
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly why?: string;
}

/**
 * Takes a table of rules as a whole: a rule that is not in it is gone. Who else made a version meanwhile wins: the table
 * was compared with the rules before it.
 * @throws Fault COMMAND_INVALID without --who and --why, or when the rules changed meanwhile; RUBRIC_RULES_INVALID
 */
export async function importRules(
  dataSource: DataSource,
  sheets: readonly Sheet[],
  flags: RulesImportFlags,
  say: (lines: readonly string[]) => void,
): Promise<Readonly<Record<string, unknown>>> {
  const world = await loadWorld(queryable(dataSource));
  const { rules, blank } = readRuleBook(sheets, world);
  const diff = diffRules(world.rules, rules);
  const problems = findProblems(rules, world.categories, world.rubrics);
  say([
    `Прочитано правил: ${rules.length}, строк без категории: ${blank}`,
    ...ruleDiffLines(diff),
    ...listed('Правила с замечаниями', problems, problemText),
  ]);
  const told = { kind: 'rules', rules: rules.length, blank, ...diff, problems };
  if (flags.dryRun === true) return { ...told, taken: false };
  const { who, why } = flags;
  if (who === undefined || why === undefined) {
    throw new Fault('COMMAND_INVALID', {
      detail: 'правила меняются с --who (кто) и --why (почему)',
      field: '--who',
    });
  }
  const made = await addVersion(dataSource, 'spreadsheet', { who, why }, (present) => {
    if (present.version === world.version) return rules;
    throw new Fault('COMMAND_INVALID', {
      detail: 'правила только что изменил кто-то другой: повторите команду',
    });
  });
  return { ...told, taken: true, ...(made === undefined ? {} : { version: made.version }) };
}
