import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { parseYaml } from '../../config/yaml-file.ts';
import { Fault } from '../../model/errors.ts';
import { createResolver, type ResolvedCard } from './card-resolve.ts';
import { type CardSettings, cardSchema } from './card-schema.ts';

/** mappings/card.yaml, checked whole: no template in it can fail later. */
export interface CardMapping {
  readonly settings: CardSettings;
  /** The settings for one kind of appeal of one cabinet, overrides applied; cached. */
  resolve(when: { readonly opaId: string; readonly region?: string; readonly kind: string }): ResolvedCard;
}

/**
 * Reads and checks the card's mapping. Throws CONFIG_INVALID whose detail names every fault with its
 * path in the file (`card.yaml: note[2]: неизвестная переменная «posID»…`).
 */
export async function loadCardMapping(path: string): Promise<CardMapping> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'ошибка чтения';
    throw new Fault('CONFIG_INVALID', { detail: `${path}: файл не читается (${reason})`, field: path });
  }
  return parseCardMapping(source, basename(path));
}

/** As `loadCardMapping`, from text; `name` stands before each fault. */
export function parseCardMapping(source: string, name: string): CardMapping {
  const { data, faults } = parseYaml(source.replace(/^\ufeff/, ''));
  if (faults.length > 0) {
    throw invalid(
      name,
      faults.map(({ message }) => ({ path: '', message: `не YAML: ${message}` })),
    );
  }
  const parsed = cardSchema.safeParse(data, { error: z.locales.ru().localeError });
  if (!parsed.success) {
    throw invalid(
      name,
      parsed.error.issues.map((issue) => ({ path: yamlPath(issue.path), message: issue.message })),
    );
  }
  const settings = parsed.data;
  return { settings, resolve: createResolver(settings) };
}

function invalid(name: string, issues: readonly { path: string; message: string }[]): Fault {
  const lines = issues.map(({ path, message }) =>
    path === '' ? `${name}: ${message}` : `${name}: ${path}: ${message}`,
  );
  return new Fault('CONFIG_INVALID', { detail: lines.join('\n'), field: issues[0]?.path || name });
}

/** `additionalFields[2].value`, as one would look for it in the file. */
function yamlPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((made, step) => {
    if (typeof step === 'number') return `${made}[${step}]`;
    return made === '' ? String(step) : `${made}.${String(step)}`;
  }, '');
}
