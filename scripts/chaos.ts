import { Command, InvalidArgumentError, Option } from 'commander';
import type { KeyMode } from './chaos/options.ts';
import { type ChaosReport, runChaos } from './chaos/run.ts';
import { listenToWishes } from './demo/signals.ts';

interface Flags {
  readonly appeals: number;
  readonly kills: number;
  readonly fault: number;
  readonly mode: KeyMode;
  readonly seed?: number;
  readonly keep?: string;
  readonly json?: boolean;
}

const program = new Command('chaos')
  .description(
    'прогон посредника с имитаторами платформы и ДЕЛО: платформа отказывает, СЭД повторяет и путает отчёты, ' +
      'посредник убивают kill -9; в конце обе стороны сравниваются',
  )
  .option('--appeals <n>', 'сколько обращений', whole, 100)
  .option('--kills <n>', 'сколько раз убить посредник', whole, 5)
  .option(
    '--fault <доля>',
    'доля вызовов платформы с отказом и отчётов СЭД дважды или не по порядку',
    share,
    0.2,
  )
  .addOption(
    new Option('--mode <режим>', 'хранит ли платформа ключи').choices(['keys', 'nokeys']).default('keys'),
  )
  .option('--seed <n>', 'зерно случайных чисел; иначе новое', whole)
  .option('--keep <папка>', 'работать в этой папке и не удалять её')
  .option('--json', 'только итог, в JSON');

const ROWS: readonly (readonly [keyof ChaosReport, string])[] = [
  ['appeals', 'обращений'],
  ['cards', 'карточек'],
  ['lostCards', 'нет карточки'],
  ['doubleCards', 'карточка дважды'],
  ['statuses', 'статусов на платформе'],
  ['lost', 'потеряно статусов'],
  ['doubled', 'лишних статусов'],
  ['outOfOrder', 'не по порядку'],
  ['cancelledByAnswer', 'отменено ответом'],
  ['answers', 'ответов на платформе'],
  ['lostAnswers', 'потеряно ответов'],
  ['doubleAnswers', 'лишних ответов'],
  ['kills', 'убит раз'],
  ['seconds', 'секунд'],
];

async function main(): Promise<number> {
  const flags = program.parse().opts<Flags>();
  const wishes = listenToWishes();
  const seed = flags.seed ?? Math.floor(Math.random() * 1_000_000);
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  if (flags.json !== true) say(`зерно ${seed}, режим ${flags.mode}`);
  const { report, ok, complaints } = await runChaos({
    ...flags,
    seed,
    signal: wishes.leave,
    ...(flags.json !== true && { tell: say }),
  });
  if (!ok) process.stderr.write(`зерно ${seed}\n${complaints.join('\n')}\n`);
  if (flags.json === true) say(JSON.stringify(report));
  else for (const [name, title] of ROWS) say(`${title.padEnd(24)}${report[name]}`);
  return ok ? 0 : 1;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('нужно целое число, не меньше нуля');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 0.9)) throw new InvalidArgumentError('нужно число от 0 до 0.9');
  return value;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
