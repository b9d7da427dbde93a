import type { Command } from 'commander';
import type { GlobalOptions, JsonFlag } from './load.ts';
import { type BuildFlags, buildCommand } from './showcase-build-command.ts';
import { type FailedFlags, failedCommand } from './showcase-failed-command.ts';
import { type PreviewFlags, previewCommand } from './showcase-preview-command.ts';
import { statusCommand } from './showcase-status-command.ts';

export interface ShowcaseFlags extends JsonFlag {
  readonly showcase?: string;
}

/** The group of commands about showcases; uploading adds its own to it. */
export function addShowcaseCommands(program: Command, options: () => GlobalOptions): void {
  const group =
    program.commands.find((command) => command.name() === 'showcase') ??
    program.command('showcase').description('витрина данных');
  group
    .command('build')
    .description('прочитать архив и собрать файлы сейчас; выгружает их работающий посредник')
    .option('--showcase <id>', 'только эту витрину')
    .option('--confirm-removals', 'снять с витрины пропавшее, даже если это больше половины карточек')
    .option('--json', 'ответ в JSON')
    .action((flags: BuildFlags) => buildCommand(options(), flags));
  group
    .command('status')
    .description('сколько записей принято, ждёт и не выгружено; последняя сборка и файлы')
    .option('--showcase <id>', 'только эту витрину')
    .option('--json', 'ответ в JSON')
    .action((flags: ShowcaseFlags) => statusCommand(options(), flags));
  group
    .command('failed')
    .description('что не выгружено: с какого времени, почему и что делать')
    .option('--showcase <id>', 'только этой витрины')
    .option('--code <код>', 'с этим кодом: нашим или платформы')
    .option('--limit <число>', 'показать не больше стольких; в CSV попадают все', '50')
    .option('--csv <файл>', 'записать всё в таблицу CSV')
    .option('--json', 'ответ в JSON')
    .action((flags: FailedFlags) => failedCommand(options(), flags));
  group
    .command('preview')
    .description('страница с тепловой картой, какой её покажет платформа')
    .requiredOption('--out <файл>', 'куда записать страницу (HTML, открывается без сети)')
    .option('--showcase <id>', 'какую витрину; не нужно, если она одна')
    .option('--json', 'ответ в JSON')
    .action((flags: PreviewFlags) => previewCommand(options(), flags));
}
