import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { findings } from '../../config/issues.ts';
import { pathText } from '../../config/problems.ts';
import { russianIssue } from '../../config/russian-issues.ts';
import { parseYaml } from '../../config/yaml-file.ts';
import { Fault } from '../../model/errors.ts';
import { type DeloMapping, deloMappingSchema } from './mapping-schema.ts';

/**
 * Reads and checks mappings/delo.yaml.
 * @throws Fault CONFIG_INVALID naming every place at fault at once
 */
export async function loadDeloMapping(path: string): Promise<DeloMapping> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('CONFIG_INVALID', { detail: `${path}: файл не читается`, cause });
  });
  return parseDeloMapping(text, basename(path));
}

/** The same for text already read; `name` stands before each message. @throws Fault CONFIG_INVALID */
export function parseDeloMapping(text: string, name: string): DeloMapping {
  const file = parseYaml(text.replace(/^\ufeff/, ''));
  if (file.faults.length > 0) {
    throw invalid(file.faults.map((fault) => `${name}: это не YAML: ${fault.message}`));
  }
  const result = deloMappingSchema.safeParse(file.data, { error: russianIssue });
  if (!result.success) {
    throw invalid(
      findings(deloMappingSchema, result.error, file.data).map(
        ({ path, message }) => `${name}: ${pathText(path) || '(весь файл)'}: ${message}`,
      ),
    );
  }
  const problems = crossProblems(result.data);
  if (problems.length > 0) throw invalid(problems.map((problem) => `${name}: ${problem}`));
  return result.data;
}

function invalid(lines: readonly string[]): Fault {
  return new Fault('CONFIG_INVALID', { detail: lines.join('\n') });
}

/** What no single value shows: a relation that is used but not asked for comes empty from the archive. */
function crossProblems({ card, requisites }: DeloMapping): string[] {
  const asked = new Set(card.expand.map((relation) => relation.split('/')[0] ?? ''));
  const used: (readonly [string, string])[] = [
    ['requisites.valuesAt', requisites.valuesAt],
    ['card.rubrics.list', card.rubrics.list],
    ...Object.entries(card.fields).flatMap(([field, path]): (readonly [string, string])[] =>
      path === undefined ? [] : [[`card.fields.${field}`, path]],
    ),
    ...ruleLists(card).flatMap(([list, rules]) =>
      rules.flatMap((when, index) =>
        Object.keys(when).map((path): readonly [string, string] => [`card.${list}[${index}]`, path]),
      ),
    ),
  ];
  return used.flatMap(([at, path]) => {
    const relation = relationOf(at, path);
    if (relation === undefined || asked.has(relation)) return [];
    return [`${at}: связи «${relation}» нет в card.expand, архив её не покажет`];
  });
}

function relationOf(at: string, path: string): string | undefined {
  if (path.startsWith('AR:')) return undefined;
  const [first = '', second] = path.split('.');
  return second !== undefined || at === 'requisites.valuesAt' || at === 'card.rubrics.list'
    ? first
    : undefined;
}

function ruleLists(card: DeloMapping['card']): [string, Readonly<Record<string, unknown>>[]][] {
  const { states, kinds, results, channels, applicantKinds, repeated } = card;
  const lists = Object.entries({ states, kinds, results, channels, applicantKinds });
  return [
    ...lists.map(([list, rules]): [string, Readonly<Record<string, unknown>>[]] => [
      list,
      rules.map((rule) => rule.when),
    ]),
    ['repeated', repeated],
  ];
}
