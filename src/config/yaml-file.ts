import { open } from 'node:fs/promises';
import { type Document, isNode, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { systemCode } from './system-code.ts';

/** No settings file comes near this; a wrong path to something huge must not be read whole. */
const MAX_BYTES = 4 * 1024 * 1024;

export interface YamlFault {
  readonly message: string;
  readonly line?: number;
}

export interface YamlFile {
  /** The content as plain values; undefined when there are faults. */
  readonly data: unknown;
  readonly faults: readonly YamlFault[];
  /** Line, from 1, of the deepest part of the path that the file has. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Reads a YAML file; whatever is wrong with it comes back as faults, with line and column, never with its text. */
export async function readYamlFile(path: string): Promise<YamlFile> {
  try {
    return parseYaml(await readText(path));
  } catch (error) {
    return broken([{ message: readFailure(error) }]);
  }
}

/** The same for a text. */
export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter();
  // prettyErrors would quote the source, and the source may hold a secret in the wrong place.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  if (document.errors.length > 0) {
    return broken(document.errors.map((error) => syntaxFault(error, lines)));
  }
  try {
    return {
      data: document.toJS({ maxAliasCount: 100 }),
      faults: [],
      lineOf: (path) => lineOf(document, lines, path),
    };
  } catch {
    const message =
      'ссылка (*имя) ведёт в никуда или повторена слишком много раз: напишите значение само или возьмите его в кавычки';
    return broken([{ message, ...firstAlias(document, lines) }]);
  }
}

function firstAlias(document: Document, lines: LineCounter): { readonly line?: number } {
  let line: number | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      if (line === undefined && alias.range) line = lines.linePos(alias.range[0]).line;
    },
  });
  return line === undefined ? {} : { line };
}

function broken(faults: readonly YamlFault[]): YamlFile {
  return { data: undefined, faults, lineOf: () => undefined };
}

async function readText(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw new RangeError('too large');
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
  } finally {
    await file.close();
  }
}

function readFailure(error: unknown): string {
  if (error instanceof RangeError) return 'файл больше 4 МБ: это не файл настроек';
  const code = systemCode(error);
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return 'файл не в кодировке UTF-8: пересохраните его в UTF-8';
  }
  if (code === 'ENOENT') return 'файла нет: проверьте путь';
  if (code === 'EACCES' || code === 'EPERM') return 'нет права читать файл';
  if (code === 'EISDIR') return 'это папка, а нужен файл';
  return `файл не читается (${code === '' ? 'неизвестная ошибка' : code})`;
}

const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  BAD_DQ_ESCAPE:
    'неверная последовательность с обратной чертой в двойных кавычках: возьмите значение в одинарные',
  BAD_INDENT:
    'неверный отступ или не закрыта скобка: вложенные настройки сдвигают вправо одинаково, пробелами',
  BAD_SCALAR_START: 'значение начинается с особого знака: возьмите его в кавычки',
  BLOCK_AS_IMPLICIT_KEY: 'на одной строке два двоеточия: возьмите значение в кавычки или перенесите его',
  DUPLICATE_KEY: 'настройка написана дважды: оставьте одну',
  MISSING_CHAR: 'не хватает знака: закройте кавычку или скобку, поставьте пробел после двоеточия',
  MULTILINE_IMPLICIT_KEY: 'после имени настройки нужны двоеточие и пробел',
  MULTIPLE_DOCS: 'в файле несколько документов (строка ---): оставьте один',
  TAB_AS_INDENT: 'отступ сделан табуляцией: замените её пробелами',
};

function syntaxFault(error: YAMLError, lines: LineCounter): YamlFault {
  const { line, col } = lines.linePos(error.pos[0]);
  const words = SYNTAX[error.code] ?? 'запись не по правилам YAML: проверьте отступы, двоеточия и кавычки';
  return { message: `строка ${line}, позиция ${col}: ${words}`, line };
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}
