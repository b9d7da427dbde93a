import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { applyEnvironment, type Environment, type EnvironmentOverrides, isRecord } from './env.ts';
import { type ConfigProblem, pathText } from './problems.ts';
import { readYamlFile, type YamlFile } from './yaml-file.ts';

/** A cabinet as written, and how to name a place inside it. */
export interface RawCabinet {
  readonly data: unknown;
  readonly file: string;
  /** Problem at a path inside this cabinet. */
  problem(path: readonly PropertyKey[], message: string): ConfigProblem;
}

export interface RawConfig {
  readonly main: unknown;
  readonly overrides: EnvironmentOverrides['origins'];
  /** Cabinets of the main file first, then those of the folder, by file name. */
  readonly cabinets: readonly RawCabinet[];
  readonly problems: readonly ConfigProblem[];
  readonly files: readonly string[];
  problem(path: readonly PropertyKey[], message: string): ConfigProblem;
}

/** Reads the main file, the environment and the folder of cabinets; checks nothing but their syntax. */
export async function readSources(path: string, env: Environment, cwd: string): Promise<RawConfig> {
  const file = await readYamlFile(path);
  const name = basename(path);
  const { data, origins, problems } = applyEnvironment(file.data, env);
  const problem = (at: readonly PropertyKey[], message: string): ConfigProblem => {
    const variable = originOf(origins, at);
    return variable === undefined ? place(file, name, at, message) : { path: variable, message };
  };
  const own = isRecord(data) && Array.isArray(data['cabinets']) ? data['cabinets'] : [];
  const cabinets: RawCabinet[] = own.map((cabinet: unknown, index) => ({
    data: cabinet,
    file: path,
    problem: (at, message) => problem(['cabinets', index, ...at], message),
  }));
  const folder = cabinetsFolder(data, origins.has('cabinetsDir') ? cwd : dirname(path));
  const found = folder === undefined ? NONE : await readFolder(folder, dirname(path), problem);
  return {
    main: data,
    overrides: origins,
    cabinets: [...cabinets, ...found.cabinets],
    problems: [...file.faults.map((fault) => ({ ...fault, path: name })), ...problems, ...found.problems],
    files: [path, ...found.files],
    problem,
  };
}

interface FolderContent {
  readonly cabinets: readonly RawCabinet[];
  readonly problems: readonly ConfigProblem[];
  readonly files: readonly string[];
}

const NONE: FolderContent = { cabinets: [], problems: [], files: [] };

async function readFolder(
  folder: string,
  base: string,
  problem: RawConfig['problem'],
): Promise<FolderContent> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    const message = 'папка кабинетов не читается: создайте её или исправьте путь и права';
    return { ...NONE, problems: [problem(['cabinetsDir'], message)], files: [folder] };
  }
  const wanted = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  const paths = wanted.map((name) => join(folder, name));
  const read = await Promise.all(paths.map((path) => readCabinetFile(path, relative(base, path))));
  return {
    cabinets: read.flatMap((part) => part.cabinets),
    problems: read.flatMap((part) => part.problems),
    files: [folder, ...paths],
  };
}

async function readCabinetFile(path: string, label: string): Promise<FolderContent> {
  const file = await readYamlFile(path);
  const problems = file.faults.map((fault) => ({ ...fault, path: label }));
  const { data } = file;
  if (problems.length > 0 || data === null || data === undefined)
    return { cabinets: [], problems, files: [] };
  if (isRecord(data) && Object.keys(data).join() === 'cabinets') {
    const list = data['cabinets'] ?? [];
    if (!Array.isArray(list)) {
      return { ...NONE, problems: [place(file, label, ['cabinets'], 'нужен список кабинетов')] };
    }
    return { ...NONE, cabinets: listed(list, (index) => ['cabinets', index], file, path, label) };
  }
  if (Array.isArray(data)) return { ...NONE, cabinets: listed(data, (index) => [index], file, path, label) };
  const problem = (at: readonly PropertyKey[], message: string) => place(file, label, at, message);
  return { ...NONE, cabinets: [{ data, file: path, problem }] };
}

/** `inFile` is where the entry stands in the file, for its line; a problem always names it `cabinets[N]`. */
function listed(
  list: readonly unknown[],
  inFile: (index: number) => readonly PropertyKey[],
  file: YamlFile,
  path: string,
  label: string,
): RawCabinet[] {
  return list.map((data, index) => ({
    data,
    file: path,
    problem: (at, message) => ({
      ...place(file, label, [...inFile(index), ...at], message),
      path: `${label}: ${pathText(['cabinets', index, ...at])}`,
    }),
  }));
}

function place(file: YamlFile, label: string, at: readonly PropertyKey[], message: string): ConfigProblem {
  const line = file.lineOf(at);
  const path = at.length === 0 ? label : `${label}: ${pathText(at)}`;
  return line === undefined ? { path, message } : { path, message, line };
}

function cabinetsFolder(data: unknown, base: string): string | undefined {
  const folder = isRecord(data) ? data['cabinetsDir'] : undefined;
  return typeof folder === 'string' && folder !== '' ? resolve(base, folder) : undefined;
}

/** The variable that gave this path or the object around it. */
export function originOf(
  origins: ReadonlyMap<string, string>,
  path: readonly PropertyKey[],
): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const variable = origins.get(pathText(path.slice(0, length)));
    if (variable !== undefined) return variable;
  }
  return undefined;
}
