import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { reportFault } from '../../src/cli/report-fault.ts';
import { speakRussian } from '../../src/cli/russian-help.ts';
import { type Archive, type LoadedConfig, loadConfig, type ShowcaseConfig } from '../../src/config/index.ts';
import { Fault, toFault } from '../../src/model/errors.ts';
import { openArchive } from '../../src/open-archive.ts';
import { type DeloMapping, loadDeloMapping } from '../../src/sed/delo/index.ts';
import { progressView } from './progress.ts';
import { type FillResult, type FillTask, fillCards } from './run.ts';

export interface FillFlags {
  readonly config?: string;
  readonly from: string;
  readonly to?: string;
  readonly showcase?: string;
  readonly dryRun?: boolean;
  readonly refill?: boolean;
}

export interface FillCommand {
  readonly name: string;
  readonly description: string;
  /** Whether the last day must be told. */
  readonly needsTo: boolean;
  /** What `--refill` does, in words; left out where there is no such thing. */
  readonly refill?: string;
  /** What is to be filled in the cards of one showcase. */
  task(showcase: ShowcaseConfig, flags: FillFlags, mapping: DeloMapping): FillTask;
  /** A value in words, for the summary. */
  valueWords(value: string): string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Runs one of the two scripts: exit code 0 when every card was filled, 1 when some were refused or it could not go on. */
export async function runFill(command: FillCommand, argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const flags = parseFlags(command, argv);
    const loaded = await loadConfig({
      env: process.env,
      cwd: process.cwd(),
      ...(flags.config !== undefined && { path: flags.config }),
    });
    const mapping = await loadDeloMapping(join(loaded.config.mappingsDir, 'delo.yaml'));
    let refused = 0;
    for (const { archive, showcases } of chosen(loaded, flags.showcase)) {
      const tasks = showcases.map((showcase) => command.task(showcase, flags, mapping));
      refused += await fillArchive(command, { archive, tasks, mapping, flags, signal: stop.signal });
    }
    return refused === 0 ? 0 : 1;
  } catch (error) {
    if (toFault(error).code !== 'STOPPED') return reportFault(error);
    process.stderr.write('\nОстановлено. Заполненное осталось; запустите снова, и работа продолжится.\n');
    return 1;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function parseFlags(command: FillCommand, argv: readonly string[]): FillFlags {
  const program = speakRussian(new Command(command.name))
    .description(command.description)
    .option('--config <файл>', 'файл настроек; иначе POSREDNIK_CONFIG или posrednik.yaml')
    .requiredOption('--from <ГГГГ-ММ-ДД>', 'карточки, зарегистрированные с этого дня', day)
    .option('--showcase <id>', 'только картотеки этой витрины')
    .option('--dry-run', 'только посчитать, ничего не записывать')
    .helpCommand(false)
    .showHelpAfterError(false);
  if (command.needsTo) program.requiredOption('--to <ГГГГ-ММ-ДД>', 'по этот день включительно', day);
  else program.option('--to <ГГГГ-ММ-ДД>', 'по этот день включительно', day);
  if (command.refill !== undefined) program.option('--refill', command.refill);
  return program.parse([...argv], { from: 'user' }).opts<FillFlags>();
}

function day(text: string): string {
  const date = new Date(`${text}T00:00:00Z`);
  if (DAY.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)) return text;
  throw new InvalidArgumentError('нужен день вида 2025-01-31');
}

/** Archives with the showcases that read them. @throws Fault COMMAND_INVALID when there is nothing to fill */
function chosen(
  { config, archives }: LoadedConfig,
  id: string | undefined,
): { readonly archive: Archive; readonly showcases: readonly ShowcaseConfig[] }[] {
  const showcases = config.showcases.filter((showcase) => id === undefined || showcase.id === id);
  if (showcases.length === 0) {
    const detail =
      id === undefined ? 'в настройках нет витрин (showcases)' : `витрины «${id}» нет в настройках`;
    throw new Fault('COMMAND_INVALID', { detail });
  }
  return archives
    .map((archive) => ({ archive, showcases: showcases.filter((one) => one.archive === archive.id) }))
    .filter((entry) => entry.showcases.length > 0);
}

async function fillArchive(
  command: FillCommand,
  run: {
    readonly archive: Archive;
    readonly tasks: readonly FillTask[];
    readonly mapping: DeloMapping;
    readonly flags: FillFlags;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { signal, flags } = run;
  const archive = openArchive(run.archive, run.mapping);
  const view = progressView(process.stderr);
  try {
    const dryRun = flags.dryRun === true;
    const result = await fillCards({ archive, tasks: run.tasks, dryRun, signal, onProgress: view.show });
    view.end(result);
    process.stdout.write(summary(command, run.archive.id, result, dryRun));
    return result.refused;
  } finally {
    await archive.close();
  }
}

/** What was done, for a person. */
export function summary(command: FillCommand, archive: string, result: FillResult, dryRun: boolean): string {
  const rows = [...result.values].map(([value, count]) => `  ${command.valueWords(value)}: ${count}`);
  const refusals = result.refusals.map(({ isn, message }) => `  карточка ISN ${isn}: ${message}`);
  const more = result.refused - refusals.length;
  return [
    `Архив ${archive}: ${dryRun ? 'было бы заполнено' : 'заполнено'} карточек: ${result.written}`,
    ...rows,
    ...(result.skipped > 0 ? [`Пропущено: ${result.skipped}`] : []),
    ...(result.refused > 0 ? [`Отказов: ${result.refused}`, ...refusals] : []),
    ...(more > 0 ? [`  и ещё ${more}`] : []),
    '',
  ].join('\n');
}
