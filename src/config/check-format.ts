import type { CheckArea, CheckLine } from './check.ts';

const AREA_WORDS: Readonly<Record<CheckArea, string>> = {
  config: 'настройки',
  database: 'база данных',
  cabinet: 'кабинет',
  channel: 'канал СЭД',
  archive: 'архив СЭД',
  spool: 'папка файлов',
  smtp: 'почта',
  mapping: 'соответствия',
};

/** Failed lines say more than fits beside a name: their words stand on the next line. */
const INDENT = '    ';

/** The lines as a table for a terminal: plain text, a mark and a word for the outcome, no colour. */
export function formatChecks(lines: readonly CheckLine[]): string {
  const rows = lines.map((line) => ({
    line,
    cells: [line.ok ? '✓ в порядке' : '✗ ошибка', AREA_WORDS[line.area], oneLine(line.name), `${line.ms} мс`],
  }));
  const widths = [0, 1, 2, 3].map((index) =>
    Math.max(0, ...rows.map(({ cells }) => (cells[index] ?? '').length)),
  );
  const text = rows.flatMap(({ line, cells }) => {
    const padded = cells.map((cell, index) =>
      index === 3 ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
    );
    const head = padded.join('  ');
    if (line.ok) return [line.message === 'в порядке' ? head : `${head}  ${oneLine(line.message)}`];
    return [head, `${INDENT}${line.code ?? 'DEFECT'}: ${oneLine(line.message)}`];
  });
  return `${[...text, '', summary(lines)].join('\n')}\n`;
}

/** The same for programs: `{ok, checks}`. */
export function checksJson(lines: readonly CheckLine[]): string {
  return `${JSON.stringify({ ok: lines.every((line) => line.ok), checks: lines }, null, 2)}\n`;
}

function summary(lines: readonly CheckLine[]): string {
  const failed = lines.filter((line) => !line.ok).length;
  return failed === 0
    ? `Проверок: ${lines.length}, ошибок нет.`
    : `Проверок: ${lines.length}, с ошибками: ${failed}. Каждый код описан в docs/errors.md.`;
}

/** What came from outside must not move the cursor or break the table. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
