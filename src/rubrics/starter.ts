import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { Fault } from '../model/errors.ts';
import { normalCode } from './codes.ts';
import { parsePath } from './names.ts';
import { editionOf, type OtkFile, readOtkFile } from './otk-file.ts';
import { makeRule, ruleId } from './rules.ts';
import { readSheets } from './sheet-file.ts';
import type { RubricRule } from './types.ts';

const starterSchema = z.strictObject({
  version: z.literal(1),
  draft: z.literal(true),
  categories: z.record(z.string(), z.array(z.string()).min(1)),
});

/**
 * The shipped draft of the rules, `rubrics.yaml` in the folder of mappings; none when there is no such file.
 * @throws Fault CONFIG_INVALID naming what is wrong
 */
export async function readStarter(mappingsDir: string): Promise<readonly RubricRule[]> {
  const path = join(mappingsDir, 'rubrics.yaml');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? [] : parseStarter(text, path);
}

/** The same for text already read; `name` stands before each message. @throws Fault CONFIG_INVALID */
export function parseStarter(text: string, name: string): readonly RubricRule[] {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { detail: `${name}: это не YAML`, cause });
  }
  const result = starterSchema.safeParse(document);
  if (!result.success) {
    const at = result.error.issues[0]?.path.join('.') ?? '';
    throw new Fault('CONFIG_INVALID', {
      detail: `${name}: ${at || 'весь файл'}: отсутствует или имеет неверный вид`,
    });
  }
  const rules = Object.entries(result.data.categories).flatMap(([path, codes]) =>
    codes.map((text) => {
      const code = normalCode(text);
      if (code === undefined) {
        throw new Fault('CONFIG_INVALID', {
          detail: `${name}: categories.${path}: «${text}» не код рубрики`,
        });
      }
      return makeRule({ ...parsePath(path), code, source: 'starter' });
    }),
  );
  const ids = new Set<string>();
  for (const rule of rules) {
    const id = ruleId(rule);
    if (ids.has(id)) throw new Fault('CONFIG_INVALID', { detail: `${name}: код ${id} назван дважды` });
    ids.add(id);
  }
  return rules;
}

/** The newest shipped edition of the thematic classifier, `otk-*.tsv` in the folder of mappings. */
export interface ShippedOtk extends OtkFile {
  readonly edition: string;
  readonly fileName: string;
}

/** A site's own folder of mappings, made for an earlier version perhaps, need not have a copy of the classifier. */
const SHIPPED = join(import.meta.dirname, '../../mappings');

/** @throws Fault CLASSIFIER_UNREADABLE when the file says nothing; CONFIG_INVALID when there is none at all */
export async function readShippedOtk(mappingsDir: string): Promise<ShippedOtk> {
  for (const folder of [mappingsDir, SHIPPED]) {
    const names = await readdir(folder).catch(() => []);
    const [fileName] = names
      .filter((name) => /^otk-\d{4}-\d{2}-\d{2}\.tsv$/.test(name))
      .sort()
      .reverse();
    if (fileName === undefined) continue;
    const file = readOtkFile(readSheets(await readFile(join(folder, fileName)), fileName));
    return { ...file, fileName, edition: editionOf(fileName) ?? fileName };
  }
  throw new Fault('CONFIG_INVALID', { detail: `${mappingsDir}: нет файла otk-ГГГГ-ММ-ДД.tsv` });
}
