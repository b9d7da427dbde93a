import type { FileResult } from './file.ts';
import type { IntakeResult } from './intake.ts';

/** What the project holds itself to (README, «Speed»). */
const TARGETS = { perSecond: 200, rssMb: 250, ratio: 2, addedMb: 64 } as const;

/** The result as lines of «what: how much», with the targets beside. */
export function intakeTable(result: IntakeResult): string {
  return table([
    ['Обращений с файлом', String(result.appeals), ''],
    ['Время до «отправлено в СЭД»', `${result.seconds} с`, ''],
    [
      'Скорость',
      `${result.perSecond} в секунду`,
      verdict(result.perSecond >= TARGETS.perSecond, `≥ ${TARGETS.perSecond}`),
    ],
    [
      'Память процесса, наибольшая',
      `${result.rssMb} МБ`,
      verdict(result.rssMb < TARGETS.rssMb, `< ${TARGETS.rssMb} МБ`),
    ],
    ['Голый цикл без базы', `${result.floorSeconds} с`, ''],
    [
      'Отношение к голому циклу',
      String(result.ratio),
      verdict(result.ratio <= TARGETS.ratio, `≤ ${TARGETS.ratio}`),
    ],
  ]);
}

/** As `intakeTable`, for the large file. */
export function fileTable(result: FileResult): string {
  return table([
    ['Файл', `${(result.bytes / 1e6).toFixed(0)} МБ`, ''],
    ['Время', `${result.seconds} с`, ''],
    [
      'Добавленная память',
      `${result.addedMb} МБ`,
      verdict(result.addedMb < TARGETS.addedMb, `< ${TARGETS.addedMb} МБ`),
    ],
  ]);
}

function verdict(holds: boolean, target: string): string {
  return `цель ${target}: ${holds ? 'выполнена' : 'НЕ выполнена'}`;
}

function table(rows: readonly (readonly [string, string, string])[]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(([what, value, target]) => {
      const line = `${what.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${target}`;
      return `${line.trimEnd()}\n`;
    })
    .join('');
}
