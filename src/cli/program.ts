import { Command } from 'commander';
import { checkCommand } from './check-command.ts';
import { type DemoFlags, demoCommand } from './demo-command.ts';
import { endSoon, exitOnSignals } from './leave.ts';
import type { GlobalOptions, JsonFlag } from './load.ts';
import { migrateCommand } from './migrate-command.ts';
import { addRepairCommands } from './repair-commands.ts';
import { reportFault } from './report-fault.ts';
import { type RunFlags, runCommand } from './run-command.ts';
import { speakRussian } from './russian-help.ts';

/** Commands that treat signals in their own way. */
const OWN_SIGNALS = new Set(['run', 'demo']);

/** The command line as a commander program; nothing runs before it is given arguments. */
export function buildProgram(): Command {
  const program = speakRussian(new Command('posrednik'))
    .description('«Посредник»: обращения граждан между ПОС и СЭД организации')
    .option('-c, --config <файл>', 'файл настроек (иначе POSREDNIK_CONFIG, иначе posrednik.yaml)');
  const options = () => program.opts<GlobalOptions>();
  program.hook('preAction', (_program, command) => {
    if (!OWN_SIGNALS.has(command.name())) exitOnSignals();
  });

  program
    .command('run')
    .description('работать: читать ПОС, заводить карточки в СЭД')
    .option('--dry', 'ничего не отправлять: что ушло бы, пишется в папку dryDir')
    .action((flags: RunFlags) => runCommand(options(), flags));
  program
    .command('check')
    .description('проверить настройки и все подключения; код возврата 0 или 1')
    .option('--json', 'ответ в JSON')
    .action((flags: JsonFlag) => checkCommand(options(), flags));
  program
    .command('migrate')
    .description('обновить таблицы базы данных')
    .option('--json', 'ответ в JSON')
    .action((flags: JsonFlag) => migrateCommand(options(), flags));
  program
    .command('demo')
    .description('показать всё в деле: учебные платформа и ДЕЛО, 60 обращений, встроенная база')
    .option('--once', 'закончить, когда все обращения станут карточками')
    .option('--json', 'с --once: напечатать только итог, одной строкой JSON')
    .option('--keep <папка>', 'оставить в папке каналы, пакеты и журналы')
    .action((flags: DemoFlags) => demoCommand(flags));
  addRepairCommands(program, options);
  return program;
}

/** Runs one command and sets the exit code; what went wrong is told on the standard error output, in Russian. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  try {
    await buildProgram().parseAsync(argv);
  } catch (error) {
    process.exitCode = reportFault(error);
    endSoon();
  }
}
