import { Command, InvalidArgumentError } from 'commander';
import { runFileBench } from './bench/file.ts';
import { runIntakeBench } from './bench/intake.ts';
import { fileTable, intakeTable } from './bench/report.ts';

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
