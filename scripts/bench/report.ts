import type { ConsoleResult } from './console.ts';
import type { FileResult } from './file.ts';
import type { IntakeResult } from './intake.ts';
import type { MappingResult } from './mapping.ts';
import type { ShowcaseResult } from './showcase.ts';

/** What the project holds itself to (README, «Speed»). */
const TARGETS = { perSecond: 200, rssMb: 250, ratio: 2, addedMb: 64 } as const;
const LOOKUPS_PER_SECOND = 1_000_000;
const CONSOLE_TARGETS = { ms: 300, kb: 100 } as const;
const SHOWCASE_TARGETS = { perSecond: 20_000, rssMb: 300, ratio: 2 } as const;

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

/** As `intakeTable`, for the mapping of rubrics. */
export function mappingTable(result: MappingResult): string {
  const rate = (perSecond: number) => verdict(perSecond >= LOOKUPS_PER_SECOND, `≥ ${LOOKUPS_PER_SECOND}`);
  return table([
    ['Кодов и правил', `${result.codes} и ${result.rules}`, ''],
    ['Подготовка', `${result.readyMs} мс`, ''],
    ['Поиск', `${result.perSecond} в секунду`, rate(result.perSecond)],
    ['Поиск с условиями', `${result.conditionalPerSecond} в секунду`, rate(result.conditionalPerSecond)],
  ]);
}

/** As `intakeTable`, for the showcase. */
export function showcaseTable(result: ShowcaseResult): string {
  const { perSecond, rssMb, ratio } = SHOWCASE_TARGETS;
  return table([
    ['Вопросов', String(result.records), ''],
    ['Файлов', String(result.files), ''],
    ['Сборка и gzip', `${result.seconds} с`, ''],
    ['Скорость', `${result.perSecond} в секунду`, verdict(result.perSecond >= perSecond, `≥ ${perSecond}`)],
    ['Память процесса, наибольшая', `${result.rssMb} МБ`, verdict(result.rssMb < rssMb, `< ${rssMb} МБ`)],
    ['Второй проход без изменений', `${result.againSeconds} с`, ''],
    ['Курсор, JSON и gzip без всего остального', `${result.floorSeconds} с`, ''],
    ['Отношение', String(result.ratio), verdict(result.ratio <= ratio, `≤ ${ratio}`)],
  ]);
}

/** As `intakeTable`, for the console: a line a page, then the search. */
export function consoleTable({
  appeals,
  cabinets,
  attention,
  seedSeconds,
  pages,
  searchMs,
}: ConsoleResult): string {
  const { ms, kb } = CONSOLE_TARGETS;
  return table([
    ['Обращений, кабинетов, отправок во внимании', `${appeals}, ${cabinets}, ${attention}`, ''],
    ['Заполнение базы', `${seedSeconds} с`, ''],
    ...pages.map((page): readonly [string, string, string] => [
      page.name,
      `${page.ms} мс (дольше всего ${page.worstMs}), ${page.kb} КБ`,
      verdict(page.ms < ms && page.kb < kb, `< ${ms} мс, < ${kb} КБ`),
    ]),
    ['Поиск, самый долгий', `${searchMs} мс`, verdict(searchMs < ms, `< ${ms} мс`)],
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
