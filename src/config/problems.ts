import { Fault } from '../model/errors.ts';

/** One fault of the settings, in words that say what is wrong and what to write instead. */
export interface ConfigProblem {
  /** File and path inside it, `cabinets.d/a.yaml: cabinets[0].opaId`, or the name of a variable. */
  readonly path: string;
  /** Russian; never holds a value of the settings that could be a secret. */
  readonly message: string;
  /** Line of the file, from 1, where the place is known. */
  readonly line?: number;
}

/** All faults of the settings at once: one `CONFIG_INVALID` with its `problems`. */
export class ConfigError extends Fault {
  readonly problems: readonly ConfigProblem[];
  /** Files and folders that were read up to the faults: a watcher waits for their change. */
  readonly files: readonly string[];

  constructor(problems: readonly ConfigProblem[], files: readonly string[] = []) {
    super('CONFIG_INVALID', { detail: problems.map(formatProblem).join('\n') });
    this.name = 'ConfigError';
    this.problems = problems;
    this.files = files;
  }
}

/** `path (строка N): message`, one line. */
export function formatProblem(problem: ConfigProblem): string {
  const line = problem.line === undefined ? '' : ` (строка ${problem.line})`;
  return `${problem.path}${line}: ${problem.message}`;
}

/** `['cabinets', 0, 'opaId']` → `cabinets[0].opaId`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
