import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configJsonSchema, type SettingGroup, settingGroups } from '../src/config/reference.ts';
import { ERROR_CODES, type ErrorEntry } from '../src/model/error-codes.ts';
import type { ErrorKind } from '../src/model/errors.ts';

const GENERATED = '<!-- Страница создана командой «npm run docs» из кода программы: правьте код, не её. -->';

const KIND_WORDS: Readonly<Record<ErrorKind, string>> = {
  transient:
    'временная: посредник повторяет сам, с растущими паузами, не меньше 72 часов работы адресата. Вмешиваться нужно, только если ошибка держится долго.',
  unknown:
    'исход неизвестен: связь прервалась после отправки. Посредник спрашивает у другой стороны, дошло ли, и лишь потом решает, повторять ли.',
  credentials:
    'вход: посредник приостанавливает один этот кабинет, остальные работают. При неверном пароле новых попыток входа нет, пока настройка не изменится или вы не проверите кабинет («Проверить» на его странице или команда «cabinets check»).',
  rejected:
    '«требует внимания»: другая сторона отказала или данные не подходят. Повтор — по команде или после того, как причина исправлена.',
  defect: 'ошибка программы: запись требует внимания, место ошибки есть в журнале.',
};

/** docs/errors.md: a heading a code, so that a page or a mail can point at it. */
export function errorsPage(): string {
  const codes: [string, ErrorEntry][] = Object.entries(ERROR_CODES);
  return lines(
    GENERATED,
    '# Коды ошибок',
    '',
    'У каждой ошибки есть постоянный код. Его показывают консоль, письма, журнал и команды; здесь сказано, что произошло и что делать. Код не меняет смысла от версии к версии.',
    '',
    '## Виды ошибок',
    '',
    'Вид решает, что посредник делает сам.',
    '',
    ...Object.entries(KIND_WORDS).map(([kind, words]) => `- \`${kind}\` — ${words}`),
    '',
    '## Все коды',
    ...codes.flatMap(([code, { kind, title, remedy }]) => [
      '',
      `### ${code}`,
      '',
      `**${title}.** Вид: \`${kind}\`.`,
      '',
      `Что делать: ${remedy}`,
    ]),
  );
}

/** docs/configuration.md: every setting of the schema. */
export function configurationPage(): string {
  return lines(
    GENERATED,
    '# Настройки',
    '',
    'Посредник читает один файл YAML (образец: `config/posrednik.example.yaml`), папку кабинетов `cabinetsDir` и переменные окружения. Все ошибки показываются сразу, с местом и правильной записью; проверить настройки и все соединения — `posrednik check`. Для подсказок в редакторе есть схема `docs/configuration.schema.json`.',
    '',
    '## Правила',
    '',
    '- Файл: ключ `--config`, иначе переменная `POSREDNIK_CONFIG`, иначе `posrednik.yaml` в текущей папке.',
    '- Переменная окружения важнее файла: `POSREDNIK_` и путь настройки, где `__` — переход на уровень вниз, например `POSREDNIK_CONSOLE__PORT=8080`. Для списков номер записи от 0: `POSREDNIK_CHANNELS__0__OUT`. Список строк пишут через запятую.',
    '- Относительные пути отсчитываются от папки файла настроек; заданные переменной окружения — от текущей папки.',
    '- Длительность: число с единицей `ms`, `s`, `m`, `h`, `d`. Размер: число с единицей `B`, `KB`, `MB`, `GB` (1 KB = 1024 байта).',
    '- В папке `cabinetsDir` читаются все файлы `*.yaml` и `*.yml`; в каждом один кабинет или список кабинетов.',
    '- Кабинеты и файлы паролей перечитываются сами и по сигналу SIGHUP. Если новая версия с ошибками, действует прежняя. Остальные настройки вступают в силу после перезапуска.',
    '',
    '## Секреты',
    '',
    'В файле настроек секретов нет. Файл с секретом — обычный текст в UTF-8; перевод строки в конце отбрасывается. Секрет читается при каждом использовании и нигде не хранится.',
    '',
    '| Секрет | Где задать, по порядку |',
    '|---|---|',
    '| Пароль кабинета | `passwordFile`, `POSREDNIK_CABINET_<ID>_PASSWORD_FILE`, `POSREDNIK_CABINET_<ID>_PASSWORD`; `<ID>` — id кабинета прописными буквами, дефисы заменены на `_` |',
    '| Адрес базы с паролем | `POSREDNIK_DATABASE_URL_FILE`, `POSREDNIK_DATABASE_URL`, `DATABASE_URL_FILE`, `DATABASE_URL`, затем `database.url` (без пароля) |',
    '| Пароль почты | `smtp.passwordFile`, `POSREDNIK_SMTP_PASSWORD_FILE`, `POSREDNIK_SMTP_PASSWORD` |',
    ...settingGroups().flatMap(groupLines),
  );
}

function groupLines({ path, meaning, optional, rows }: SettingGroup): string[] {
  const title = path === '' ? meaning : `\`${path}\` — ${meaning}`;
  return [
    '',
    `## ${title}`,
    '',
    ...(optional
      ? ['Раздел можно не писать; если он есть, в нём обязательны отмеченные настройки.', '']
      : []),
    '| Настройка | Тип | По умолчанию | Что это | Переменная |',
    '|---|---|---|---|---|',
    ...rows.map((row) => {
      const fallback = row.required
        ? '**обязательна**'
        : row.fallback === undefined
          ? '—'
          : `\`${row.fallback}\``;
      return `| \`${row.path}\` | ${row.type} | ${fallback} | ${row.meaning.replaceAll('<', '&lt;')} | \`${row.variable}\` |`;
    }),
  ];
}

/** Generated files by their path from the project's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/errors.md', errorsPage()],
    ['docs/configuration.md', configurationPage()],
    ['docs/configuration.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  ]);
}

/** Names the files under `root` that differ from what the code gives. */
export async function staleFiles(root: string): Promise<string[]> {
  const checked = await Promise.all(
    [...generatedFiles()].map(async ([path, content]) => {
      const present = await readFile(join(root, path), 'utf8').catch(() => undefined);
      return present === content ? [] : [path];
    }),
  );
  return checked.flat();
}

/** Writes all generated files under `root`. */
export async function writeDocs(root: string): Promise<void> {
  for (const [path, content] of generatedFiles()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

function lines(...parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}

async function main(): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  if (!process.argv.includes('--check')) {
    await writeDocs(root);
    return;
  }
  const stale = await staleFiles(root);
  if (stale.length === 0) return;
  console.error(`Устарели, выполните «npm run docs»: ${stale.join(', ')}`);
  process.exitCode = 1;
}

if (import.meta.main) await main();
