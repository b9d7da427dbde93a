import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { Fault } from '../../model/errors.ts';
import {
  type AnswerMeaning,
  type CallName,
  type PlatformMapping,
  platformMappingSchema,
} from './mapping-schema.ts';

export type { AnswerMeaning, CallName, PlatformMapping } from './mapping-schema.ts';

/**
 * Reads and checks mappings/platform.yaml: the one place of the platform's paths, headers, statuses, values and limits.
 * @throws Fault CONFIG_INVALID naming every path at fault at once.
 */
export async function loadPlatformMapping(path: string): Promise<PlatformMapping> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('CONFIG_INVALID', { detail: `${path}: файл не читается`, cause });
  });
  return parsePlatformMapping(text, path);
}

/** The same for text already read; `name` stands before each message. @throws Fault CONFIG_INVALID */
export function parsePlatformMapping(text: string, name: string): PlatformMapping {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { detail: `${name}: это не YAML`, cause });
  }
  const result = platformMappingSchema.safeParse(document);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const at = issue.path.join('.') || '(весь файл)';
    if (issue.code === 'unrecognized_keys') return `${at}: лишнее: ${issue.keys.join(', ')}`;
    if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
      return `${at}: отсутствует или имеет неверный вид`;
    }
    return `${at}: ${issue.message}`;
  });
  throw new Fault('CONFIG_INVALID', { detail: `${name}: ${issues.join('; ')}` });
}

/** What an HTTP status of a call means: the call's own table first, then the common one, exact before class. */
export function meaningOf(mapping: PlatformMapping, call: CallName, status: number): AnswerMeaning {
  const exact = String(status);
  const group = `${exact.charAt(0)}xx`;
  const own = mapping.calls[call].answers;
  const common = mapping.commonAnswers;
  return own[exact] ?? common[exact] ?? own[group] ?? common[group] ?? 'misdirected';
}

/** Fills a path's placeholders, each value percent-encoded: an id from outside can never change the path. */
export function fillPath(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = (values[name] ?? '').toWellFormed();
    if (/^\.{0,2}$/.test(value)) {
      // An empty, «.» or «..» segment is folded away by every URL parser, encoded or not.
      throw new Fault('PLATFORM_REJECTED', { field: name, detail: 'непригодный идентификатор' });
    }
    return encodeURIComponent(value);
  });
}
