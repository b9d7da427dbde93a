import type { Command } from 'commander';
import type { GlobalOptions, JsonFlag } from './load.ts';
import type { BuildFlags } from './showcase-build-command.ts';
import type { FailedFlags } from './showcase-failed-command.ts';
import type { PreviewFlags } from './showcase-preview-command.ts';
import type { ResendFlags, UploadFlags } from './showcase-upload-command.ts';

export interface ShowcaseFlags extends JsonFlag {
  readonly showcase?: string;
}

/** The group of commands about showcases. */
export function addShowcaseCommands(program: Command, options: () => GlobalOptions): void {
  const group = program.command('showcase').description('витрина данных');
  group
    .command('build')
    .description('прочитать архив и собрать файлы сейчас; выгружает их работающий посредник')
    .option('--showcase <id>', 'только эту витрину')
    .option('--confirm-removals', 'снять с витрины пропавшее, даже если это больше половины карточек')
    .option('--json', 'ответ в JSON')
    .action(async (flags: BuildFlags) =>
      (await import('./showcase-build-command.ts')).buildCommand(options(), flags),
    );
  group
    .command('status')
    .description('сколько записей принято, ждёт и не выгружено; последняя сборка и файлы')
    .option('--showcase <id>', 'только эту витрину')
    .option('--json', 'ответ в JSON')
    .action(async (flags: ShowcaseFlags) =>
      (await import('./showcase-status-command.ts')).statusCommand(options(), flags),
    );
  group
    .command('failed')
    .description('что не выгружено: с какого времени, почему и что делать')
    .option('--showcase <id>', 'только этой витрины')
    .option('--code <код>', 'с этим кодом: нашим или платформы')
    .option('--limit <число>', 'показать не больше стольких; в CSV попадают все', '50')
    .option('--csv <файл>', 'записать всё в таблицу CSV')
    .option('--json', 'ответ в JSON')
    .action(async (flags: FailedFlags) =>
      (await import('./showcase-failed-command.ts')).failedCommand(options(), flags),
    );
  group
    .command('preview')
    .description('страница с тепловой картой, какой её покажет платформа')
    .requiredOption('--out <файл>', 'куда записать страницу (HTML, открывается без сети)')
    .option('--showcase <id>', 'какую витрину; не нужно, если она одна')
    .option('--json', 'ответ в JSON')
    .action(async (flags: PreviewFlags) =>
      (await import('./showcase-preview-command.ts')).previewCommand(options(), flags),
    );
  group
    .command('upload')
    .description('собрать и выгрузить сейчас, не дожидаясь расписания; делает работающий посредник')
    .option('--showcase <id>', 'только эту витрину')
    .option('--json', 'ответ в JSON')
    .action(async (flags: UploadFlags) =>
      (await import('./showcase-upload-command.ts')).uploadCommand(options(), flags),
    );
  group
    .command('resend')
    .description('отправить ещё раз записи, которым платформа отказала; без ключей — все, и те, что ждут')
    .option('--showcase <id>', 'только этой витрины')
    .option('--code <код>', 'с этим кодом: нашим или платформы')
    .option('--record <запись>', 'одну запись, как её показывает «showcase failed»')
    .option('--json', 'ответ в JSON')
    .action(async (flags: ResendFlags) =>
      (await import('./showcase-upload-command.ts')).resendCommand(options(), flags),
    );
}
