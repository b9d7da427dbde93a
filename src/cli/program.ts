import { Command } from 'commander';
import { Fault } from '../model/errors.ts';
import type { DemoFlags } from './demo-command.ts';
import type { DigestFlags } from './digest-command.ts';
import { endSoon, exitOnSignals } from './leave.ts';
import type { GlobalOptions, JsonFlag } from './load.ts';
import { addRepairCommands } from './repair-commands.ts';
import { reportFault } from './report-fault.ts';
import { addRubricCommands } from './rubric-commands.ts';
import type { RunFlags } from './run-command.ts';
import { speakRussian } from './russian-help.ts';
import { addShowcaseCommands } from './showcase-commands.ts';
import { addTokenCommands } from './token-commands.ts';
import { addUserCommands } from './user-commands.ts';

/** Commands that treat signals in their own way. */
const OWN_SIGNALS = new Set(['run', 'demo']);

/** Commands that know how to work through a daemon's API; any other would look at the wrong database. */
const BY_API = new Set([
  'appeals show',
  'appeals resend',
  'deliveries list',
  'deliveries resend',
  'deliveries cancel',
  'cabinets pause',
  'cabinets resume',
  'cabinets check',
  'cabinets backfill',
]);

/**
 * The command line as a commander program; nothing runs before it is given arguments. Each command's code is read when
 * it is given: what all of them need together takes a second or two.
 */
export function buildProgram(): Command {
  const program = speakRussian(new Command('posrednik'))
    .description('«Посредник»: обращения граждан между ПОС и СЭД организации')
    .option('-c, --config <файл>', 'файл настроек (иначе POSREDNIK_CONFIG, иначе posrednik.yaml)')
    .option(
      '--api <адрес>',
      'для команд appeals, deliveries и cabinets: работать через API посредника с токеном POSREDNIK_API_TOKEN, без настроек и базы',
    );
  const options = () => program.opts<GlobalOptions>();
  program.hook('preAction', (_program, command) => {
    const name = `${command.parent?.name()} ${command.name()}`;
    if (options().api !== undefined && !BY_API.has(name)) {
      throw new Fault('COMMAND_INVALID', {
        detail: `--api: эта команда работает только с базой; через API — ${[...BY_API].join(', ')}`,
        field: '--api',
      });
    }
    if (!OWN_SIGNALS.has(command.name())) exitOnSignals();
  });

  program
    .command('run')
    .description('работать: читать ПОС, заводить карточки в СЭД')
    .option('--dry', 'ничего не отправлять: что ушло бы, пишется в папку dryDir')
    .action(async (flags: RunFlags) => (await import('./run-command.ts')).runCommand(options(), flags));
  program
    .command('check')
    .description('проверить настройки и все подключения; код возврата 0 или 1')
    .option('--json', 'ответ в JSON')
    .action(async (flags: JsonFlag) => (await import('./check-command.ts')).checkCommand(options(), flags));
  program
    .command('migrate')
    .description('обновить таблицы базы данных')
    .option('--json', 'ответ в JSON')
    .action(async (flags: JsonFlag) =>
      (await import('./migrate-command.ts')).migrateCommand(options(), flags),
    );
  program
    .command('demo')
    .description('показать всё в деле: учебные платформа и ДЕЛО, 60 обращений, встроенная база')
    .option('--once', 'закончить, когда все обращения станут карточками')
    .option('--json', 'с --once: напечатать только итог, одной строкой JSON')
    .option('--keep <папка>', 'оставить в папке каналы, пакеты и журналы')
    .action(async (flags: DemoFlags) => (await import('./demo-command.ts')).demoCommand(flags));
  addRepairCommands(program, options);
  addRubricCommands(program, options);
  addShowcaseCommands(program, options);
  addUserCommands(program, options);
  addTokenCommands(program, options);
  addDigestCommand(program, options);
  return program;
}

/** Adds `posrednik digest`. */
export function addDigestCommand(program: Command, options: () => GlobalOptions): void {
  program
    .command('digest')
    .description('сводка для администраторов: кабинеты, неполадки, сроки, витрина, пароли, диск')
    .option('--print', 'показать; так и без ключей')
    .option('--send', 'отправить письмом адресатам сводки')
    .option('--json', 'ответ в JSON')
    .action(async (flags: DigestFlags) =>
      (await import('./digest-command.ts')).digestCommand(options(), flags),
    );
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
