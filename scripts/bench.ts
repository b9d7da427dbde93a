import { Command, InvalidArgumentError } from 'commander';
import { runConsoleBench } from './bench/console.ts';
import type { ConsoleSeed } from './bench/console-seed.ts';
import { runFileBench } from './bench/file.ts';
import { runIntakeBench } from './bench/intake.ts';
import { runMappingBench } from './bench/mapping.ts';
import { consoleTable, fileTable, intakeTable, mappingTable, showcaseTable } from './bench/report.ts';
import { runShowcaseBench } from './bench/showcase.ts';

interface CommonFlags {
  readonly json?: boolean;
  readonly dir?: string;
}

const program = new Command('bench').description('скорость и память посредника на этой машине');

program
  .command('intake')
  .description('поток обращений с файлами от ленты платформы до папки СЭД, рядом — голый цикл без базы')
  .option('--appeals <n>', 'сколько обращений', whole, 5000)
  .option('--file-bytes <n>', 'размер файла каждого обращения, байт', whole, 51_200)
  .option('--dir <folder>', 'папка для рабочих файлов (иначе временная системы)')
  .option('--json', 'ответ в JSON')
  .action(async (flags: CommonFlags & { appeals: number; fileBytes: number }) => {
    const result = await runIntakeBench(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : intakeTable(result));
  });
program
  .command('file')
  .description('один большой файл с платформы в рабочую папку: сколько памяти он добавляет')
  .option('--bytes <n>', 'размер файла, байт', whole, 1024 ** 3)
  .option('--dir <folder>', 'папка для рабочих файлов (иначе временная системы)')
  .option('--json', 'ответ в JSON')
  .action(async (flags: CommonFlags & { bytes: number }) => {
    const result = await runFileBench(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : fileTable(result));
  });

program
  .command('showcase')
  .description(
    'витрина: миллион вопросов из учебного архива в файлы, рядом — курсор, JSON и gzip без всего остального',
  )
  .option('--records <n>', 'сколько вопросов', whole, 1_000_000)
  .option('--dir <folder>', 'папка для рабочих файлов (иначе временная системы)')
  .option('--json', 'ответ в JSON')
  .action(async (flags: CommonFlags & { records: number }) => {
    const result = await runShowcaseBench(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : showcaseTable(result));
  });

program
  .command('mapping')
  .description('соответствие рубрик: сколько кодов в секунду находят свою категорию')
  .option('--lookups <n>', 'сколько раз искать', whole, 5_000_000)
  .option('--json', 'ответ в JSON')
  .action(async (flags: CommonFlags & { lookups: number }) => {
    const result = await runMappingBench(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : mappingTable(result));
  });

program
  .command('console')
  .description('страницы консоли и поиск на большой базе: время ответа и размер каждой')
  .option('--appeals <n>', 'сколько обращений', whole, 1_000_000)
  .option('--attention <n>', 'сколько отправок требуют внимания', whole, 50_000)
  .option('--cabinets <n>', 'сколько кабинетов', whole, 700)
  .option('--dir <folder>', 'папка для рабочих файлов (иначе временная системы)')
  .option('--json', 'ответ в JSON')
  .action(async ({ json, ...flags }: CommonFlags & ConsoleSeed) => {
    const result = await runConsoleBench(flags);
    process.stdout.write(json === true ? `${JSON.stringify(result)}\n` : consoleTable(result));
  });

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('нужно целое число больше нуля');
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
