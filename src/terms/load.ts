import { basename, join } from 'node:path';
import type { z } from 'zod';
import { findings } from '../config/issues.ts';
import { ConfigError, type ConfigProblem, pathText } from '../config/problems.ts';
import { russianIssue } from '../config/russian-issues.ts';
import { readYamlFile } from '../config/yaml-file.ts';
import { calendarSchema, createCalendar } from './calendar.ts';
import type { Terms } from './deadline.ts';
import { termsSchema } from './rules.ts';

/**
 * Reads `terms.yaml` and `calendar.yaml` of a folder.
 * @throws {ConfigError} with every fault of both, by file, path and line.
 */
export async function loadTerms(mappingsDir: string): Promise<Terms> {
  const [terms, calendar] = await Promise.all([
    loadData(join(mappingsDir, 'terms.yaml'), termsSchema),
    loadData(join(mappingsDir, 'calendar.yaml'), calendarSchema),
  ]);
  if ('value' in terms && 'value' in calendar) {
    return { rules: terms.value.rules, calendar: createCalendar(calendar.value) };
  }
  throw new ConfigError([terms, calendar].flatMap((part) => ('problems' in part ? part.problems : [])));
}

type Loaded<T> = { readonly value: T } | { readonly problems: readonly ConfigProblem[] };

async function loadData<T extends z.ZodType>(path: string, schema: T): Promise<Loaded<z.infer<T>>> {
  const file = await readYamlFile(path);
  const name = basename(path);
  if (file.faults.length > 0) return { problems: file.faults.map((fault) => ({ ...fault, path: name })) };
  const result = schema.safeParse(file.data, { error: russianIssue });
  if (result.success) return { value: result.data };
  return {
    problems: findings(schema, result.error, file.data).map(({ path: at, message }) => {
      const line = file.lineOf(at);
      const place = { path: at.length === 0 ? name : `${name}: ${pathText(at)}`, message };
      return line === undefined ? place : { ...place, line };
    }),
  };
}
