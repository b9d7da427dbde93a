import { writeFile } from 'node:fs/promises';
import { Fault } from '../model/errors.ts';
import { mapCode, unmapCode } from '../rubrics/edit-rules.ts';
import { loadWorld } from '../rubrics/load.ts';
import { writeRuleBook } from '../rubrics/rule-book.ts';
import { ruleId } from '../rubrics/rules.ts';
import type { RuleConditions } from '../rubrics/types.ts';
import { listUnmapped } from '../rubrics/unmapped.ts';
import { type Authorship, diffRules, listVersions, readRules, rollBack } from '../rubrics/versions.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withRubrics } from './open-rubrics.ts';
import { ruleDiffLines, ruleText, versionText } from './rubric-words.ts';

export interface AuthorFlags extends JsonFlag, Authorship {}
export interface MapFlags extends AuthorFlags, RuleConditions {
  readonly note?: string;
}

/** `posrednik rubrics map`: a new version of the rules with this one. @throws Fault COMMAND_INVALID */
export async function mapCommand(
  options: GlobalOptions,
  code: string,
  category: string,
  flags: MapFlags,
): Promise<void> {
  const { json, who, why, ...conditions } = flags;
  const loaded = await loadForCommand(options);
  const edit = await withRubrics(loaded, (_db, dataSource) =>
    mapCode(dataSource, { ...conditions, code, category }, { who, why }),
  );
  const { rule, version, before, isUsable } = edit;
  const wait = isUsable ? '' : ' У категории пока нет идентификатора: карточки ждут его.';
  printResult(json, { ...edit, ruleId: ruleId(rule) }, [
    version === undefined
      ? `Такое правило уже есть: ${ruleText(rule)}.`
      : `Версия ${version}: ${ruleText(rule)}.${before === undefined ? '' : ` Прежде: ${ruleText(before)}.`}${wait}`,
  ]);
}

export interface UnmapFlags extends AuthorFlags, RuleConditions {}

/** `posrednik rubrics unmap`: exit code 1 when there is no such rule. @throws Fault COMMAND_INVALID */
export async function unmapCommand(options: GlobalOptions, code: string, flags: UnmapFlags): Promise<void> {
  const { json, who, why, ...conditions } = flags;
  const loaded = await loadForCommand(options);
  const edit = await withRubrics(loaded, (_db, dataSource) =>
    unmapCode(dataSource, { ...conditions, code }, { who, why }),
  );
  printResult(json, edit ?? { removed: null }, [
    edit === undefined
      ? 'Правила с таким кодом и такими условиями нет.'
      : `Версия ${edit.version}: убрано ${ruleText(edit.removed)}.`,
  ]);
  if (edit === undefined) process.exitCode = 1;
}

export interface ExportFlags extends JsonFlag {
  readonly force?: boolean;
}

/** `posrednik rubrics export`: rules, codes without one and categories as `.xlsx`. @throws Fault COMMAND_INVALID */
export async function exportCommand(options: GlobalOptions, file: string, flags: ExportFlags): Promise<void> {
  if (!file.toLowerCase().endsWith('.xlsx')) {
    throw new Fault('COMMAND_INVALID', { detail: 'имя файла должно кончаться на .xlsx', field: 'file' });
  }
  const loaded = await loadForCommand(options);
  const { bytes, world, unmapped } = await withRubrics(loaded, async (db) => {
    const read = await loadWorld(db);
    const codes = await listUnmapped(db, read, { all: true });
    return { bytes: writeRuleBook(read, codes), world: read, unmapped: codes };
  });
  await writeFile(file, bytes, { flag: flags.force === true ? 'w' : 'wx' }).catch((cause: unknown) => {
    const exists = typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EEXIST';
    throw new Fault('COMMAND_INVALID', {
      detail: exists ? `${file}: файл уже есть; заменить его: --force` : `${file}: файл не записывается`,
      field: 'file',
      cause,
    });
  });
  const told = { file, version: world.version, rules: world.rules.length, unmapped: unmapped.length };
  printResult(flags.json, told, [
    `${file}: версия ${told.version}, правил ${told.rules}, кодов без правила ${told.unmapped}. Принять обратно: rubrics import.`,
  ]);
}

/** `posrednik rubrics diff`: two versions; one with the newest; none: the last change. @throws Fault COMMAND_INVALID */
export async function diffCommand(
  options: GlobalOptions,
  first: string | undefined,
  second: string | undefined,
  flags: JsonFlag,
): Promise<void> {
  const loaded = await loadForCommand(options);
  const { from, to, diff, versions } = await withRubrics(loaded, async (db) => {
    const after = await readRules(db, second === undefined ? undefined : requireVersion(second));
    const number = first === undefined ? after.version - 1 : requireVersion(first);
    const before = number === 0 ? { version: 0, rules: [] } : await readRules(db, number);
    const all = await listVersions(db);
    return {
      from: before.version,
      to: after.version,
      diff: diffRules(before.rules, after.rules),
      versions: all.filter(({ version }) => version === before.version || version === after.version),
    };
  });
  printResult(flags.json, { from, to, versions, ...diff }, [
    ...[...versions].reverse().map(versionText),
    ...ruleDiffLines(diff),
  ]);
}

/** `posrednik rubrics versions`: the history of the rules, newest first. */
export async function versionsCommand(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const versions = await withRubrics(loaded, (db) => listVersions(db));
  printResult(
    flags.json,
    { versions },
    versions.length === 0 ? ['Правил ещё нет.'] : versions.map(versionText),
  );
}

/** `posrednik rubrics rollback`: a new version equal to an old one. @throws Fault COMMAND_INVALID */
export async function rollbackCommand(
  options: GlobalOptions,
  text: string,
  flags: AuthorFlags,
): Promise<void> {
  const number = requireVersion(text);
  const loaded = await loadForCommand(options);
  const made = await withRubrics(loaded, (_db, dataSource) => rollBack(dataSource, number, flags));
  printResult(
    flags.json,
    { equalTo: number, version: made?.version ?? null, rules: made?.rules.length ?? null },
    [
      made === undefined
        ? `Правила и так равны версии ${number}.`
        : `Версия ${made.version} равна версии ${number}: правил ${made.rules.length}.`,
    ],
  );
}

function requireVersion(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Fault('COMMAND_INVALID', {
    detail: `«${text}»: номер версии — целое число от 1`,
    field: 'version',
  });
}
