import type { z } from 'zod';
import type { ConfigProblem } from './problems.ts';
import { pathText } from './problems.ts';
import { configSchema } from './schema.ts';
import { elementOf, shapeOf, unwrap } from './schema-walk.ts';
import { didYouMean, plain } from './suggest.ts';
import { parseYaml } from './yaml-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'POSREDNIK_';

export interface EnvironmentOverrides {
  /** The settings with the overrides put in; a new object where anything was put in. */
  readonly data: unknown;
  /** Path as text → the variable that gave it. */
  readonly origins: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Puts `POSREDNIK_CONSOLE__PORT=8080` over `console.port`: `__` goes one level down, a number is a list's
 * index, names are matched without case and underscores. Variables without `__` count only when they name
 * a top-level setting: an orchestrator adds its own (`POSREDNIK_PORT_8080_TCP`), and they are not ours.
 */
export function applyEnvironment(data: unknown, env: Environment): EnvironmentOverrides {
  const origins = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  const root = isRecord(data) ? structuredClone(data) : data === undefined || data === null ? {} : data;
  if (!isRecord(root)) return { data, origins, problems };
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(PREFIX) || value === undefined) continue;
    const segments = name.slice(PREFIX.length).split('__');
    const found = resolve(segments);
    if ('path' in found) {
      const message = put(root, found.path, coerce(found.schema, value));
      if (message !== undefined) problems.push({ path: name, message });
      else origins.set(pathText(found.path), name);
    } else if (segments.length > 1) {
      problems.push({ path: name, message: found.message });
    }
  }
  return { data: root, origins, problems };
}

type Found =
  | { readonly path: readonly (string | number)[]; readonly schema: z.core.$ZodType }
  | { readonly message: string };

function resolve(segments: readonly string[]): Found {
  let schema: z.core.$ZodType = configSchema;
  const path: (string | number)[] = [];
  for (const segment of segments) {
    const element = elementOf(schema);
    if (element !== undefined) {
      if (!/^\d{1,4}$/.test(segment))
        return { message: `после «${pathText(path)}» нужен номер записи, от 0` };
      path.push(Number(segment));
      schema = element;
      continue;
    }
    const shape = shapeOf(schema) ?? {};
    const key = Object.keys(shape).find((name) => plain(name) === plain(segment));
    const next = key === undefined ? undefined : shape[key];
    if (key === undefined || next === undefined) {
      const hint = didYouMean(segment, Object.keys(shape));
      return { message: `нет такой настройки: «${segment}»${hint}` };
    }
    path.push(key);
    schema = next;
  }
  return { path, schema };
}

/** A variable is text; the schema says what it should become. What does not fit stays text for the schema to refuse. */
function coerce(schema: z.core.$ZodType, text: string): unknown {
  const inner = unwrap(schema);
  const type = inner._zod.def.type;
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text);
  if (type === 'boolean' && /^(true|false)$/i.test(text.trim())) return text.trim().toLowerCase() === 'true';
  if (type === 'array' || type === 'object') {
    if (/^\s*[[{]/.test(text)) return parseYaml(text).data ?? text;
    if (type === 'array') return text.split(',').flatMap((part) => part.trim() || []);
  }
  return text;
}

function put(root: Record<string, unknown>, path: readonly (string | number)[], value: unknown) {
  let holder: Record<string, unknown> | unknown[] = root;
  for (const [index, key] of path.entries()) {
    if (Array.isArray(holder) && Number(key) > holder.length) {
      return `в списке ${holder.length} записей: следующая имеет номер ${holder.length}`;
    }
    const target = holder as Record<string | number, unknown>;
    if (index === path.length - 1) {
      target[key] = value;
      return undefined;
    }
    const inner = target[key];
    if (isRecord(inner) || Array.isArray(inner)) {
      holder = inner;
    } else if (inner === undefined || inner === null) {
      holder = typeof path[index + 1] === 'number' ? [] : {};
      target[key] = holder;
    } else {
      return 'в файле настроек на этом месте не раздел: исправьте файл';
    }
  }
  return undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
