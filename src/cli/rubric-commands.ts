import type { Command } from 'commander';
import type { GlobalOptions, JsonFlag } from './load.ts';
import type { ImportFlags } from './rubric-import-command.ts';
import type { SuggestFlags, UnmappedFlags } from './rubric-report-commands.ts';
import type { AuthorFlags, ExportFlags, MapFlags, UnmapFlags } from './rubric-rule-commands.ts';

const WHO = ['--who <кто>', 'кто решил: попадёт в историю'] as const;
const WHY = ['--why <причина>', 'почему: попадёт в историю'] as const;
const JSON_FLAG = ['--json', 'ответ в JSON'] as const;

/** Both classifiers and the rules between them; all through the database, while the daemon runs. */
export function addRubricCommands(program: Command, options: () => GlobalOptions): void {
  const rubrics = program
    .command('rubrics')
    .description('рубрики ССТУ, категории платформы и правила соответствия');
  addImport(rubrics, options);
  addReports(rubrics, options);
  addEdits(rubrics, options);
  addHistory(rubrics, options);
}

function addImport(rubrics: Command, options: () => GlobalOptions): void {
  rubrics
    .command('import')
    .argument('[файл]', '.xls, .xlsx, .csv, .tsv: классификатор или таблица правил из «rubrics export»')
    .description('принять классификатор или правила; что изменится, печатается прежде')
    .option('--categories', 'в файле категории платформы (иначе видно по заголовкам)')
    .option('--otk', 'в файле тематический классификатор')
    .option('--rules', 'в файле правила')
    .option('--columns <столбцы>', 'если заголовки свои: category=A,sub=B,id=C[,sheet=Лист1][,from=2]')
    .option('--edition <день>', 'редакция тематического классификатора, если её нет в имени файла')
    .option('--platform <кабинет>', 'прочитать категории у самой платформы, от имени кабинета')
    .option('--region <код>', 'с --platform: регион; иначе регион кабинета')
    .option('--dry-run', 'только показать, что изменится')
    .option('--force', 'принять и список, в котором нет больше половины прежнего')
    .option(...WHO)
    .option('--why <причина>', 'почему; для правил обязательно')
    .option(...JSON_FLAG)
    .action(async (file: string | undefined, flags: ImportFlags) =>
      (await import('./rubric-import-command.ts')).importCommand(options(), file, flags),
    );
}

function addReports(rubrics: Command, options: () => GlobalOptions): void {
  rubrics
    .command('coverage')
    .description('сколько кодов сопоставлено, какие правила не действуют или спорят; код возврата 0 или 1')
    .option(...JSON_FLAG)
    .action(async (flags: JsonFlag) =>
      (await import('./rubric-report-commands.ts')).coverageCommand(options(), flags),
    );
  rubrics
    .command('unmapped')
    .description('коды без категории: сверху те, которых ждёт больше карточек')
    .option('--all', 'и коды, которых не ждёт ни одна карточка')
    .option('--limit <число>', 'не больше стольких', '50')
    .option(...JSON_FLAG)
    .action(async (flags: UnmappedFlags) =>
      (await import('./rubric-report-commands.ts')).unmappedCommand(options(), flags),
    );
  rubrics
    .command('suggest')
    .argument('<код>', 'код рубрики, например 0003.0009.0099.0742')
    .description('подходящие категории для кода: по словам и по соседним правилам')
    .option('--most <число>', 'не больше стольких', '5')
    .option(...JSON_FLAG)
    .action(async (code: string, flags: SuggestFlags) =>
      (await import('./rubric-report-commands.ts')).suggestCommand(options(), code, flags),
    );
  rubrics
    .command('categories')
    .argument('[слово]', 'только те, в названии которых оно есть')
    .description('загруженные категории платформы и их ключи')
    .option(...JSON_FLAG)
    .action(async (word: string | undefined, flags: JsonFlag) =>
      (await import('./rubric-report-commands.ts')).categoriesCommand(options(), word, flags),
    );
}

function addEdits(rubrics: Command, options: () => GlobalOptions): void {
  rubrics
    .command('map')
    .argument('<код>', 'код рубрики; правило действует и для всех кодов под ним')
    .argument('<категория>', 'ключ, идентификатор или «Категория / Подкатегория»')
    .description('сопоставить код категории: новая версия правил')
    .option('--cardfile <картотека>', 'только для карточек этой картотеки (DUE)')
    .option('--organization <организация>', 'только для этой организации')
    .option('--word <слово>', 'только если в тексте есть слово, в любой форме')
    .option('--note <примечание>', 'примечание к правилу')
    .requiredOption(...WHO)
    .requiredOption(...WHY)
    .option(...JSON_FLAG)
    .action(async (code: string, category: string, flags: MapFlags) =>
      (await import('./rubric-rule-commands.ts')).mapCommand(options(), code, category, flags),
    );
  rubrics
    .command('unmap')
    .argument('<код>', 'код рубрики')
    .description('убрать правило: новая версия правил')
    .option('--cardfile <картотека>', 'картотека правила')
    .option('--organization <организация>', 'организация правила')
    .option('--word <слово>', 'слово правила')
    .requiredOption(...WHO)
    .requiredOption(...WHY)
    .option(...JSON_FLAG)
    .action(async (code: string, flags: UnmapFlags) =>
      (await import('./rubric-rule-commands.ts')).unmapCommand(options(), code, flags),
    );
  rubrics
    .command('export')
    .argument('<файл>', 'имя файла .xlsx')
    .description('правила, коды без правила и категории: таблицей')
    .option('--force', 'заменить файл, если он есть')
    .option(...JSON_FLAG)
    .action(async (file: string, flags: ExportFlags) =>
      (await import('./rubric-rule-commands.ts')).exportCommand(options(), file, flags),
    );
}

function addHistory(rubrics: Command, options: () => GlobalOptions): void {
  rubrics
    .command('versions')
    .description('версии правил: кто, когда, почему')
    .option(...JSON_FLAG)
    .action(async (flags: JsonFlag) =>
      (await import('./rubric-rule-commands.ts')).versionsCommand(options(), flags),
    );
  rubrics
    .command('diff')
    .argument('[версия1]', 'иначе предыдущая')
    .argument('[версия2]', 'иначе последняя')
    .description('чем отличаются две версии правил')
    .option(...JSON_FLAG)
    .action(async (first: string | undefined, second: string | undefined, flags: JsonFlag) =>
      (await import('./rubric-rule-commands.ts')).diffCommand(options(), first, second, flags),
    );
  rubrics
    .command('rollback')
    .argument('<версия>', 'номер версии, как его показывает «rubrics versions»')
    .description('вернуть правила версии: новая версия, равная ей')
    .requiredOption(...WHO)
    .requiredOption(...WHY)
    .option(...JSON_FLAG)
    .action(async (version: string, flags: AuthorFlags) =>
      (await import('./rubric-rule-commands.ts')).rollbackCommand(options(), version, flags),
    );
}
